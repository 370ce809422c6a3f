// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends packets that no program would send, and checks what arrives elsewhere.
 *
 * Reads statements from standard input and stops at the first that does not
 * hold. pkt --help says what they are. A packet is spoken of as a row of
 * layers with fields, when it is sent and when it is awaited:
 *
 *	open h nf1-host eth0 02:00:00:00:01:01
 *	open s nf1-net eth0
 *	send h ip src=10.1.0.2 dst=192.0.2.2 udp sport=4000 dport=53 data=hi
 *	expect s udp src=192.0.2.1 sport=?p data=hi sum=ok
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FRAME	(65536 + 64)
#define MAX_TOKENS	256
#define MAX_PORTS	8
#define MAX_VARS	32
#define MAX_LINE	131072

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

static int lineno;
static int slowness = 1;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "pkt: line %d: ", lineno);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static u64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (u64)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(u8 *p, u32 v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static u16 get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static u32 get32(const u8 *p)
{
	return (u32)get16(p) << 16 | get16(p + 2);
}

/* --- variables ----------------------------------------------------------- */

static struct {
	char name[32];
	char value[128];
} vars[MAX_VARS];
static int nvars;

static const char *var_get(const char *name)
{
	for (int i = 0; i < nvars; i++)
		if (!strcmp(vars[i].name, name))
			return vars[i].value;
	die("variable %s has no value yet", name);
}

static void var_set(const char *name, const char *value)
{
	int i;

	for (i = 0; i < nvars; i++)
		if (!strcmp(vars[i].name, name))
			break;
	if (i == MAX_VARS)
		die("too many variables");
	if (i == nvars)
		nvars++;
	snprintf(vars[i].name, sizeof(vars[i].name), "%s", name);
	snprintf(vars[i].value, sizeof(vars[i].value), "%s", value);
}

/* --- layers -------------------------------------------------------------- */

struct layer {
	const char	*kind;
	char		**field;	/* KEY=VALUE */
	int		nfields;
};

struct packet {
	struct layer	layer[24];
	int		n;
};

/* Which of a range's values a flood is at. */
static u64 turn;

static bool is_field(const char *token)
{
	return strchr(token, '=');
}

static void packet_split(struct packet *pk, char **token, int n)
{
	pk->n = 0;
	for (int i = 0; i < n; i++) {
		struct layer *l;

		if (is_field(token[i]))
			die("field %s belongs to no layer", token[i]);
		if (pk->n == 24)
			die("too many layers");
		l = &pk->layer[pk->n++];
		l->kind = token[i];
		l->field = &token[i + 1];
		l->nfields = 0;
		while (i + 1 < n && is_field(token[i + 1])) {
			l->nfields++;
			i++;
		}
	}
}

/* The value of a field, variables put in; NULL if it is not given. */
static const char *field(const struct layer *l, const char *key)
{
	size_t len = strlen(key);

	for (int i = 0; i < l->nfields; i++) {
		const char *f = l->field[i];

		if (strncmp(f, key, len) || f[len] != '=')
			continue;
		return f[len + 1] == '%' ? var_get(f + len + 2) : f + len + 1;
	}
	return NULL;
}

static u64 number(const char *s)
{
	const char *dots = strstr(s, "..");
	u64 first, last;
	char *end;

	first = strtoull(s, &end, 0);
	if (end == s || (*end && end != dots))
		die("not a number: %s", s);
	if (!dots)
		return first;
	last = strtoull(dots + 2, NULL, 0);
	return first + turn % (last - first + 1);
}

static u64 num(const struct layer *l, const char *key, u64 dflt)
{
	const char *s = field(l, key);

	return s ? number(s) : dflt;
}

/* An address, A or A..B; the family goes to *family. */
static void address(const char *s, u8 *out, int *family)
{
	const char *dots = strstr(s, "..");
	char first[64];
	u32 span;

	snprintf(first, sizeof(first), "%.*s", (int)(dots ? dots - s : (long)strlen(s)), s);
	*family = strchr(first, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(*family, first, out) != 1)
		die("not an address: %s", s);
	if (dots) {
		u8 last[16], *low = *family == AF_INET ? out : out + 12;

		if (inet_pton(*family, dots + 2, last) != 1)
			die("not an address: %s", dots + 2);
		span = get32(*family == AF_INET ? last : last + 12) - get32(low) + 1;
		put32(low, get32(low) + turn % span);
	}
}

static int unhex(const char *s, u8 *out)
{
	int n = 0;
	unsigned int byte;

	while (*s) {
		if (sscanf(s, "%2x", &byte) != 1 || !s[1])
			die("not hexadecimal: %s", s);
		out[n++] = byte;
		s += 2;
	}
	return n;
}

/* data=TEXT, hex=BYTES or len=N of a layer that nothing follows. */
static int payload(const struct layer *l, u8 *out)
{
	const char *s = field(l, "data");
	int n;

	if (s) {
		memcpy(out, s, strlen(s));
		return strlen(s);
	}
	s = field(l, "hex");
	if (s)
		return unhex(s, out);
	n = num(l, "len", 0);
	for (int i = 0; i < n; i++)
		out[i] = 'a' + i % 26;
	return n;
}

/* --- checksums ----------------------------------------------------------- */

struct ctx {
	int	family;
	u8	src[16], dst[16];
};

static u32 sum_add(u32 sum, const u8 *p, size_t n)
{
	for (; n > 1; n -= 2, p += 2) {
		sum += get16(p);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (n)
		sum += *p << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static u16 sum_fold(u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

static u16 sum_pseudo(const struct ctx *c, u8 proto, u32 plen, const u8 *p, size_t n)
{
	int alen = c->family == AF_INET ? 4 : 16;
	u8 tail[8] = { 0 };
	u32 sum;

	sum = sum_add(0, c->src, alen);
	sum = sum_add(sum, c->dst, alen);
	put32(tail, plen);
	tail[7] = proto;
	sum = sum_add(sum, tail, 8);
	return sum_fold(sum_add(sum, p, n));
}

static u32 crc32c(const u8 *p, size_t n)
{
	u32 crc = ~0u;

	while (n--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

/* What sum= asks for in place of the right one. */
static u16 sum_asked(const struct layer *l, u16 right)
{
	const char *s = field(l, "sum");

	if (!s)
		return right;
	if (!strcmp(s, "bad"))
		return right ^ 0x5555;
	if (!strcmp(s, "zero"))
		return 0;
	return number(s);
}

/* --- building ------------------------------------------------------------ */

typedef int build_fn(const struct layer *l, int n, const struct ctx *c, u8 *out);

static build_fn build_rest, build_ip;

static int build_tcp(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	static const char names[] = "FSRPAUEC";
	const char *flags = field(l, "flags") ?: "A", *opts = field(l, "opts");
	int hlen = 20, len;

	memset(out, 0, 20);
	put16(out, num(l, "sport", 0));
	put16(out + 2, num(l, "dport", 0));
	put32(out + 4, num(l, "seq", 1000));
	put32(out + 8, num(l, "ack", 0));
	for (; *flags; flags++)
		out[13] |= 1 << (strchr(names, *flags) - names);
	put16(out + 14, num(l, "win", 65535));
	if (opts)
		hlen += unhex(opts, out + 20);
	out[12] = num(l, "doff", hlen / 4) << 4;
	len = hlen + build_rest(l, n, c, out + hlen);
	put16(out + 16, sum_asked(l, sum_pseudo(c, IPPROTO_TCP, len, out, len)));
	return len;
}

static int build_udp(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	int len = 8 + build_rest(l, n, c, out + 8);
	u16 sum;

	put16(out, num(l, "sport", 0));
	put16(out + 2, num(l, "dport", 0));
	put16(out + 4, num(l, "ulen", len));
	put16(out + 6, 0);
	sum = sum_pseudo(c, IPPROTO_UDP, len, out, len);
	put16(out + 6, sum_asked(l, sum ?: 0xffff));
	return len;
}

static int build_udplite(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	int len = 8 + build_rest(l, n, c, out + 8), cov = num(l, "cov", 0);
	u16 sum;

	put16(out, num(l, "sport", 0));
	put16(out + 2, num(l, "dport", 0));
	put16(out + 4, cov);
	put16(out + 6, 0);
	sum = sum_pseudo(c, IPPROTO_UDPLITE, len, out, cov && cov < len ? cov : len);
	put16(out + 6, sum_asked(l, sum ?: 0xffff));
	return len;
}

static int build_sctp(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	int len = 12 + build_rest(l, n, c, out + 12);
	const char *sum = field(l, "sum");
	u32 crc;

	put16(out, num(l, "sport", 0));
	put16(out + 2, num(l, "dport", 0));
	put32(out + 4, num(l, "vtag", 1));
	memset(out + 8, 0, 4);
	crc = crc32c(out, len);
	if (sum)
		crc ^= 0x55555555;
	out[8] = crc;
	out[9] = crc >> 8;
	out[10] = crc >> 16;
	out[11] = crc >> 24;
	return len;
}

/* Long sequence numbers always; type=request carries the service code. */
static int build_dccp(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	int type = num(l, "type", 0), cov = num(l, "cov", 0), hlen = 16, len, covered;

	memset(out, 0, 28);
	put16(out, num(l, "sport", 0));
	put16(out + 2, num(l, "dport", 0));
	out[5] = cov;
	out[8] = type << 1 | 1;
	put32(out + 12, num(l, "seq", 1));
	if (type == 0) {
		put32(out + 16, num(l, "service", 42));
		hlen = 20;
	} else if (type != 2) {
		hlen = 24;
		if (type == 1) {
			put32(out + 24, num(l, "service", 42));
			hlen = 28;
		}
	}
	out[4] = hlen / 4;
	len = hlen + build_rest(l, n, c, out + hlen);
	covered = cov && hlen + (cov - 1) * 4 < len ? hlen + (cov - 1) * 4 : len;
	put16(out + 6, sum_asked(l, sum_pseudo(c, IPPROTO_DCCP, len, out, covered)));
	return len;
}

/* Embedded packet: cut to trunc=, then padded and extended (RFC 4884). */
static int icmp_quote(const struct layer *l, int len, u8 *out)
{
	static const u8 ext[] = { 0x20, 0, 0, 0, 0, 8, 1, 1, 0xde, 0xad, 0xbe, 0xef };
	int trunc = num(l, "trunc", 0);
	u8 copy[sizeof(ext)];

	if (trunc && trunc < len)
		len = trunc;
	if (!num(l, "ext", 0))
		return len;
	if (len < 128)
		memset(out + len, 0, 128 - len);
	len = 128;
	memcpy(copy, ext, sizeof(ext));
	put16(copy + 2, sum_fold(sum_add(0, ext, sizeof(ext))));
	memcpy(out + len, copy, sizeof(copy));
	return len + sizeof(ext);
}

static int build_icmp(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	bool v6 = c->family == AF_INET6;
	int len;

	memset(out, 0, 8);
	out[0] = num(l, "type", v6 ? 128 : 8);
	out[1] = num(l, "code", 0);
	put16(out + 4, num(l, "id", 0));
	put16(out + 6, num(l, "seq", 0));
	if (field(l, "mtu") && v6)
		put32(out + 4, num(l, "mtu", 0));
	else if (field(l, "mtu"))
		put16(out + 6, num(l, "mtu", 0));
	if (field(l, "word"))
		put32(out + 4, num(l, "word", 0));
	if (n > 1) {
		len = build_ip(l + 1, n - 1, c, out + 8);
		len = 8 + icmp_quote(l, len, out + 8);
		if (num(l, "ext", 0))
			out[v6 ? 4 : 5] = v6 ? 128 / 8 : 128 / 4;
	} else {
		len = 8 + payload(l, out + 8);
	}
	put16(out + 2, sum_asked(l, v6 ? sum_pseudo(c, IPPROTO_ICMPV6, len, out, len)
				       : sum_fold(sum_add(0, out, len))));
	return len;
}

static int build_esp(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	put32(out, num(l, "spi", 0));
	put32(out + 4, num(l, "seq", 1));
	return 8 + build_rest(l, n, c, out + 8);
}

static int build_ah(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	memset(out, 0, 24);
	out[0] = num(l, "next", 59);
	out[1] = 4;
	put32(out + 4, num(l, "spi", 0));
	put32(out + 8, num(l, "seq", 1));
	return 24 + build_rest(l, n, c, out + 24);
}

static int build_gre(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	put16(out, 0);
	put16(out + 2, 0x0800);
	return 4 + build_rest(l, n, c, out + 4);
}

static int build_raw(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	return build_rest(l, n, c, out);
}

static int next_proto(const struct layer *l, int n, int family);

/* hbh and dst: one padding option; rt: type=, left= and one address. */
static int build_exthdr(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	int hlen = 8;

	memset(out, 0, 24);
	out[0] = num(l, "next", next_proto(l, n, AF_INET6));
	if (!strcmp(l->kind, "rt")) {
		hlen = 24;
		out[2] = num(l, "type", 0);
		out[3] = num(l, "left", 0);
	} else if (field(l, "opts")) {
		unhex(field(l, "opts"), out + 2);	/* six octets */
	} else {
		out[2] = num(l, "opt", 1);
		out[3] = 4;
	}
	out[1] = hlen / 8 - 1;
	return hlen + build_rest(l, n, c, out + hlen);
}

static int build_frag(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	out[0] = num(l, "next", next_proto(l, n, AF_INET6));
	out[1] = 0;
	put16(out + 2, num(l, "off", 0) | num(l, "mf", 0));
	put32(out + 4, num(l, "id", 1));
	return 8 + build_rest(l, n, c, out + 8);
}

static const struct {
	const char	*kind;
	int		proto4, proto6;
	build_fn	*build;
} kinds[] = {
	{ "tcp",	IPPROTO_TCP,	IPPROTO_TCP,	build_tcp },
	{ "udp",	IPPROTO_UDP,	IPPROTO_UDP,	build_udp },
	{ "udplite",	IPPROTO_UDPLITE, IPPROTO_UDPLITE, build_udplite },
	{ "sctp",	IPPROTO_SCTP,	IPPROTO_SCTP,	build_sctp },
	{ "dccp",	IPPROTO_DCCP,	IPPROTO_DCCP,	build_dccp },
	{ "icmp",	IPPROTO_ICMP,	IPPROTO_ICMPV6,	build_icmp },
	{ "esp",	IPPROTO_ESP,	IPPROTO_ESP,	build_esp },
	{ "ah",		IPPROTO_AH,	IPPROTO_AH,	build_ah },
	{ "gre",	IPPROTO_GRE,	IPPROTO_GRE,	build_gre },
	{ "raw",	253,		253,		build_raw },
	{ "hbh",	-1,		0,		build_exthdr },
	{ "rt",		-1,		43,		build_exthdr },
	{ "dst",	-1,		60,		build_exthdr },
	{ "frag",	-1,		44,		build_frag },
	{ "ip",		IPPROTO_IPIP,	IPPROTO_IPV6,	build_ip },
};

#define NKINDS	((int)(sizeof(kinds) / sizeof(kinds[0])))

static int kind_of(const char *s)
{
	for (int i = 0; i < NKINDS; i++)
		if (!strcmp(kinds[i].kind, s))
			return i;
	die("unknown layer %s", s);
}

/* Protocol number of what follows layer @l. */
static int next_proto(const struct layer *l, int n, int family)
{
	int k, proto;

	if (n < 2)
		return num(l, "proto", 59);
	k = kind_of(l[1].kind);
	proto = family == AF_INET ? kinds[k].proto4 : kinds[k].proto6;
	if (proto < 0)
		die("%s is for IPv6", l[1].kind);
	return num(&l[1], "number", proto);
}

static int build_rest(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	if (n > 1)
		return kinds[kind_of(l[1].kind)].build(l + 1, n - 1, c, out);
	return payload(l, out);
}

static void addresses(const struct layer *l, struct ctx *c)
{
	const char *src = field(l, "src"), *dst = field(l, "dst");
	int other;

	memset(c, 0, sizeof(*c));
	if (!src || !dst)
		die("ip wants src= and dst=");
	address(src, c->src, &c->family);
	address(dst, c->dst, &other);
	if (c->family != other)
		die("src and dst are of two families");
}

static int build_ip4(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	const char *opts = field(l, "opts");
	int hlen = 20, len;

	memset(out, 0, 20);
	if (opts)
		hlen += unhex(opts, out + 20);
	len = hlen + build_rest(l, n, c, out + hlen);
	out[0] = 0x40 | num(l, "ihl", hlen / 4);
	out[1] = num(l, "dscp", 0) << 2 | num(l, "ecn", 0);
	put16(out + 2, num(l, "iplen", len));
	put16(out + 4, num(l, "id", 1));
	put16(out + 6, num(l, "off", 0) / 8 | (num(l, "df", 0) ? 0x4000 : 0) |
		       (num(l, "mf", 0) ? 0x2000 : 0));
	out[8] = num(l, "ttl", 64);
	out[9] = num(l, "proto", next_proto(l, n, AF_INET));
	memcpy(out + 12, c->src, 4);
	memcpy(out + 16, c->dst, 4);
	put16(out + 10, sum_fold(sum_add(0, out, hlen)));
	if (field(l, "ipsum"))
		out[10] ^= 0x55;
	return len;
}

static int build_ip6(const struct layer *l, int n, const struct ctx *c, u8 *out)
{
	int len = build_rest(l, n, c, out + 40);

	put32(out, 6u << 28 | (u32)num(l, "dscp", 0) << 22 | num(l, "ecn", 0) << 20 |
		   num(l, "label", 0));
	put16(out + 4, num(l, "iplen", len));
	out[6] = num(l, "proto", next_proto(l, n, AF_INET6));
	out[7] = num(l, "ttl", 64);
	memcpy(out + 8, c->src, 16);
	memcpy(out + 24, c->dst, 16);
	return 40 + len;
}

static int build_ip(const struct layer *l, int n, const struct ctx *outer, u8 *out)
{
	struct ctx c;

	if (strcmp(l->kind, "ip"))
		die("expected ip, not %s", l->kind);
	addresses(l, &c);
	return c.family == AF_INET ? build_ip4(l, n, &c, out) : build_ip6(l, n, &c, out);
}

/* --- ports --------------------------------------------------------------- */

struct port {
	char	name[16];
	int	fd;
	int	ifindex;
	u8	mac[6], peer[6];
	char	**seen;		/* packets as text, oldest first */
	int	nseen;
};

static struct port ports[MAX_PORTS];
static int nports;

static struct port *port_find(const char *name)
{
	for (int i = 0; i < nports; i++)
		if (!strcmp(ports[i].name, name))
			return &ports[i];
	die("no such port: %s", name);
}

static void netns_enter(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die("netns %s: %s", name, strerror(errno));
	close(fd);
}

static void mac_parse(const char *s, u8 *mac)
{
	if (sscanf(s, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5]) != 6)
		die("not a link-layer address: %s", s);
}

static void port_device(struct port *p, const char *dev)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", dev);
	if (ioctl(p->fd, SIOCGIFINDEX, &ifr))
		die("device %s: %s", dev, strerror(errno));
	p->ifindex = ifr.ifr_ifindex;
	if (!ioctl(p->fd, SIOCGIFHWADDR, &ifr))
		memcpy(p->mac, ifr.ifr_hwaddr.sa_data, 6);
}

static void port_socket(struct port *p, const char *dev)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET };
	int one = 1, big = 64 << 20;

	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		die("packet socket: %s", strerror(errno));
	port_device(p, dev);
	setsockopt(p->fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one));
	setsockopt(p->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
	setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	ll.sll_ifindex = p->ifindex;
	ll.sll_protocol = htons(ETH_P_ALL);
	if (bind(p->fd, (struct sockaddr *)&ll, sizeof(ll)))
		die("bind to %s: %s", dev, strerror(errno));
}

static void cmd_open(char **arg, int n)
{
	struct port *p;

	if (n < 3 || nports == MAX_PORTS)
		die("open NAME NETNS DEVICE [PEER-MAC]");
	p = &ports[nports++];
	snprintf(p->name, sizeof(p->name), "%s", arg[0]);
	netns_enter(arg[1]);
	port_socket(p, arg[2]);
	if (n > 3)
		mac_parse(arg[3], p->peer);
	else
		memset(p->peer, 0xff, 6);
}

/* --- sending ------------------------------------------------------------- */

static void transmit(struct port *p, const u8 *frame, int len)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_ifindex = p->ifindex,
				  .sll_halen = 6 };

	while (sendto(p->fd, frame, len, 0, (struct sockaddr *)&ll, sizeof(ll)) < 0) {
		if (errno != ENOBUFS && errno != EAGAIN)
			die("send of %d bytes: %s", len, strerror(errno));
		usleep(1000);
	}
}

