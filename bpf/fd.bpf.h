/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Descriptors: what a number stands for, told once, at its first use.
 *
 * `known_fds` holds what was told, by (descriptor table, number); close, dup2,
 * exec and every call that returns that number anew forget it.  A small cache
 * in the task's state saves the look-up; `fd_stamp` empties all caches at once.
 */
#ifndef IOTRACE_FD_BPF_H
#define IOTRACE_FD_BPF_H

#define PIPEFS_MAGIC	 0x50495045
#define ANON_INODE_MAGIC 0x09041934
#define PIDFS_MAGIC	 0x50494446
#define S_IFMT		 0170000
#define S_IFSOCK	 0140000
#define S_IFREG		 0100000
#define S_IFBLK		 0060000
#define S_IFDIR		 0040000
#define S_IFCHR		 0020000
#define S_IFIFO		 0010000
#define O_NONBLOCK	 04000
#if defined(__TARGET_ARCH_arm64)
#define O_DIRECT 0200000
#else
#define O_DIRECT 040000
#endif
#define AF_UNIX		1
#define AF_INET		2
#define AF_INET6	10
#define SOCK_STREAM	1
#define IPPROTO_TCP	6
#define IPPROTO_UDP	17
#define CLOSE_RANGE_MAX 1024 /* numbers forgotten one by one */

struct fd_key {
	u32 files;
	u32 fd;
};
struct fd_known {
	u32 o_flags;
	u32 kind;
	u32 flags_stamp;
	u32 unbound; /* a UDP socket without a port: its first sendto gives it one */
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct fd_key);
	__type(value, struct fd_known);
} known_fds SEC(".maps");

__u32 fd_stamp = 1;
/* Grows when the flags of any open file change: they are read anew then. */
__u32 flags_stamp = 1;

struct fd_scratch {
	struct rec_fd rec;
	char name[REC_PATH_BYTES + 256];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct fd_scratch);
} fd_scratch SEC(".maps");

/* Append one NUL-ended part of at most 255 bytes. False: full. */
static __always_inline bool name_put(struct fd_scratch *s, const void *src)
{
	u32 at = s->rec.name_bytes;
	long n;

	if (at >= REC_PATH_BYTES)
		return false;
	n = bpf_probe_read_kernel_str(&s->name[at], 256, src);
	if (n <= 0)
		return false;
	s->rec.name_bytes = at + n;
	s->rec.names++;
	return true;
}

/* The path of a file, from its last part up, over mount points (32 at most). */
static __noinline int path_put(struct fd_scratch *s, struct file *file)
{
	struct dentry *dentry, *parent;
	struct vfsmount *vfs;
	struct mount *mnt, *up;
	int i;

	if (!s || !file)
		return 0;
	dentry = BPF_CORE_READ(file, f_path.dentry);
	vfs = BPF_CORE_READ(file, f_path.mnt);
	mnt = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	for (i = 0; i < REC_PATH_NAMES; i++) {
		if (dentry == BPF_CORE_READ(vfs, mnt_root)) {
			up = BPF_CORE_READ(mnt, mnt_parent);
			if (up == mnt)
				return 0;
			dentry = BPF_CORE_READ(mnt, mnt_mountpoint);
			mnt = up;
			vfs = (void *)mnt + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry)
			return 0; /* outside of every mount: unlinked tree, memfd */
		if (!name_put(s, BPF_CORE_READ(dentry, d_name.name)))
			break;
		dentry = parent;
	}
	s->rec.partial = 1;
	return 0;
}

