/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words for numbers; see names.h. */
#include "names.h"

#include <string.h>
#include <sys/syscall.h>

#include "syscall_names.h" /* made from the compiler's headers */

/* Calls of the table that some machines (arm64) do not have. */
#define ABSENT -1
#ifndef __NR_accept
#define __NR_accept ABSENT
#endif
#ifndef __NR_select
#define __NR_select ABSENT
#endif
#ifndef __NR_poll
#define __NR_poll ABSENT
#endif
#ifndef __NR_epoll_wait
#define __NR_epoll_wait ABSENT
#endif
#ifndef __NR_epoll_pwait2
#define __NR_epoll_pwait2 441
#endif
#ifndef __NR_pause
#define __NR_pause ABSENT
#endif
#ifndef __NR_fork
#define __NR_fork ABSENT
#endif
#ifndef __NR_vfork
#define __NR_vfork ABSENT
#endif
#ifndef __NR_open
#define __NR_open ABSENT
#endif
#ifndef __NR_creat
#define __NR_creat ABSENT
#endif
#ifndef __NR_pipe
#define __NR_pipe ABSENT
#endif
#ifndef __NR_eventfd
#define __NR_eventfd ABSENT
#endif
#ifndef __NR_signalfd
#define __NR_signalfd ABSENT
#endif
#ifndef __NR_epoll_create
#define __NR_epoll_create ABSENT
#endif
#ifndef __NR_inotify_init
#define __NR_inotify_init ABSENT
#endif
#ifndef __NR_dup2
#define __NR_dup2 ABSENT
#endif
#define __NR_compat ABSENT

struct row {
	const char *name;
	int nr;
	unsigned flags;
	unsigned char family, sleep;
};

enum {
#define X(id, word, sleep) SLEEP_OF_##id = STATE_##sleep,
	IOTRACE_FAMILIES(X)
#undef X
};

