/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The odd calls: those whose beginning and end do not simply belong together.
 * Each case does one kind of them and prints what really happened.
 *
 * usage: odd [--wait-stdin] CASE
 * A child that only sends signals or bytes is a helper, not part of the truth.
 */
#include "prog.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define READS_LEADER	7
#define READS_BEFORE	30
#define READS_AFTER	50
#define THREADS		20
#define READS_IN_THREAD 3
#define REFUSED		10
#define HANDLED		1000
#define INT80_CALLS	10

static int zero_fd = -1;

static void read_zero(int times)
{
	char c[8];

	for (int i = 0; i < times; i++)
		if (read(zero_fd, c, sizeof(c)) != sizeof(c))
			die("/dev/zero");
}

static void on_signal(int sig)
{
	(void)sig;
}

static void handle(int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = {.sa_handler = handler, .sa_flags = flags};

	must(sigaction(sig, &sa, NULL), "sigaction");
}

static void truth_begin(struct truth *t, const char *name)
{
	truth_add(t, "{\"prog\":\"odd\",\"case\":\"%s\",\"pid\":%d,\"zero_fd\":%d", name, getpid(),
		  zero_fd);
}

static void truth_times(struct truth *t, uint64_t begin, uint64_t end)
{
	truth_add(t, ",\"begin_ns\":%llu,\"end_ns\":%llu", (unsigned long long)begin,
		  (unsigned long long)end);
}

static void truth_end(struct truth *t)
{
	truth_add(t, "}");
	truth_print(t);
}

/* --- a read that signals interrupt twice, and that goes on or gives up --- */

static void interrupted_read(const char *name, int flags, int signals)
{
	struct truth t = {.len = 0};
	char buf[64] = {0};
	uint64_t begin, end;
	long ret;
	int fds[2];
	pid_t helper;

	must(pipe(fds), "pipe");
	handle(SIGUSR1, on_signal, flags);
	helper = (pid_t)must(fork(), "fork");
	if (helper == 0) {
		for (int i = 0; i < signals; i++) {
			sleep_ms(60);
			kill(getppid(), SIGUSR1);
		}
		sleep_ms(80);
		_exit(write(fds[1], buf, sizeof(buf)) != sizeof(buf));
	}
	begin = now_ns();
	ret = read(fds[0], buf, sizeof(buf));
	end = now_ns();
	if (ret < 0)
		ret = -errno;
	waitpid(helper, NULL, 0);
	truth_begin(&t, name);
	truth_times(&t, begin, end);
	truth_add(&t, ",\"fd\":%d,\"signals\":%d,\"ret\":%ld", fds[0], signals, ret);
	truth_end(&t);
}

static void case_restart_read(void)
{
	interrupted_read("restart-read", SA_RESTART, 2);
}

static void case_eintr_read(void)
{
	interrupted_read("eintr-read", 0, 1);
}

/* --- a handler that does the same call on the same descriptor --- */

static int handler_fd = -1;

static void read_same_fd(int sig)
{
	char c;
	(void)sig;

	must(fcntl(handler_fd, F_SETFL, O_NONBLOCK), "F_SETFL");
	if (read(handler_fd, &c, 1) != -1 || errno != EAGAIN)
		_exit(95);
	must(fcntl(handler_fd, F_SETFL, 0), "F_SETFL");
}

static void case_handler_read(void)
{
	struct truth t = {.len = 0};
	int fds[2];
	char c = 0;

	must(pipe(fds), "pipe");
	handler_fd = fds[0];
	handle(SIGUSR1, read_same_fd, SA_RESTART);
	if (must(fork(), "fork") == 0) {
		sleep_ms(60);
		kill(getppid(), SIGUSR1);
		sleep_ms(60);
		_exit(write(fds[1], &c, 1) != 1);
	}
	must(read(fds[0], &c, 1), "read");
	wait(NULL);
	truth_begin(&t, "handler-read");
	truth_add(&t, ",\"fd\":%d", fds[0]);
	truth_end(&t);
}

/* The handler never returns: the same read later is a call of its own. */
static sigjmp_buf away;

static void jump(int sig)
{
	(void)sig;
	siglongjmp(away, 1);
}

static void case_longjmp(void)
{
	struct truth t = {.len = 0};
	int fds[2];
	char c = 0;

	must(pipe(fds), "pipe");
	handle(SIGUSR1, jump, SA_RESTART);
	if (must(fork(), "fork") == 0) {
		sleep_ms(60);
		kill(getppid(), SIGUSR1);
		sleep_ms(100);
		_exit(write(fds[1], &c, 1) != 1);
	}
	if (!sigsetjmp(away, 1))
		must(read(fds[0], &c, 1), "read");
	must(read(fds[0], &c, 1), "read");
	wait(NULL);
	truth_begin(&t, "longjmp");
	truth_add(&t, ",\"fd\":%d", fds[0]);
	truth_end(&t);
}

/* A stop in the middle of nanosleep: it goes on by restart_syscall. */
static void case_restart_sleep(void)
{
	struct timespec t200 = {0, 200000000};
	struct truth t = {.len = 0};
	uint64_t begin, end;
	pid_t helper = (pid_t)must(fork(), "fork");
	long ret;

	if (helper == 0) {
		sleep_ms(60);
		kill(getppid(), SIGSTOP);
		sleep_ms(60);
		kill(getppid(), SIGCONT);
		_exit(0);
	}
	begin = now_ns();
	ret = syscall(SYS_nanosleep, &t200, NULL);
	end = now_ns();
	waitpid(helper, NULL, 0);
	truth_begin(&t, "restart-sleep");
	truth_times(&t, begin, end);
	truth_add(&t, ",\"ret\":%ld", ret);
	truth_end(&t);
}

/* --- calls that end without having begun, or begin without an end --- */