/* Ethernet header and VLAN tags; the index of the first layer behind them. */
static int build_eth(const struct packet *pk, struct port *p, u8 *out, int *hlen, int type)
{
	int i = 0;

	memcpy(out, p->peer, 6);
	memcpy(out + 6, p->mac, 6);
	*hlen = 12;
	if (i < pk->n && !strcmp(pk->layer[i].kind, "eth")) {
		if (field(&pk->layer[i], "dst"))
			mac_parse(field(&pk->layer[i], "dst"), out);
		if (field(&pk->layer[i], "src"))
			mac_parse(field(&pk->layer[i], "src"), out + 6);
		type = num(&pk->layer[i], "type", type);
		i++;
	}
	for (; i < pk->n && !strcmp(pk->layer[i].kind, "vlan"); i++) {
		put16(out + *hlen, num(&pk->layer[i], "proto", ETH_P_8021Q));
		put16(out + *hlen + 2, num(&pk->layer[i], "id", 0) |
				       num(&pk->layer[i], "pcp", 0) << 13);
		*hlen += 4;
	}
	put16(out + *hlen, type);
	*hlen += 2;
	return i;
}

/* Header bytes each fragment repeats, and where its fragment header goes. */
static int unfragmentable(const u8 *ip, bool v6)
{
	return v6 ? 40 : (ip[0] & 15) * 4;
}