static __always_inline void sock_put(struct fd_scratch *s, struct file *file)
{
	struct socket *sock = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(sock, sk);
	struct rec_fd *r = &s->rec;
	u16 type = BPF_CORE_READ(sock, type);
	struct unix_address *addr;
	int len;

	r->kind = FDK_SOCKET;
	if (!sk)
		return;
	r->sk_family = BPF_CORE_READ(sk, __sk_common.skc_family);
	r->sk_type = type;
	r->sk_protocol = BPF_CORE_READ(sk, sk_protocol);
	if (r->sk_family == AF_UNIX) {
		r->kind = type == SOCK_STREAM ? FDK_UNIX_STREAM : FDK_UNIX_DGRAM;
		addr = BPF_CORE_READ((struct unix_sock *)sk, addr);
		if (!addr)
			return;
		len = BPF_CORE_READ(addr, len) - 2;
		if (len <= 0 || len > REC_ADDR)
			return;
		if (bpf_probe_read_kernel(s->name, len & 127, (void *)addr->name + 2))
			return;
		s->name[len & 127] = 0;
		r->name_bytes = len + 1;
		r->names = 1;
		return;
	}
	if (r->sk_family != AF_INET && r->sk_family != AF_INET6)
		return;
	if (r->sk_protocol == IPPROTO_TCP)
		r->kind = FDK_TCP;
	else if (r->sk_protocol == IPPROTO_UDP)
		r->kind = FDK_UDP;
	r->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
	r->rport = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (r->sk_family == AF_INET) {
		BPF_CORE_READ_INTO((u32 *)r->laddr, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((u32 *)r->raddr, sk, __sk_common.skc_daddr);
		return;
	}
	BPF_CORE_READ_INTO(&r->laddr, sk, __sk_common.skc_v6_rcv_saddr);
	BPF_CORE_READ_INTO(&r->raddr, sk, __sk_common.skc_v6_daddr);
}

/* "[eventpoll]" and its kin: anonymous files are told apart by their name. */
static __always_inline u8 anon_kind(const char *name)
{
	char c[12] = {};

	bpf_probe_read_kernel(c, sizeof(c), name);
	/* the bracket is missing in "inotify" */
	if (c[0] == 'i' && c[1] == 'n' && c[2] == 'o')
		return FDK_INOTIFY;
	if (c[0] != '[')
		return FDK_ANON;
	if (c[1] == 'e' && c[5] == 't' && c[6] == 'f')
		return FDK_EVENTFD;
	if (c[1] == 'e' && c[5] == 't' && c[6] == 'p')
		return FDK_EPOLL;
	if (c[1] == 't' && c[2] == 'i' && c[6] == 'f')
		return FDK_TIMERFD;
	if (c[1] == 's' && c[2] == 'i' && c[7] == 'f')
		return FDK_SIGNALFD;
	if (c[1] == 'i' && c[2] == 'o' && c[3] == '_' && c[4] == 'u')
		return FDK_URING;
	return FDK_ANON;
}

static __always_inline void kind_put(struct fd_scratch *s, struct file *file, struct inode *inode)
{
	struct rec_fd *r = &s->rec;
	unsigned long magic = BPF_CORE_READ(inode, i_sb, s_magic);
	const unsigned char *leaf = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	u32 major;

	switch (r->mode & S_IFMT) {
	case S_IFSOCK:
		sock_put(s, file);
		return;
	case S_IFIFO:
		r->kind = magic == PIPEFS_MAGIC ? FDK_PIPE : FDK_FIFO;
		if (r->kind == FDK_PIPE)
			return;
		break;
	case S_IFCHR:
		major = BPF_CORE_READ(inode, i_rdev) >> 20;
		r->kind = major == 4 || major == 5 || (major >= 136 && major <= 143) ? FDK_TTY
										     : FDK_CHR;
		break;
	case S_IFBLK:
		r->kind = FDK_BLK;
		break;
	case S_IFDIR:
		r->kind = FDK_DIR;
		break;
	case S_IFREG:
		r->kind = FDK_FILE;
		break;
	default:
		r->kind = FDK_ANON;
	}
	if (magic == PIDFS_MAGIC) {
		/* its dentry has no name; since 6.9 (commit cb12fd8e0dab) it is no anon inode */
		__builtin_memcpy(s->name, "[pidfd]", 8);
		r->name_bytes = 8;
		r->names = 1;
		r->kind = FDK_ANON;
		return;
	}
	if (magic == ANON_INODE_MAGIC) {
		r->kind = anon_kind((const char *)leaf);
		name_put(s, leaf);
		return;
	}
	path_put(s, file);
	if (!r->names && !r->partial)
		name_put(s, leaf); /* a root, or a file without a place: memfd */
}

/* Tell what `file` is under number `fd` of `st`'s table. 0 when told. */
static __noinline int fd_tell(struct task_state *st, struct file *file, u32 fd)
{
	struct fd_known known = {};
	struct fd_key key = {};
	struct fd_scratch *s;
	struct inode *inode;
	u32 zero = 0, len;
	u64 now;

	if (!st || !file)
		return 1;
	s = bpf_map_lookup_elem(&fd_scratch, &zero);
	if (!s)
		return 1;
	now = bpf_ktime_get_ns();
	COUNT(PC_FD, seen);
	__builtin_memset(&s->rec, 0, sizeof(s->rec));
	head_fill(&s->rec.head, st, REC_FD, now);
	inode = BPF_CORE_READ(file, f_inode);
	s->rec.files = st->files;
	s->rec.fd = fd;
	s->rec.op = FDOP_IS;
	s->rec.o_flags = BPF_CORE_READ(file, f_flags);
	s->rec.ino = BPF_CORE_READ(inode, i_ino);
	s->rec.mode = BPF_CORE_READ(inode, i_mode);
	kind_put(s, file, inode);
	known.o_flags = s->rec.o_flags;
	known.kind = s->rec.kind;
	known.flags_stamp = flags_stamp;
	known.unbound = s->rec.kind == FDK_UDP && !s->rec.lport;
	len = sizeof(struct rec_fd) + s->rec.name_bytes;
	if (len > sizeof(struct fd_scratch))
		len = sizeof(struct fd_scratch);
	if ((st->lost_since_ns && loss_report(st, now)) ||
	    bpf_ringbuf_output(&ring, s, len, BPF_RB_NO_WAKEUP)) {
		loss_note(st, PC_FD, now, 0, 1);
		return 1;
	}
	COUNT(PC_FD, submitted);
	key.files = st->files;
	key.fd = fd;
	bpf_map_update_elem(&known_fds, &key, &known, BPF_ANY);
	return 0;
}

/* The file behind number `fd` of `task`, NULL when there is none. */
static __always_inline struct file *fd_file(struct task_struct *task, u32 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **slot = BPF_CORE_READ(fdt, fd), *file = NULL;

	if (!slot || fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), slot + fd);
	return file;
}

