// SPDX-License-Identifier: GPL-2.0-or-later
#include <net/if.h>
#include <string.h>

#include "ctl.h"
#include "xdp.h"

bool xdp_mode_parse(const char *text, enum xdp_mode *mode)
{
	enum xdp_mode m;

	*mode = XDP_MODE_AUTO;
	if (!text || !strcmp(text, "auto"))
		return true;
	for (m = XDP_MODE_OFF; m <= XDP_MODE_GENERIC; m++) {
		if (m != XDP_MODE_AUTO && !strcmp(text, xdp_mode_name(m))) {
			*mode = m;
			return true;
		}
	}
	return false;
}

const char *xdp_mode_name(enum xdp_mode mode)
{
	static const char *const names[] = { "off", "auto", "native", "generic" };

	return names[mode];
}

/* @mode cannot be had: good enough if any would do, an error if it was asked for by name. */
static bool do_without(const char *ifname, enum xdp_mode mode, const char *why)
{
	if (mode == XDP_MODE_AUTO)
		ctl_note("%s: no XDP, the ordinary path has it all: %s", ifname, why);
	else
		ctl_fail("%s: no %s XDP: %s", ifname, xdp_mode_name(mode), why);
	return mode == XDP_MODE_AUTO;
}

#ifdef NATFW_XDP

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "offload.h"

/* The program, as tools/xdp was compiled to. */
__asm__(".section .rodata\n"
	".balign 8\n"
	"xdp_object:\n.incbin \"" NATFW_XDP "\"\n"
	"xdp_object_end:\n.byte 0\n"
	".previous\n");
extern const char xdp_object[], xdp_object_end[];

#define PROGRAM		"natfw_xdp"
#define COUNTERS	"natfw_xdp_count"

/* The last thing libbpf or the kernel complained of. */
static char complaint[256];

static int overhear(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[sizeof(complaint)];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = 0;
	if (ctl_opt.verbose)
		fprintf(stderr, "%s\n", line);
	/* "libbpf: Kernel error message: ..." says most */
	if (!strstr(complaint, "rror message"))
		snprintf(complaint, sizeof(complaint), "%s", line);
	return 0;
}

static const char *complaint_or(const char *otherwise)
{
	const char *p = strstr(complaint, "rror message: ");

	if (!complaint[0])
		return otherwise;
	return p ? p + strlen("rror message: ") : complaint;
}

/* ---- looking ---- */

/* A program that is called as ours may be another's: what is read from its map has to have the size of ours. */
static bool is_counters(int fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, COUNTERS) &&
	       info.type == BPF_MAP_TYPE_PERCPU_ARRAY && info.key_size == sizeof(uint32_t) &&
	       info.value_size == sizeof(uint64_t) && info.max_entries == XDP_REDIRECT + 1;
}

static void look_count(const struct bpf_prog_info *prog, struct xdp_state *s)
{
	int cpus = libbpf_num_possible_cpus();
	uint64_t *v = cpus > 0 ? calloc((size_t)cpus, sizeof(*v)) : NULL;
	int fd = prog->nr_map_ids ? bpf_map_get_fd_by_id(*(uint32_t *)(uintptr_t)prog->map_ids) : -1;
	uint64_t sum[XDP_REDIRECT + 1] = { 0 };
	uint32_t key;
	int i;

	s->counted = v && fd >= 0 && is_counters(fd);
	for (key = 0; s->counted && key <= XDP_REDIRECT; key++) {
		s->counted = !bpf_map_lookup_elem(fd, &key, v);
		for (i = 0; s->counted && i < cpus; i++)
			sum[key] += v[i];
	}
	s->dropped = sum[XDP_DROP];
	s->passed = sum[XDP_PASS];
	s->redirected = sum[XDP_REDIRECT];
	if (fd >= 0)
		close(fd);
	free(v);
}

static void look_program(struct xdp_state *s)
{
	uint32_t map = 0, len = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {
		.nr_map_ids = 1, .map_ids = (uintptr_t)&map,
	};
	int fd = bpf_prog_get_fd_by_id(s->id);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &len)) {
		snprintf(s->name, sizeof(s->name), "%s", info.name);
		s->ours = !strcmp(s->name, PROGRAM);
		if (s->ours)
			look_count(&info, s);
	}
	close(fd);
}

void xdp_look(const char *ifname, struct xdp_state *s)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, q);

	memset(s, 0, sizeof(*s));
	libbpf_set_print(overhear);
	if (bpf_xdp_query((int)if_nametoindex(ifname), 0, &q) ||
	    q.attach_mode == XDP_ATTACHED_NONE)
		return;
	s->id = q.drv_prog_id ?: q.skb_prog_id ?: q.hw_prog_id ?: q.prog_id;
	s->mode = q.drv_prog_id || q.hw_prog_id ? XDP_MODE_NATIVE : XDP_MODE_GENERIC;
	look_program(s);
}

/* ---- putting and taking ---- */