/* Piece @i of the datagram @ip with at most @size bytes of payload, at @out. */
static int fragment(const u8 *ip, int len, bool v6, int size, int i, u32 id, u8 *out)
{
	int hlen = unfragmentable(ip, v6), off = i * size, piece = len - hlen - off;
	bool more = piece > size;
	int fhl = v6 ? 8 : 0;

	if (piece <= 0)
		die("the datagram has no piece %d", i);
	if (more)
		piece = size;
	memcpy(out, ip, hlen);
	memcpy(out + hlen + fhl, ip + hlen + off, piece);
	if (v6) {
		out[hlen] = ip[6];
		out[hlen + 1] = 0;
		put16(out + hlen + 2, off | more);
		put32(out + hlen + 4, id);
		out[6] = 44;
		put16(out + 4, piece + 8);
	} else {
		put16(out + 2, hlen + piece);
		put16(out + 6, off / 8 | (more ? 0x2000 : 0));
		memset(out + 10, 0, 2);
		put16(out + 10, sum_fold(sum_add(0, out, hlen)));
	}
	return hlen + fhl + piece;
}

/* split=SIZE cuts the datagram; order=2,0,1 says which pieces go, and when. */
static void send_pieces(struct port *p, const struct layer *ip, u8 *frame, int hlen, int len)
{
	static u8 piece[MAX_FRAME];
	bool v6 = frame[hlen] >> 4 == 6;
	int size = num(ip, "split", 0), body = len - unfragmentable(frame + hlen, v6);
	int count = (body + size - 1) / size;
	const char *order = field(ip, "order");
	u32 id = num(ip, "id", 1);

	memcpy(piece, frame, hlen);
	for (int i = 0; i < count || (order && *order); i++) {
		int which = order && !strcmp(order, "reverse") ? count - 1 - i : i;

		if (order && isdigit((u8)*order)) {
			which = strtol(order, (char **)&order, 10);
			order += *order == ',';
		} else if (i == count || (order && !*order)) {
			break;
		}
		transmit(p, piece, hlen + fragment(frame + hlen, len, v6, size, which, id,
						   piece + hlen));
	}
}

