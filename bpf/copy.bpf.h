/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks of copies: optional tracepoints that bracket the moving of bytes.
 *
 *   skb_copy_datagram_iovec  just before each copy from a socket buffer
 *                            (net/core/datagram.c): TCP, AF_UNIX, netlink
 *   tcp_rcv_space_adjust     right after each copy of TCP (net/ipv4/tcp.c)
 *   consume_skb              the drained buffer is freed: after AF_UNIX, UDP
 *   sock_recv_length         the end of every recv (since 6.2)
 *   mm_filemap_get_pages     pages are there, the copy begins (since 6.12)
 *
 * All are used only inside a watched call of a traced thread; a copy done by
 * task work outside of calls belongs to no call.
 */
#ifndef IOTRACE_COPY_BPF_H
#define IOTRACE_COPY_BPF_H

static __always_inline struct task_state *copy_state(void)
{
	struct task_state *st;

	if (!tgid_maybe(bpf_get_current_pid_tgid() >> 32))
		return NULL;
	st = state_of_current();
	return st && st->in_call == CALL_WATCHED && !st->off ? st : NULL;
}

SEC("?tp_btf/skb_copy_datagram_iovec")
int BPF_PROG(on_skb_copy, const struct sk_buff *skb, int len)
{
	struct task_state *st = copy_state();

	if (!st)
		return 0;
	copy_begin(st, bpf_ktime_get_ns());
	st->skb = (u64)skb;
	return 0;
}

SEC("?tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_tcp_copied, struct sock *sk)
{
	struct task_state *st = copy_state();

	if (st && st->copying)
		copy_end(st, bpf_ktime_get_ns());
	return 0;
}

SEC("?tp_btf/consume_skb")
int BPF_PROG(on_consume_skb, struct sk_buff *skb)
{
	struct task_state *st = copy_state();

	/* interrupts free other buffers on this thread's back */
	if (st && st->copying && st->skb == (u64)skb)
		copy_end(st, bpf_ktime_get_ns());
	return 0;
}

SEC("?tp_btf/sock_recv_length")
int BPF_PROG(on_recv_done, struct sock *sk)
{
	struct task_state *st = copy_state();

	if (st && st->copying && st->skb)
		copy_end(st, bpf_ktime_get_ns());
	return 0;
}

SEC("?tp_btf/mm_filemap_get_pages")
int BPF_PROG(on_pages_ready)
{
	struct task_state *st = copy_state();

	if (st && classes[st->nr & (CLASS_SLOTS - 1)].flags & CF_COPY)
		copy_begin(st, bpf_ktime_get_ns());
	return 0;
}

#endif