/* It was unbound when it was told, and has a port now. */
static __always_inline bool fd_bound_since(const struct fd_known *k, struct file *file)
{
	struct socket *sock;

	if (!k->unbound)
		return false;
	sock = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(sock, sk, __sk_common.skc_num) != 0;
}

static __noinline int fd_learn(struct task_state *st, struct task_struct *task, u32 fd)
{
	struct fd_key key = {};
	struct fd_known *k;
	struct fd_cached *c;

	if (!st || !task)
		return 0;
	key.files = st->files;
	key.fd = fd;
	k = bpf_map_lookup_elem(&known_fds, &key);
	if (!k || k->flags_stamp != flags_stamp || k->unbound) {
		struct file *file = fd_file(task, fd);

		if (!file)
			return 0;
		if (k && k->o_flags == BPF_CORE_READ(file, f_flags) && !fd_bound_since(k, file)) {
			k->flags_stamp = flags_stamp;
		} else {
			if (fd_tell(st, file, fd))
				return 0;
			k = bpf_map_lookup_elem(&known_fds, &key);
			if (!k)
				return 0;
		}
	}
	c = &st->fdc[fd & (FD_CACHE - 1)];
	c->fd = k->unbound ? 0 : fd + 1;
	c->stamp = fd_stamp + flags_stamp; /* either one empties the caches */
	c->o_flags = k->o_flags;
	c->kind = k->kind;
	st->o_flags = k->o_flags;
	st->fd_kind = k->kind;
	return 0;
}

/* Make sure that the descriptor of the call in progress has been told. */
static __always_inline void fd_use(struct task_state *st, struct task_struct *task, u32 fd)
{
	struct fd_cached *c = &st->fdc[fd & (FD_CACHE - 1)];

	if (c->fd == (s32)(fd + 1) && c->stamp == fd_stamp + flags_stamp) {
		st->o_flags = c->o_flags;
		st->fd_kind = c->kind;
		return;
	}
	st->o_flags = 0;
	st->fd_kind = FDK_UNKNOWN;
	if ((s32)fd >= 0)
		fd_learn(st, task, fd);
}