static void send_one(struct port *p, const struct packet *pk)
{
	static u8 frame[MAX_FRAME * 2];
	int hlen, first, len, type = ETH_P_IP;
	const struct layer *ip;

	first = build_eth(pk, p, frame, &hlen, type);
	if (first == pk->n)
		die("nothing to send");
	ip = &pk->layer[first];
	if (!strcmp(ip->kind, "raw")) {
		transmit(p, frame, hlen + payload(ip, frame + hlen));
		return;
	}
	len = build_ip(ip, pk->n - first, NULL, frame + hlen);
	if (frame[hlen] >> 4 == 6 && get16(frame + hlen - 2) == ETH_P_IP)
		put16(frame + hlen - 2, ETH_P_IPV6);
	len -= num(ip, "cut", 0);
	if (field(ip, "split"))
		send_pieces(p, ip, frame, hlen, len);
	else
		transmit(p, frame, hlen + len);
}

static void cmd_send(char **arg, int n)
{
	struct packet pk;

	packet_split(&pk, arg + 1, n - 1);
	turn = 0;
	send_one(port_find(arg[0]), &pk);
}

static void cmd_flood(char **arg, int n)
{
	struct packet pk;
	u64 count = number(arg[1]);

	packet_split(&pk, arg + 2, n - 2);
	for (turn = 0; turn < count; turn++)
		send_one(port_find(arg[0]), &pk);
	turn = 0;
}