bool xdp_allowed(const char *ifname, enum xdp_mode mode)
{
	struct xdp_state s;

	if (mode == XDP_MODE_OFF)
		return true;
	xdp_look(ifname, &s);
	if (!s.id || s.ours)
		return true;
	ctl_fail("%s has the %s XDP program '%s' (id %u), which stays as it is; 'ip link set dev %s %s off' takes it off",
		 ifname, xdp_mode_name(s.mode), s.name[0] ? s.name : "?", s.id, ifname,
		 s.mode == XDP_MODE_GENERIC ? "xdpgeneric" : "xdp");
	return false;
}

/* Why it cannot be loaded, where that is known better than by libbpf's words. */
static const char *load_trouble(void)
{
	static char buf[8];
	FILE *f;

	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return "this kernel has no type information (CONFIG_DEBUG_INFO_BTF)";
	if (access("/sys/kernel/btf/natfw", F_OK))
		return "natfw.ko was built without type information; natfwctl(8), XDP, says how it gets it";
	f = fopen("/proc/sys/net/core/bpf_jit_enable", "re");
	if (!f)
		return NULL;
	if (fgets(buf, sizeof(buf), f) && buf[0] == '0') {
		fclose(f);
		return "the BPF compiler is off (sysctl net.core.bpf_jit_enable=1)";
	}
	fclose(f);
	return NULL;
}

static struct bpf_object *load(const char **why)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = PROGRAM);
	struct bpf_object *o;

	complaint[0] = 0;
	*why = load_trouble();
	if (*why)
		return NULL;
	o = bpf_object__open_mem(xdp_object, (size_t)(xdp_object_end - xdp_object), &opts);
	if (o && !bpf_object__load(o))
		return o;
	*why = errno == EPERM ? "it takes root (CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN)"
			      : complaint_or(strerror(errno));
	bpf_object__close(o);
	return NULL;
}

static bool put_as(const char *ifname, int prog, enum xdp_mode mode, const char **why)
{
	uint32_t flags = XDP_FLAGS_UPDATE_IF_NOEXIST;
	int err;

	complaint[0] = 0;
	flags |= mode == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	err = bpf_xdp_attach((int)if_nametoindex(ifname), prog, flags, NULL);
	if (!err)
		return true;
	*why = complaint_or(strerror(-err));
	return false;
}

/* In the asked for mode, or the best there is. @got says which. */
static bool put_best(const char *ifname, int prog, enum xdp_mode mode, enum xdp_mode *got,
		     const char **why)
{
	*got = mode == XDP_MODE_AUTO ? XDP_MODE_NATIVE : mode;
	if (put_as(ifname, prog, *got, why))
		return true;
	if (mode != XDP_MODE_AUTO)
		return false;
	ctl_note("%s: the driver has no XDP (%s); generic XDP it is", ifname, *why);
	*got = XDP_MODE_GENERIC;
	return put_as(ifname, prog, *got, why);
}

static bool put(const char *ifname, enum xdp_mode mode, const char **why)
{
	enum xdp_mode got;
	struct bpf_object *o;
	int prog;
	bool ok;

	if (offload_on(ifname, "rx-vlan-hw-parse") ||
	    offload_on(ifname, "rx-vlan-stag-hw-parse")) {
		*why = "the device takes VLAN tags off, so that XDP would not see them; 'ethtool -K DEV rxvlan off rx-vlan-stag-hw-parse off' changes that";
		return false;
	}
	o = load(why);
	if (!o)
		return false;
	prog = bpf_program__fd(bpf_object__find_program_by_name(o, PROGRAM));
	ok = xdp_take(ifname) && put_best(ifname, prog, mode, &got, why);
	bpf_object__close(o);
	return ok;
}

bool xdp_put(const char *ifname, enum xdp_mode mode)
{
	const char *why = "";

	libbpf_set_print(overhear);
	if (mode == XDP_MODE_OFF)
		return xdp_take(ifname);
	return put(ifname, mode, &why) || do_without(ifname, mode, why);
}

bool xdp_take(const char *ifname)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	struct xdp_state s;
	int err;

	xdp_look(ifname, &s);
	if (!s.ours)
		return true;
	opts.old_prog_fd = bpf_prog_get_fd_by_id(s.id);
	err = bpf_xdp_detach((int)if_nametoindex(ifname),
			     XDP_FLAGS_REPLACE | (s.mode == XDP_MODE_NATIVE ? XDP_FLAGS_DRV_MODE
									: XDP_FLAGS_SKB_MODE),
			     &opts);
	if (opts.old_prog_fd >= 0)
		close(opts.old_prog_fd);
	if (!err)
		return true;
	ctl_fail("%s: the XDP program cannot be taken off: %s", ifname, strerror(-err));
	return false;
}

#else

void xdp_look(const char *ifname, struct xdp_state *s)
{
	(void)ifname;
	memset(s, 0, sizeof(*s));
}

bool xdp_allowed(const char *ifname, enum xdp_mode mode)
{
	(void)ifname;
	(void)mode;
	return true;
}

bool xdp_put(const char *ifname, enum xdp_mode mode)
{
	static const char why[] = "natfwctl was built without libbpf or clang";

	return mode == XDP_MODE_OFF || do_without(ifname, mode, why);
}

bool xdp_take(const char *ifname)
{
	(void)ifname;
	return true;
}

#endif
