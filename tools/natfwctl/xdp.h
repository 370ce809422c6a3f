/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XDP program on a device: putting it there, taking it off, looking at it.
 *
 * Without libbpf and clang when natfwctl was built all of this is there, and
 * says that it cannot. In the namespace natfwctl is in.
 */
#ifndef _NATFWCTL_XDP_H
#define _NATFWCTL_XDP_H

#include <stdbool.h>
#include <stdint.h>

enum xdp_mode {
	XDP_MODE_OFF,
	XDP_MODE_AUTO,		/* native, or generic, or none and a note */
	XDP_MODE_NATIVE,	/* within the driver */
	XDP_MODE_GENERIC,	/* by the kernel, for any device */
};

struct xdp_state {
	enum xdp_mode mode;	/* never AUTO */
	bool ours;
	uint32_t id;		/* of the program */
	char name[16];		/* what it is called; "" if we may not know */
	bool counted;		/* what follows is valid */
	uint64_t dropped, passed, redirected;
};

/* "native", "generic", "off"; NULL is AUTO. False if @text is nothing of these. */
bool xdp_mode_parse(const char *text, enum xdp_mode *mode);
const char *xdp_mode_name(enum xdp_mode mode);
/* What is on @ifname. */
void xdp_look(const char *ifname, struct xdp_state *s);
/*
 * True if @mode may be put on @ifname: there is no program of another's. Says why
 * not otherwise.
 */
bool xdp_allowed(const char *ifname, enum xdp_mode mode);
/*
 * Put the program on @ifname, in place of an earlier one of ours. With AUTO what
 * is not possible is a note and true; otherwise an error, and false.
 */
bool xdp_put(const char *ifname, enum xdp_mode mode);
/* Take ours off, if it is there. False with an error if that fails. */
bool xdp_take(const char *ifname);

#endif /* _NATFWCTL_XDP_H */