/* --- reading ------------------------------------------------------------- */

struct text {
	char	buf[8192];
	int	len;
	char	prefix[8];
};

static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int room = sizeof(t->buf) - t->len;

	t->len += snprintf(t->buf + t->len, room, " %s", t->prefix);
	va_start(ap, fmt);
	t->len += vsnprintf(t->buf + t->len, sizeof(t->buf) - t->len, fmt, ap);
	va_end(ap);
	if (t->len >= (int)sizeof(t->buf))
		t->len = sizeof(t->buf) - 1;
}

struct seen {
	struct ctx	c;
	bool		partial;	/* checksum left to hardware */
	bool		whole;		/* all of the payload is there */
	int		proto;
};

static void say_data(struct text *t, const u8 *p, int n)
{
	bool plain = n > 0;
	char out[513];
	int i;

	say(t, "dlen=%d", n);
	for (i = 0; i < n; i++)
		plain &= isalnum(p[i]) || strchr("._/-", p[i] ?: ' ');
	for (i = 0; i < n && i < (plain ? 512 : 256); i++)
		sprintf(out + (plain ? i : 2 * i), plain ? "%c" : "%02x", p[i]);
	if (n > 0)
		say(t, "%s=%s", plain ? "data" : "hex", out);
}

/*
 * @sum: what is left when all of the @n bytes from @p on are summed up. A
 * checksum left to hardware is that of the pseudo header, @have; a packet
 * still to be cut may have its length left out.
 */
static void say_sum(struct text *t, const struct seen *s, u16 sum, u16 have, int n)
{
	static const u8 none[1];
	u16 with, without;

	if (!s->whole)
		return;
	with = ~sum_pseudo(&s->c, s->proto, n, none, 0);
	without = ~sum_pseudo(&s->c, s->proto, 0, none, 0);
	if (s->partial)
		say(t, "sum=%s", have == with || have == without ? "partial" : "bad");
	else
		say(t, "sum=%s", sum ? "bad" : "ok");
}

static void read_tcp(struct text *t, const struct seen *s, const u8 *p, int n)
{
	static const char names[] = "FSRPAUEC";
	char flags[9];
	int len = 0, hlen;

	say(t, "tcp=1");
	say(t, "sport=%d", get16(p));
	say(t, "dport=%d", get16(p + 2));
	if (n < 20)
		return;
	for (int i = 0; i < 8; i++)
		if (p[13] & 1 << i)
			flags[len++] = names[i];
	flags[len] = 0;
	say(t, "flags=%s", flags);
	say(t, "seq=%u", get32(p + 4));
	say(t, "ack=%u", get32(p + 8));
	say(t, "win=%u", get16(p + 14));
	say_sum(t, s, sum_pseudo(&s->c, IPPROTO_TCP, n, p, n), get16(p + 16), n);
	hlen = (p[12] >> 4) * 4;
	if (hlen <= n)
		say_data(t, p + hlen, n - hlen);
}

static void read_udp(struct text *t, const struct seen *s, const u8 *p, int n)
{
	bool lite = s->proto == IPPROTO_UDPLITE;
	int cov = n;

	say(t, "%s=1", lite ? "udplite" : "udp");
	say(t, "sport=%d", get16(p));
	say(t, "dport=%d", get16(p + 2));
	if (n < 8)
		return;
	say(t, lite ? "cov=%d" : "ulen=%d", get16(p + 4));
	if (lite && get16(p + 4) && get16(p + 4) < n)
		cov = get16(p + 4);
	if (!get16(p + 6))
		say(t, "sum=zero");
	else
		say_sum(t, s, sum_pseudo(&s->c, s->proto, n, p, cov), get16(p + 6), n);
	say_data(t, p + 8, n - 8);
}

static void read_sctp(struct text *t, const struct seen *s, const u8 *p, int n)
{
	u8 copy[MAX_FRAME];
	u32 crc;

	say(t, "sctp=1");
	say(t, "sport=%d", get16(p));
	say(t, "dport=%d", get16(p + 2));
	if (n < 12)
		return;
	say(t, "vtag=%u", get32(p + 4));
	memcpy(copy, p, n);
	memset(copy + 8, 0, 4);
	crc = crc32c(copy, n);
	if (s->whole)
		say(t, "sum=%s", s->partial ? "partial" :
		    crc == ((u32)p[11] << 24 | p[10] << 16 | p[9] << 8 | p[8]) ? "ok" : "bad");
	say_data(t, p + 12, n - 12);
}

