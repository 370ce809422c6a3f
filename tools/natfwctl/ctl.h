/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every verb shares: options, the connection, how errors are told.
 *
 * A verb returns the exit status: 0, CTL_REFUSED or CTL_USAGE.
 */
#ifndef _NATFWCTL_CTL_H
#define _NATFWCTL_CTL_H

#include "client.h"
#include "json.h"
#include "value.h"
#include "words.h"

#define CTL_REFUSED	1
#define CTL_USAGE	2

struct ctl_options {
	bool json;		/* -j */
	bool stats;		/* -s */
	bool all;		/* -a */
	bool verbose;		/* -v */
	bool stamp;		/* -t */
	bool dry;		/* -n */
	bool force;		/* -f */
	bool keep;		/* -k */
	bool help;		/* -h */
	bool has_xdp;		/* --xdp */
	const char *xdp;	/* its value, or NULL */
	const char *netns;	/* -N */
	const char *socket;	/* -S */
	bool has_owner;		/* -o */
	uint8_t owner[NATFW_OWNER_LEN];	/* zero unless given */
};

extern struct ctl_options ctl_opt;

struct ctl_verb {
	const char *name;
	int (*run)(struct words *w);
	const char *usage;	/* what follows the verb; lines separated by \n */
	const char *brief;
};

/*
 * Run the verb the next word of @w names, or abbreviates without ambiguity;
 * @fallback if there is no word (NULL: one is needed). @noun, as in "rule",
 * leads error messages; "" at the top.
 */
int ctl_run(const struct ctl_verb *v, unsigned int n, const char *fallback, const char *noun,
	    struct words *w);
/* The verb @name names or abbreviates, or NULL. */
const struct ctl_verb *ctl_find(const struct ctl_verb *v, unsigned int n, const char *name);
/* Print how the verbs of @noun are used. */
void ctl_help(FILE *f, const struct ctl_verb *v, unsigned int n, const char *noun);

/* The connection; on failure says why and returns NULL. Never to be closed. */
struct natfw_client *ctl_client(void);
/* A second connection, the caller's to close. */
struct natfw_client *ctl_client_new(void);
/* Say that the kernel refused; returns CTL_REFUSED. */
int ctl_refused(const struct natfw_error *e);
/* Say what is wrong in words of our own; returns CTL_REFUSED. */
int ctl_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Say that @w is wrong and how the verb is used; returns CTL_USAGE. */
int ctl_usage(const struct words *w);
/* One remark on standard error. */
void ctl_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What to do about errno @code, or NULL. */
const char *ctl_hint(int code, const char *text);
/* Carry out @cmd and tell of failure; the exit status. */
int ctl_do(unsigned int cmd, const void *obj);
/* Dump and tell of failure; false then. Tells of partial data as well. */
bool ctl_dump(unsigned int cmd, const void *filter, struct natfw_dump *d);

#endif /* _NATFWCTL_CTL_H */
