// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames as a driver has them, for measurements of XDP: made by a BPF program that the kernel runs
 * over pages of its own (BPF_F_TEST_XDP_LIVE_FRAMES), and sent to one end of a veth pair, whose
 * other end receives them without an sk_buff.
 *
 *	frames OBJECT swallow DEVICE
 *	frames OBJECT forward DEVICE OTHER
 *	frames OBJECT send DEVICE COUNT FLOWS MAC-TO MAC-FROM SOURCE DESTINATION SPORT DPORT
 *
 * swallow: whatever DEVICE receives is dropped by XDP, in its driver, from now on.
 * forward: it is sent by OTHER as it is.
 * send: prints the nanoseconds each took, receiving included.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "frames.h"

#define LENGTH	60

static void die(const char *what)
{
	fprintf(stderr, "frames: %s: %s\n", what, errno ? strerror(errno) : "not understood");
	exit(1);
}

static unsigned long number(const char *text, unsigned long most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || !*text || n > most) {
		errno = 0;
		die(text);
	}
	return n;
}

static unsigned int device(const char *name)
{
	unsigned int index = if_nametoindex(name);

	if (!index)
		die(name);
	return index;
}

static void mac(const char *text, uint8_t *to)
{
	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &to[0], &to[1], &to[2], &to[3], &to[4],
		   &to[5]) != 6) {
		errno = 0;
		die(text);
	}
}

static uint32_t address(const char *text)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1) {
		errno = 0;
		die(text);
	}
	return a.s_addr;
}

/* Ones' complement sum of so many octets, an even number. */
static uint32_t sum(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t s = 0;

	for (size_t i = 0; i < len; i += 2)
		s += p[i] << 8 | p[i + 1];
	return s;
}

static uint16_t folded(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return htons(~s & 0xffff);
}

/* What follows the headers is zero, and does not change a sum. */
static void fill(struct frame *f, char **a)
{
	uint16_t length = LENGTH - sizeof(f->eth) - sizeof(f->ip);

	mac(a[0], f->eth.h_dest);
	mac(a[1], f->eth.h_source);
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip = (struct iphdr){ .version = 4, .ihl = 5, .tot_len = htons(LENGTH - sizeof(f->eth)),
				.ttl = 32, .protocol = IPPROTO_UDP,
				.saddr = address(a[2]), .daddr = address(a[3]) };
	f->ip.check = folded(sum(&f->ip, sizeof(f->ip)));
	f->udp.source = htons(number(a[4], 65535));
	f->udp.dest = htons(number(a[5], 65535));
	f->udp.len = htons(length);
	f->udp.check = folded(sum(&f->ip.saddr, 8) + IPPROTO_UDP + length +
			      sum(&f->udp, sizeof(f->udp)));
}

static struct bpf_object *opened(const char *path)
{
	struct bpf_object *o = bpf_object__open_file(path, NULL);

	if (!o)
		die(path);
	return o;
}

static int loaded(struct bpf_object *o, const char *name)
{
	if (bpf_object__load(o))
		die("loading");
	return bpf_program__fd(bpf_object__find_program_by_name(o, name));
}

static void configure(struct bpf_object *o, const struct frames *with)
{
	struct bpf_map *m = bpf_object__find_map_by_name(o, ".rodata");

	if (!m || bpf_map__set_initial_value(m, with, sizeof(*with)))
		die("configuring");
}

static void attach(struct bpf_object *o, const char *program, const char *dev)
{
	if (bpf_xdp_attach(device(dev), loaded(o, program), XDP_FLAGS_DRV_MODE, NULL))
		die(dev);
}

static void swallow(const char *path, const char *dev)
{
	attach(opened(path), "swallow", dev);
}

static void forward(const char *path, const char *dev, const char *other)
{
	struct frames with = { .device = device(other) };
	struct bpf_object *o = opened(path);

	configure(o, &with);
	attach(o, "forward", dev);
}

static void send_frames(const char *path, char **a)
{
	struct frames with = { .device = device(a[0]), .flows = number(a[2], 50000) };
	uint8_t page[LENGTH] = { 0 };
	struct bpf_object *o = opened(path);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = page, .data_size_in = sizeof(page),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .repeat = number(a[1], UINT32_MAX));
	int fd;

	fill(&with.model, a + 3);
	configure(o, &with);
	fd = loaded(o, "generate");
	if (bpf_prog_test_run_opts(fd, &opts))
		die("sending");
	printf("%u\n", opts.duration);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[2], "swallow"))
		swallow(argv[1], argv[3]);
	else if (argc == 5 && !strcmp(argv[2], "forward"))
		forward(argv[1], argv[3], argv[4]);
	else if (argc == 12 && !strcmp(argv[2], "send"))
		send_frames(argv[1], argv + 3);
	else
		return fprintf(stderr, "usage: frames OBJECT swallow DEVICE\n"
			       "       frames OBJECT forward DEVICE OTHER\n"
			       "       frames OBJECT send DEVICE COUNT FLOWS MAC-TO MAC-FROM SOURCE "
			       "DESTINATION SPORT DPORT\n"), 2;
	return 0;
}