static void read_dccp(struct text *t, const struct seen *s, const u8 *p, int n)
{
	int type, cov, hlen, covered;

	say(t, "dccp=1");
	say(t, "sport=%d", get16(p));
	say(t, "dport=%d", get16(p + 2));
	if (n < 16)
		return;
	type = p[8] >> 1 & 15;
	cov = p[5] & 15;
	hlen = p[4] * 4;
	covered = cov && hlen + (cov - 1) * 4 < n ? hlen + (cov - 1) * 4 : n;
	say(t, "type=%d", type);
	say(t, "cov=%d", cov);
	if (type == 0 && n >= 20)
		say(t, "service=%u", get32(p + 16));
	say_sum(t, s, sum_pseudo(&s->c, IPPROTO_DCCP, n, p, covered), get16(p + 6), n);
	if (hlen <= n)
		say_data(t, p + hlen, n - hlen);
}

static void read_ip(struct text *t, const u8 *p, int n, bool partial);

static bool is_error(int type, bool v6)
{
	return v6 ? type < 128 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void read_icmp(struct text *t, const struct seen *s, const u8 *p, int n)
{
	bool v6 = s->c.family == AF_INET6;

	say(t, "icmp=1");
	say(t, "type=%d", p[0]);
	if (n < 8)
		return;
	say(t, "code=%d", p[1]);
	say_sum(t, s, v6 ? sum_pseudo(&s->c, IPPROTO_ICMPV6, n, p, n)
			 : sum_fold(sum_add(0, p, n)), get16(p + 2), n);
	if (!is_error(p[0], v6)) {
		say(t, "qid=%d", get16(p + 4));
		say(t, "seq=%d", get16(p + 6));
		say_data(t, p + 8, n - 8);
		return;
	}
	say(t, "mtu=%u", v6 ? get32(p + 4) : get16(p + 6));
	say(t, "word=%u", get32(p + 4));
	if (t->prefix[0])
		return;
	say(t, "quoted=%d", n - 8);
	strcpy(t->prefix, "i.");
	read_ip(t, p + 8, n - 8, false);
	t->prefix[0] = 0;
}

static void say_spi(struct text *t, const char *proto, u32 spi)
{
	say(t, "%s=1", proto);
	say(t, "spi=%u", spi);
}

static void say_piece(struct text *t, int proto, int len)
{
	say(t, "proto=%d", proto);
	say(t, "l4len=%d", len);
}

static void read_transport(struct text *t, const struct seen *s, const u8 *p, int n)
{
	say_piece(t, s->proto, n);
	switch (s->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		if (n < 4)
			return;
		break;
	default:
		if (n < 1)
			return;
	}
	if (s->proto == IPPROTO_TCP)
		read_tcp(t, s, p, n);
	else if (s->proto == IPPROTO_UDP || s->proto == IPPROTO_UDPLITE)
		read_udp(t, s, p, n);
	else if (s->proto == IPPROTO_SCTP)
		read_sctp(t, s, p, n);
	else if (s->proto == IPPROTO_DCCP)
		read_dccp(t, s, p, n);
	else if (s->proto == IPPROTO_ICMP || s->proto == IPPROTO_ICMPV6)
		read_icmp(t, s, p, n);
	else if (s->proto == IPPROTO_ESP && n >= 8)
		say_spi(t, "esp", get32(p));
	else if (s->proto == IPPROTO_AH && n >= 8)
		say_spi(t, "ah", get32(p + 4));
	else
		say_data(t, p, n);
}

static void say_addresses(struct text *t, const struct ctx *c)
{
	char buf[64];

	say(t, "src=%s", inet_ntop(c->family, c->src, buf, sizeof(buf)));
	say(t, "dst=%s", inet_ntop(c->family, c->dst, buf, sizeof(buf)));
}

static void read_ip4(struct text *t, const u8 *p, int n, struct seen *s)
{
	int hlen = (p[0] & 15) * 4, len = get16(p + 2), frag = get16(p + 6);

	s->c.family = AF_INET;
	memcpy(s->c.src, p + 12, 4);
	memcpy(s->c.dst, p + 16, 4);
	s->proto = p[9];
	say(t, "ip=4");
	say(t, "iplen=%d", len);
	say_addresses(t, &s->c);
	say(t, "ttl=%d", p[8]);
	say(t, "dscp=%d", p[1] >> 2);
	say(t, "id=%d", get16(p + 4));
	say(t, "df=%d", !!(frag & 0x4000));
	say(t, "ihl=%d", hlen / 4);
	say(t, "ipsum=%s", sum_fold(sum_add(0, p, hlen)) ? "bad" : "ok");
	s->whole = len <= n && !(frag & 0x3fff);
	if (len > n || len < hlen)
		len = n;
	if (frag & 0x3fff) {
		say(t, "mf=%d", !!(frag & 0x2000));
		say(t, "off=%d", (frag & 0x1fff) * 8);
	}
	if (frag & 0x1fff)
		say_piece(t, s->proto, len - hlen);
	else
		read_transport(t, s, p + hlen, len - hlen);
}

static void read_ip6(struct text *t, const u8 *p, int n, struct seen *s)
{
	int len = get16(p + 4) + 40, pos = 40;
	bool first = true;

	s->c.family = AF_INET6;
	memcpy(s->c.src, p + 8, 16);
	memcpy(s->c.dst, p + 24, 16);
	say(t, "ip=6");
	say(t, "iplen=%d", len);
	say_addresses(t, &s->c);
	say(t, "ttl=%d", p[7]);
	say(t, "dscp=%d", get32(p) >> 22 & 63);
	say(t, "label=%d", get32(p) & 0xfffff);
	s->whole = len <= n;
	if (len > n)
		len = n;
	s->proto = p[6];
	while (pos + 8 <= len) {
		if (s->proto == 44) {
			u16 off = get16(p + pos + 2);

			say(t, "mf=%d", off & 1);
			say(t, "off=%d", off & 0xfff8);
			say(t, "id=%u", get32(p + pos + 4));
			s->whole &= !(off & 0xfff9);
			first = !(off & 0xfff8);
		} else if (s->proto != 0 && s->proto != 43 && s->proto != 60) {
			break;
		}
		say(t, "ext=%d", s->proto);
		n = s->proto == 44 ? 8 : p[pos + 1] * 8 + 8;
		s->proto = p[pos];
		pos += n;
		if (!first)
			break;
	}
	if (!first)
		say_piece(t, s->proto, len - pos);
	else if (pos <= len)
		read_transport(t, s, p + pos, len - pos);
}

static void read_ip(struct text *t, const u8 *p, int n, bool partial)
{
	struct seen s = { .partial = partial };

	if (n >= 20 && p[0] >> 4 == 4)
		read_ip4(t, p, n, &s);
	else if (n >= 40 && p[0] >> 4 == 6)
		read_ip6(t, p, n, &s);
}

/* The tag that the kernel took off, if any, and whether checksums are done. */
static void read_aux(struct msghdr *m, struct text *t, bool *partial)
{
	struct tpacket_auxdata *aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		aux = (struct tpacket_auxdata *)CMSG_DATA(c);
		*partial = aux->tp_status & TP_STATUS_CSUMNOTREADY;
		if (aux->tp_status & TP_STATUS_VLAN_VALID)
			say(t, "vlan=%d", aux->tp_vlan_tci & 0xfff);
	}
}