static void case_seccomp(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fdatasync, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	struct truth t = {.len = 0};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), "seccomp");
	for (int i = 0; i < REFUSED; i++) {
		read_zero(1);
		if (fdatasync(zero_fd) != -1 || errno != EPERM)
			die("fdatasync was not refused");
	}
	truth_begin(&t, "seccomp");
	truth_add(&t, ",\"refused\":%d,\"reads\":%d", REFUSED, REFUSED);
	truth_end(&t);
}

static void read_in_handler(int sig)
{
	(void)sig;
	read_zero(1);
}

/* Each handler ends with rt_sigreturn. */
static void case_handlers(void)
{
	struct truth t = {.len = 0};

	handle(SIGUSR1, read_in_handler, 0);
	for (int i = 0; i < HANDLED; i++)
		raise(SIGUSR1);
	truth_begin(&t, "handlers");
	truth_add(&t, ",\"reads\":%d", HANDLED);
	truth_end(&t);
}

/* Says the truth first: it does not live to say it afterwards. */
static void case_killed(void)
{
	struct truth t = {.len = 0};
	pid_t me = getpid();
	char c;
	int fds[2];

	must(pipe(fds), "pipe");
	truth_begin(&t, "killed");
	truth_add(&t, ",\"fd\":%d", fds[0]);
	truth_times(&t, now_ns(), 0);
	truth_end(&t);
	if (must(fork(), "fork") == 0) {
		sleep_ms(150);
		kill(me, SIGKILL);
		_exit(0);
	}
	must(read(fds[0], &c, 1), "read");
}

/* --- threads: born, replaced --- */

static void *newborn(void *arg)
{
	int *tid = arg;

	read_zero(READS_IN_THREAD);
	*tid = tid_now();
	return NULL;
}

static void case_threads(void)
{
	struct truth t = {.len = 0};
	pthread_t thread[THREADS];
	int tids[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, newborn, &tids[i]))
			die("pthread_create");
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	truth_begin(&t, "threads");
	truth_add(&t, ",\"reads\":%d,\"tids\":[", READS_IN_THREAD);
	for (int i = 0; i < THREADS; i++)
		truth_add(&t, "%s%d", i ? "," : "", tids[i]);
	truth_add(&t, "]");
	truth_end(&t);
}

static void *exec_from_here(void *arg)
{
	char old_tid[32];
	char *argv[] = {(char *)"odd", (char *)"after-exec", old_tid, NULL};

	(void)arg;
	read_zero(READS_BEFORE);
	snprintf(old_tid, sizeof(old_tid), "%d", tid_now());
	execv("/proc/self/exe", argv);
	die("execv");
}

static void case_exec_thread(void)
{
	pthread_t thread;

	read_zero(READS_LEADER);
	if (pthread_create(&thread, NULL, exec_from_here, NULL))
		die("pthread_create");
	pthread_join(thread, NULL);
}

static void after_exec(const char *old_tid)
{
	struct truth t = {.len = 0};

	read_zero(READS_AFTER);
	truth_begin(&t, "exec-thread");
	truth_add(&t, ",\"old_tid\":%d,\"tid\":%d", atoi(old_tid), tid_now());
	truth_add(&t, ",\"leader\":%d,\"before\":%d,\"after\":%d", READS_LEADER, READS_BEFORE,
		  READS_AFTER);
	truth_end(&t);
}

static void case_vfork(void)
{
	struct truth t = {.len = 0};
	uint64_t begin = now_ns(), end;
	pid_t child = vfork();

	if (child == 0) {
		sleep_ms(150);
		_exit(0);
	}
	end = now_ns();
	must(child, "vfork");
	waitpid(child, NULL, 0);
	truth_begin(&t, "vfork");
	truth_times(&t, begin, end);
	truth_end(&t);
}

/* --- 32-bit calls: getpid is 20, which is writev here; write is 4, read is 3 --- */

#ifdef __x86_64__
static long int80(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "a"(nr), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static void no_int80(int sig)
{
	(void)sig;
	_exit(77);
}

static void case_int80(void)
{
	struct truth t = {.len = 0};
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	int null = (int)must(open("/dev/null", O_WRONLY), "/dev/null");

	if (low == MAP_FAILED)
		die("mmap");
	handle(SIGSEGV, no_int80, 0);
	for (int i = 0; i < INT80_CALLS; i++) {
		if (int80(20, 0, 0, 0) != getpid() || int80(4, null, (long)low, 16) != 16 ||
		    int80(3, zero_fd, (long)low, 16) != 16)
			die("int80");
		read_zero(1);
	}
	truth_begin(&t, "int80");
	truth_add(&t, ",\"null_fd\":%d,\"calls\":%d,\"reads\":%d", null, INT80_CALLS, INT80_CALLS);
	truth_end(&t);
}
#else
static void case_int80(void)
{
	_exit(77);
}
#endif

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{"restart-read", case_restart_read},
	{"eintr-read", case_eintr_read},
	{"restart-sleep", case_restart_sleep},
	{"handler-read", case_handler_read},
	{"longjmp", case_longjmp},
	{"seccomp", case_seccomp},
	{"handlers", case_handlers},
	{"killed", case_killed},
	{"threads", case_threads},
	{"exec-thread", case_exec_thread},
	{"vfork", case_vfork},
	{"int80", case_int80},
};

int main(int argc, char **argv)
{
	wait_for_go(&argc, &argv);
	zero_fd = (int)must(open("/dev/zero", O_RDONLY | O_CLOEXEC), "/dev/zero");
	if (argc == 3 && !strcmp(argv[1], "after-exec")) {
		after_exec(argv[2]);
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!strcmp(cases[i].name, argv[1])) {
			cases[i].run();
			return 0;
		}
	}
	return 2;
}