/* What was known of `fd` no longer holds. True if anything was. */
static __always_inline bool fd_forget(struct task_state *st, u32 fd)
{
	struct fd_key key = {.files = st->files, .fd = fd};
	struct fd_cached *c = &st->fdc[fd & (FD_CACHE - 1)];
	bool cached = c->fd == (s32)(fd + 1);

	if (cached)
		c->fd = 0;
	/* the map may have thrown out what a cache still holds */
	if (bpf_map_delete_elem(&known_fds, &key) && !cached)
		return false;
	fd_stamp++;
	return true;
}

static __noinline int fd_closed(struct task_state *st, u32 fd, u32 last, u32 op)
{
	struct rec_fd *r;
	u64 now;

	if (!st)
		return 0;
	now = bpf_ktime_get_ns();
	COUNT(PC_FD, seen);
	r = rec_reserve(st, sizeof(*r), PC_FD, now, now);
	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	head_fill(&r->head, st, REC_FD, now);
	r->files = st->files;
	r->fd = fd;
	r->last = last;
	r->op = op;
	rec_submit(r);
	return 0;
}

/* The current thread has a descriptor table of its own from now on. */
static __always_inline void fd_unshared(struct task_state *st)
{
	st->files = files_new();
	__builtin_memset(st->fdc, 0, sizeof(st->fdc));
	task_announce(st, bpf_get_current_task_btf(), TASK_FILES, bpf_ktime_get_ns());
}

#define EBADF		    9
#define CLONE_FILES	    0x400
#define CLOSE_RANGE_UNSHARE 2
#define CLOSE_RANGE_CLOEXEC 4
#define FCNTL_DUPFD	    0
#define FCNTL_SETFL	    4
#define FCNTL_DUPFD_CLOEXEC 1030
#define IOCTL_FIONBIO	    0x5421
#define IOCTL_FIOASYNC	    0x5452

/* close_range(2): close, mark close-on-exec, or leave a shared table first. */
static __noinline int fd_range_closed(struct task_state *st, u32 first, u32 last, u32 how)
{
	u32 i;

	if (!st)
		return 0;
	if (how & CLOSE_RANGE_UNSHARE)
		fd_unshared(st);
	if (how & CLOSE_RANGE_CLOEXEC)
		return 0;
	for (i = 0; i < CLOSE_RANGE_MAX; i++) {
		if (first + i > last)
			break;
		fd_forget(st, first + i);
	}
	fd_closed(st, first, last, FDOP_RANGE);
	return 0;
}

/* After a call that changes the table: forget what it changed. */
static __noinline int fd_table_changed(struct task_state *st, u32 flags, s64 ret, const u64 *arg)
{
	u64 arg0, arg1;

	if (!st || !arg)
		return 0;
	arg0 = arg[0];
	arg1 = arg[1];
	if (flags & CF_CHANGES) {
		fd_forget(st, arg0); /* connect in progress has its addresses too */
		return 0;
	}
	/* whatever else it says, close has closed (fs/open.c) */
	if (flags & CF_CLOSES && ret != -EBADF && fd_forget(st, arg0))
		fd_closed(st, arg0, arg0, FDOP_CLOSE);
	if (ret < 0)
		return 0;
	if (flags & CF_OPENS)
		fd_forget(st, ret);
	if (flags & CF_DUP2)
		fd_forget(st, arg1);
	if (flags & CF_FCNTL) {
		if (arg1 == FCNTL_SETFL)
			flags_stamp++; /* of every number for this open file */
		else if (arg1 == FCNTL_DUPFD || arg1 == FCNTL_DUPFD_CLOEXEC)
			fd_forget(st, ret);
	}
	if (flags & CF_IOCTL && ((u32)arg1 == IOCTL_FIONBIO || (u32)arg1 == IOCTL_FIOASYNC))
		flags_stamp++;
	if (flags & CF_UNSHARE && arg0 & CLONE_FILES)
		fd_unshared(st);
	if (flags & CF_RANGE)
		fd_range_closed(st, arg0, arg1, arg[2]);
	return 0;
}

#endif
