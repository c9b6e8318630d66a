/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --check: what this machine can trace, what is missing, and how to get it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "capture.h"
#include "run.h"

static void line(const char *what, bool ok, const char *why)
{
	printf("  %-28s %-4s %s\n", what, ok ? "on" : "off", why);
}

static void check_lockdown(void)
{
	char buf[128] = "";
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	bool confidential;

	if (!f)
		return;
	if (!fgets(buf, sizeof(buf), f))
		buf[0] = 0;
	fclose(f);
	confidential = strstr(buf, "[confidentiality]") != NULL;
	line("reading kernel memory", !confidential,
	     confidential ? "kernel lockdown is at confidentiality; boot with lockdown=integrity"
			  : "");
}

static bool has_btf(void)
{
	FILE *f = fopen("/sys/kernel/btf/vmlinux", "re");
	bool some = f && fgetc(f) != EOF;

	if (f)
		fclose(f);
	return some;
}

int run_check(const struct options *o)
{
	struct capture_options co = {.buffer_bytes = 1 << 16, .verbose = o->verbose};
	bool btf = has_btf();
	const struct probe_info *p;
	struct capture *c;
	struct utsname u;
	unsigned n;
	int err;

	uname(&u);
	printf("iotrace %s on Linux %s (%s)%s\n", IOTRACE_VERSION, u.release, u.machine,
	       strstr(u.release, "icrosoft") ? ", WSL" : "");
	line("type information (BTF)", btf,
	     btf ? "" : "CONFIG_DEBUG_INFO_BTF is not set in this kernel");
	check_lockdown();
	err = capture_open(&co, &c);
	if (err) {
		line("BPF programs", false, capture_error());
		return 1;
	}
	line("BPF programs", true, "");
	p = capture_probes(c, &n);
	for (unsigned i = 0; i < n; i++)
		line(p[i].name, p[i].on, p[i].why);
	capture_free(c);
	puts("iotrace can trace here.");
	return 0;
}