static void read_frame(struct text *t, const u8 *f, int n, bool partial)
{
	int hlen = 14, type;

	if (n < 14)
		return;
	say(t, "ethdst=%02x:%02x:%02x:%02x:%02x:%02x", f[0], f[1], f[2], f[3], f[4], f[5]);
	say(t, "ethsrc=%02x:%02x:%02x:%02x:%02x:%02x", f[6], f[7], f[8], f[9], f[10], f[11]);
	say(t, "frame=%d", n);
	type = get16(f + 12);
	while ((type == ETH_P_8021Q || type == ETH_P_8021AD) && n >= hlen + 4) {
		say(t, "vlan=%d", get16(f + hlen) & 0xfff);
		type = get16(f + hlen + 2);
		hlen += 4;
	}
	say(t, "type=0x%04x", type);
	if (type == ETH_P_IP || type == ETH_P_IPV6)
		read_ip(t, f + hlen, n - hlen, partial);
}

/* Take in one packet if there is one. */
static bool port_read(struct port *p)
{
	static u8 frame[MAX_FRAME * 2];
	char control[256];
	struct iovec iov = { frame, sizeof(frame) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct text t = { .len = 0 };
	bool partial = false;
	int n;

	n = recvmsg(p->fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return false;
	read_aux(&m, &t, &partial);
	read_frame(&t, frame, n, partial);
	say(&t, "%s", "");
	p->seen = realloc(p->seen, (p->nseen + 1) * sizeof(*p->seen));
	p->seen[p->nseen++] = strdup(t.buf);
	return true;
}

/* --- matching ------------------------------------------------------------ */

/* The values of @key in a packet's text, one call after the other. */
static const char *value_of(const char *text, const char *key, int klen, char *out, int size)
{
	for (const char *s = text; (s = strchr(s, ' ')); ) {
		s++;
		if (strncmp(s, key, klen) || s[klen] != '=')
			continue;
		s += klen + 1;
		snprintf(out, size, "%.*s", (int)strcspn(s, " "), s);
		return s;
	}
	return NULL;
}

static bool compare(const char *have, char op, const char *want)
{
	char *end;
	u64 number;

	if (op == '<' || op == '>') {
		number = strtoull(want, &end, 0);
		return op == '<' ? strtoull(have, NULL, 0) < number
				 : strtoull(have, NULL, 0) > number;
	}
	/* hardware would make it right */
	if (!strcmp(have, "partial") && !strcmp(want, "ok"))
		return true;
	return !strcmp(have, want);
}

/* One condition: KEY=VALUE, KEY!=VALUE, KEY<N, KEY>N, KEY=?VARIABLE, or KEY. */
static bool holds(const char *text, const char *cond)
{
	int klen = strcspn(cond, "=!<>");
	const char *want = cond + klen, *s = text;
	char have[600];
	char op = *want;

	if (!op)
		return value_of(text, cond, klen, have, sizeof(have));
	want += op == '!' ? 2 : 1;
	if (*want == '?') {
		if (!value_of(text, cond, klen, have, sizeof(have)))
			return false;
		var_set(want + 1, have);
		return true;
	}
	if (*want == '%')
		want = var_get(want + 1);
	while ((s = value_of(s, cond, klen, have, sizeof(have))))
		if (compare(have, op, want))
			return op != '!';
	return op == '!';
}

/* Conditions that give variables a value come last. */
static bool matches(const char *text, char **cond, int n)
{
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < n; i++)
			if (!!strstr(cond[i], "=?") == pass && !holds(text, cond[i]))
				return false;
	return true;
}

/* Index of the first packet seen that matches, or -1. */
static int port_match(const struct port *p, int from, char **cond, int n)
{
	for (int i = from; i < p->nseen; i++)
		if (matches(p->seen[i], cond, n))
			return i;
	return -1;
}

static void port_forget(struct port *p, int i)
{
	free(p->seen[i]);
	p->nseen--;
	memmove(&p->seen[i], &p->seen[i + 1], (p->nseen - i) * sizeof(*p->seen));
}

static void port_show(const struct port *p)
{
	fprintf(stderr, "%s saw %d packets%s\n", p->name, p->nseen, p->nseen ? ":" : "");
	for (int i = 0; i < p->nseen && i < 20; i++)
		fprintf(stderr, "  %s\n", p->seen[i]);
}

/* Wait until something arrives or @deadline passes. False if it passed. */
static bool port_wait(struct port *p, u64 deadline)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	u64 now = now_ms();

	if (port_read(p))
		return true;
	if (now >= deadline)
		return false;
	poll(&pfd, 1, deadline - now);
	return port_read(p) || now_ms() < deadline;
}