static const struct row rows[CALL_COUNT] = {
#define CALL(name, family, fdarg, asked, flags)                                                    \
	{#name, __NR_##name, flags, FAMILY_##family,                                               \
	 (flags)&CF_BLOCKS ? (unsigned char)STATE_BLOCKED : (unsigned char)SLEEP_OF_##family},
	IOTRACE_CALLS(CALL)
#undef CALL
};

#define WORD(id, word, ...) word,
static const char *const states[STATE_COUNT] = {IOTRACE_STATES(WORD)};
static const char *const segments[SEG_COUNT] = {IOTRACE_SEGMENTS(WORD)};
static const char *const copy_sources[COPY_SRC_COUNT] = {IOTRACE_COPY_SOURCES(WORD)};
static const char *const families[FAMILY_COUNT] = {IOTRACE_FAMILIES(WORD)};
static const char *const fd_kinds[FDK_COUNT] = {IOTRACE_FD_KINDS(WORD)};
static const char *const loss_causes[LOSS_CAUSES] = {
#define X(id, word) [LOSS_##id] = word,
	IOTRACE_LOSS_CAUSES(X)
#undef X
};

#define LOOK(table, i, n) ((unsigned)(i) < (n) && (table)[i] ? (table)[i] : "?")

const char *state_name(enum state s)
{
	return LOOK(states, s, (unsigned)STATE_COUNT);
}

char state_letter(enum state s)
{
#define X(id, word, letter, glyph, oncpu) letter,
	static const char letters[STATE_COUNT] = {IOTRACE_STATES(X)};
#undef X
	return (unsigned)s < STATE_COUNT ? letters[s] : '?';
}

const char *state_glyph(enum state s)
{
#define X(id, word, letter, glyph, oncpu) glyph,
	static const char *const glyphs[STATE_COUNT] = {IOTRACE_STATES(X)};
#undef X
	return (unsigned)s < STATE_COUNT ? glyphs[s] : "?";
}

enum state state_shown(int slot)
{
	if (slot < 0 || slot >= STATE_SLOTS)
		return STATE_UNKNOWN;
	return slot < (int)STATE_COUNT ? (enum state)slot : STATE_RUNNABLE;
}

const char *segment_name(enum segment s)
{
	return LOOK(segments, s, (unsigned)SEG_COUNT);
}

const char *copy_src_name(enum copy_src c)
{
	return LOOK(copy_sources, c, (unsigned)COPY_SRC_COUNT);
}

const char *fd_kind_name(enum fd_kind k)
{
	return LOOK(fd_kinds, k, (unsigned)FDK_COUNT);
}

const char *family_name(enum family f)
{
	return LOOK(families, f, (unsigned)FAMILY_COUNT);
}

const char *loss_cause_name(enum loss_cause c)
{
	return LOOK(loss_causes, c, (unsigned)LOSS_CAUSES);
}

const char *call_name(unsigned call)
{
	return call < CALL_COUNT ? rows[call].name : "?";
}

enum family call_family(unsigned call)
{
	return call < CALL_COUNT ? (enum family)rows[call].family : FAMILY_OTHER;
}

unsigned call_flags(unsigned call)
{
	return call < CALL_COUNT ? rows[call].flags : 0;
}

enum state call_sleep_state(unsigned call)
{
	return call < CALL_COUNT ? (enum state)rows[call].sleep : STATE_BLOCKED;
}

int call_nr(unsigned call)
{
	return call < CALL_COUNT ? rows[call].nr : -1;
}

const char *syscall_nr_name(int nr)
{
	static const char *const names[] = {SYSCALL_NAMES};

	if (nr < 0 || (size_t)nr >= sizeof(names) / sizeof(names[0]))
		return NULL;
	return names[nr];
}

/* The names of errno that system calls return; include/uapi/asm-generic/errno*.h. */
/* clang-format off */
#define ERRNOS(X) \
	X(1, "EPERM") X(2, "ENOENT") X(3, "ESRCH") X(4, "EINTR") X(5, "EIO") X(6, "ENXIO") \
	X(7, "E2BIG") X(8, "ENOEXEC") X(9, "EBADF") X(10, "ECHILD") X(11, "EAGAIN") \
	X(12, "ENOMEM") X(13, "EACCES") X(14, "EFAULT") X(15, "ENOTBLK") X(16, "EBUSY") \
	X(17, "EEXIST") X(18, "EXDEV") X(19, "ENODEV") X(20, "ENOTDIR") X(21, "EISDIR") \
	X(22, "EINVAL") X(23, "ENFILE") X(24, "EMFILE") X(25, "ENOTTY") X(26, "ETXTBSY") \
	X(27, "EFBIG") X(28, "ENOSPC") X(29, "ESPIPE") X(30, "EROFS") X(31, "EMLINK") \
	X(32, "EPIPE") X(33, "EDOM") X(34, "ERANGE") X(35, "EDEADLK") X(36, "ENAMETOOLONG") \
	X(37, "ENOLCK") X(38, "ENOSYS") X(39, "ENOTEMPTY") X(40, "ELOOP") X(42, "ENOMSG") \
	X(61, "ENODATA") X(62, "ETIME") X(67, "ENOLINK") X(71, "EPROTO") X(74, "EBADMSG") \
	X(75, "EOVERFLOW") X(84, "EILSEQ") X(87, "EUSERS") X(88, "ENOTSOCK") \
	X(89, "EDESTADDRREQ") X(90, "EMSGSIZE") X(91, "EPROTOTYPE") X(92, "ENOPROTOOPT") \
	X(93, "EPROTONOSUPPORT") X(94, "ESOCKTNOSUPPORT") X(95, "EOPNOTSUPP") \
	X(96, "EPFNOSUPPORT") X(97, "EAFNOSUPPORT") X(98, "EADDRINUSE") X(99, "EADDRNOTAVAIL") \
	X(100, "ENETDOWN") X(101, "ENETUNREACH") X(102, "ENETRESET") X(103, "ECONNABORTED") \
	X(104, "ECONNRESET") X(105, "ENOBUFS") X(106, "EISCONN") X(107, "ENOTCONN") \
	X(108, "ESHUTDOWN") X(109, "ETOOMANYREFS") X(110, "ETIMEDOUT") X(111, "ECONNREFUSED") \
	X(112, "EHOSTDOWN") X(113, "EHOSTUNREACH") X(114, "EALREADY") X(115, "EINPROGRESS") \
	X(116, "ESTALE") X(122, "EDQUOT") X(125, "ECANCELED") X(130, "EOWNERDEAD") \
	X(131, "ENOTRECOVERABLE") X(512, "ERESTARTSYS") X(513, "ERESTARTNOINTR") \
	X(514, "ERESTARTNOHAND") \
	X(516, "ERESTART_RESTARTBLOCK")
/* clang-format on */

static const struct {
	int err;
	const char *name;
} errnos[] = {
#define X(n, word) {n, word},
	ERRNOS(X)
#undef X
};
#define N_ERRNOS (sizeof(errnos) / sizeof(errnos[0]))

const char *errno_name(int err)
{
	for (size_t i = 0; i < N_ERRNOS; i++)
		if (errnos[i].err == err)
			return errnos[i].name;
	return NULL;
}

static bool same(struct text a, const char *b)
{
	return b && strlen(b) == a.len && !memcmp(a.p, b, a.len);
}

static int find(struct text word, const char *const *table, int n)
{
	for (int i = 0; i < n; i++)
		if (same(word, table[i]))
			return i;
	return -1;
}

int state_by_name(struct text word)
{
	return find(word, states, STATE_COUNT);
}

int segment_by_name(struct text word)
{
	return find(word, segments, SEG_COUNT);
}

int copy_src_by_name(struct text word)
{
	return find(word, copy_sources, COPY_SRC_COUNT);
}

int fd_kind_by_name(struct text word)
{
	return find(word, fd_kinds, FDK_COUNT);
}

int family_by_name(struct text word)
{
	return find(word, families, FAMILY_COUNT);
}

int loss_cause_by_name(struct text word)
{
	return find(word, loss_causes, LOSS_CAUSES);
}

int call_by_name(struct text word)
{
	for (int i = 0; i < CALL_COUNT; i++)
		if (same(word, rows[i].name))
			return i;
	return -1;
}

int errno_by_name(struct text word)
{
	for (size_t i = 0; i < N_ERRNOS; i++)
		if (same(word, errnos[i].name))
			return errnos[i].err;
	return -1;
}

/* Length of the valid UTF-8 sequence at p (RFC 3629), 0: none. */
static size_t utf8_len(const unsigned char *p, size_t left)
{
	static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = p[0] < 0x80	 ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;
	unsigned c;

	if (n < 2 || n > left)
		return n == 1 ? 1 : 0;
	c = p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	/* C1 controls and the marks that turn the direction of writing */
	if (c < 0xa0 || (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return 0;
	return n;
}

size_t text_escape(char *dst, size_t size, const char *src, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *s = (const unsigned char *)src;
	size_t out = 0;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(s + i, len - i);

		if (n == 1 && s[i] == '\\') {
			if (out + 2 >= size)
				break;
			dst[out++] = '\\';
			dst[out++] = '\\';
			i++;
		} else if (n > 1 || (n == 1 && s[i] >= 0x20 && s[i] != 0x7f)) {
			if (out + n >= size)
				break;
			memcpy(dst + out, s + i, n);
			out += n;
			i += n;
		} else {
			if (out + 4 >= size)
				break;
			dst[out++] = '\\';
			dst[out++] = 'x';
			dst[out++] = hex[s[i] >> 4];
			dst[out++] = hex[s[i] & 15];
			i++;
		}
	}
	if (size)
		dst[out] = 0;
	return out;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t text_unescape(char *dst, size_t size, const char *src, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len && out < size; i++) {
		if (src[i] == '\\' && i + 3 < len && src[i + 1] == 'x' &&
		    hex_digit(src[i + 2]) >= 0 && hex_digit(src[i + 3]) >= 0) {
			dst[out++] = (char)(hex_digit(src[i + 2]) << 4 | hex_digit(src[i + 3]));
			i += 3;
		} else if (src[i] == '\\' && i + 1 < len && src[i + 1] == '\\') {
			dst[out++] = '\\';
			i++;
		} else {
			dst[out++] = src[i];
		}
	}
	return out;
}
