/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values as people write and read them.
 *
 * Readers consume words; on failure they note the error and return false.
 */
#ifndef _NATFWCTL_VALUE_H
#define _NATFWCTL_VALUE_H

#include <stdio.h>

#include "model.h"
#include "words.h"

/* An address with what may be written behind it. */
struct endpoint {
	struct natfw_addr addr;	/* len 0: any */
	uint32_t len;		/* prefix length in bits; all of them by default */
	bool has_port;
	uint32_t port, port_max;
};

/* Decimal or 0x number within [@min, @max]; the whole of @s. */
bool number_parse(const char *s, uint64_t min, uint64_t max, uint64_t *v);
/* The next word as a number; @what names it in errors. */
bool read_number(struct words *w, const char *what, uint32_t min, uint32_t max, uint32_t *v);
bool read_id(struct words *w, uint64_t *id);
/* Seconds: plain, or with units as in 1h30m, 2d, 90s; "never" or "none" is 0. */
bool read_seconds(struct words *w, const char *what, uint32_t *v);
/* P or P-P; service names allowed. */
bool read_ports(struct words *w, uint32_t min, uint32_t *first, uint32_t *last);
/* ADDR[/LEN][:P[-P]], [ADDR]:P, any. */
bool read_endpoint(struct words *w, struct endpoint *ep);
bool read_addr(struct words *w, struct natfw_addr *a);
/* One of the names in @names. */
bool read_name(struct words *w, const char *what, const struct natfw_names *names,
	       uint32_t *v);
/* A device name, at most 15 bytes. */
bool read_ifname(struct words *w, char *ifname);
/* A rule or pool name, allocated. */
bool read_text(struct words *w, const char *what, char **text);
/* 32 hex digits, dashes and colons allowed between; "0" is all zero. */
bool read_owner(struct words *w, uint8_t *owner);
bool owner_parse(const char *s, uint8_t *owner);
bool read_proto(struct words *w, uint32_t *proto);

#define OWNER_TEXT	33
const char *owner_text(const uint8_t *owner, char *buf);
bool owner_is_zero(const uint8_t *owner);
/* Quoted where it would not be read back as one word. */
void print_text(FILE *f, const char *s);
/* ADDR or ADDR/LEN. */
void print_prefix(FILE *f, const struct natfw_addr *a, uint32_t len);
/* ADDR:PORT, brackets around IPv6. */
void print_endpoint(FILE *f, const struct natfw_addr *a, uint32_t port);
void print_ports(FILE *f, uint32_t first, uint32_t last);
void print_proto(FILE *f, uint32_t proto);
/* Such as 1h4m: for people, never for files. */
const char *duration_text(uint64_t seconds, char *buf, size_t size);
/* Such as 1.2M: for people. */
const char *amount_text(uint64_t n, char *buf, size_t size);

#endif /* _NATFWCTL_VALUE_H */