/* Takes within=MS off the conditions. */
static u64 deadline(char ***cond, int *n, int dflt)
{
	int ms = dflt;

	if (*n && !strncmp((*cond)[0], "within=", 7)) {
		ms = atoi((*cond)[0] + 7);
		(*cond)++;
		(*n)--;
	}
	return now_ms() + (u64)ms * slowness;
}

static void show_conditions(const char *what, char **cond, int n)
{
	fprintf(stderr, "pkt: line %d: %s:", lineno, what);
	for (int i = 0; i < n; i++)
		fprintf(stderr, " %s", cond[i]);
	for (int i = 0; i < nvars; i++)
		fprintf(stderr, "%s %s=%s", i ? "" : ", with", vars[i].name, vars[i].value);
	fputc('\n', stderr);
}

static void cmd_expect(char **arg, int n)
{
	struct port *p = port_find(arg[0]);
	char **cond = arg + 1;
	int found, left = n - 1;
	u64 end = deadline(&cond, &left, 2000);

	while ((found = port_match(p, 0, cond, left)) < 0) {
		if (port_wait(p, end))
			continue;
		show_conditions("did not arrive", cond, left);
		port_show(p);
		exit(1);
	}
	port_forget(p, found);
}

static void cmd_none(char **arg, int n)
{
	struct port *p = port_find(arg[0]);
	char **cond = arg + 1;
	int found, left = n - 1;
	u64 end = deadline(&cond, &left, 60);

	while (port_wait(p, end))
		;
	found = port_match(p, 0, cond, left);
	if (found < 0)
		return;
	show_conditions("should not have arrived", cond, left);
	fprintf(stderr, "  %s\n", p->seen[found]);
	exit(1);
}

/* count PORT VARIABLE [within=MS] CONDITION... */
static void cmd_count(char **arg, int n)
{
	struct port *p = port_find(arg[0]);
	char **cond = arg + 2, value[16];
	int left = n - 2, count = 0, i = -1;
	u64 end = deadline(&cond, &left, 60);

	while (port_wait(p, end))
		;
	while ((i = port_match(p, i + 1, cond, left)) >= 0)
		count++;
	snprintf(value, sizeof(value), "%d", count);
	var_set(arg[1], value);
}

static void cmd_drain(char **arg, int n)
{
	struct port *p = port_find(arg[0]);

	while (port_wait(p, now_ms()))
		;
	while (p->nseen)
		port_forget(p, 0);
}

static void cmd_show(char **arg, int n)
{
	struct port *p = port_find(arg[0]);

	while (port_wait(p, now_ms()))
		;
	for (int i = 0; i < p->nseen; i++)
		printf("%s\n", p->seen[i]);
}

static void cmd_sleep(char **arg, int n)
{
	usleep(number(arg[0]) * 1000);
}

static void cmd_set(char **arg, int n)
{
	var_set(arg[0], arg[1]);
}

/* --- statements ---------------------------------------------------------- */

static const struct {
	const char	*name;
	int		args;
	void		(*run)(char **arg, int n);
	const char	*help;
} commands[] = {
	{ "open",   3, cmd_open,   "NAME NETNS DEVICE [PEER-MAC]: call a device by a name" },
	{ "send",   2, cmd_send,   "NAME LAYER [FIELD=VALUE]...: send one packet from there" },
	{ "flood",  3, cmd_flood,  "NAME COUNT LAYER...: send many; A..B counts up, then again" },
	{ "expect", 1, cmd_expect, "NAME [within=MS] [CONDITION]...: a packet arrives; forget it" },
	{ "none",   1, cmd_none,   "NAME [within=MS] [CONDITION]...: no such packet arrives" },
	{ "count",  2, cmd_count,  "NAME VAR [within=MS] [CONDITION]...: how many arrived" },
	{ "drain",  1, cmd_drain,  "NAME: forget what arrived" },
	{ "show",   1, cmd_show,   "NAME: print what arrived" },
	{ "sleep",  1, cmd_sleep,  "MS" },
	{ "set",    2, cmd_set,    "VAR VALUE" },
};

#define NCOMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

static void help(void)
{
	printf("usage: pkt [--slowness N] < STATEMENTS\n\nstatements:\n");
	for (int i = 0; i < NCOMMANDS; i++)
		printf("  %-7s %s\n", commands[i].name, commands[i].help);
	printf("\nlayers:");
	for (int i = 0; i < NKINDS; i++)
		printf(" %s", kinds[i].kind);
	printf(" eth vlan\n"
"conditions: KEY=VALUE KEY!=VALUE KEY<N KEY>N KEY=?VAR (keep it) KEY (is there); i.KEY is\n"
"of the packet inside an ICMP error. %%VAR stands for a kept value. Values kept are printed\n"
"at the end as VAR=VALUE. `show` prints the keys a packet has.\n");
	exit(0);
}

static void run_line(char *line)
{
	char *token[MAX_TOKENS];
	int n = 0;

	line[strcspn(line, "#\n")] = 0;
	for (char *s = strtok(line, " \t"); s; s = strtok(NULL, " \t")) {
		if (n == MAX_TOKENS)
			die("line too long");
		token[n++] = s;
	}
	if (!n)
		return;
	for (int i = 0; i < NCOMMANDS; i++) {
		if (strcmp(commands[i].name, token[0]))
			continue;
		if (n - 1 < commands[i].args)
			die("%s %s", commands[i].name, commands[i].help);
		commands[i].run(token + 1, n - 1);
		return;
	}
	die("unknown statement %s", token[0]);
}

int main(int argc, char **argv)
{
	static char line[MAX_LINE];

	if (argc > 1 && !strcmp(argv[1], "--help"))
		help();
	if (argc > 2 && !strcmp(argv[1], "--slowness"))
		slowness = atoi(argv[2]);
	while (fgets(line, sizeof(line), stdin)) {
		lineno++;
		run_line(line);
	}
	for (int i = 0; i < nvars; i++)
		printf("%s=%s\n", vars[i].name, vars[i].value);
	return 0;
}
