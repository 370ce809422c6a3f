/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration file:
 *
 *	# comment
 *	net set SETTING...
 *	pool add NAME ...
 *	dev attach DEV ...
 *	rule add SPEC
 *
 * One statement a line; a backslash at the end of a line continues it; words
 * with blanks are quoted. The order of rules with equal priority is that of
 * the file.
 *
 * Rules are kept encoded (ruleset.h). A config owns all it refers to and keeps
 * the text, to quote from it in errors.
 */
#ifndef _NATFWCTL_CONFIG_H
#define _NATFWCTL_CONFIG_H

#include "model.h"
#include "ruleset.h"
#include "words.h"
#include "xdp.h"

struct config_dev {
	struct natfw_dev dev;
	bool has_xdp;			/* the file says what of XDP there is to be */
	enum xdp_mode xdp;
	unsigned int line;
};

struct config_pool {
	struct natfw_pool pool;
	unsigned int line;
};

struct config_error {
	unsigned int line;
	char token[64];
	char text[256];
};

struct config {
	char *text;			/* the file, NUL at the end */
	size_t len;
	struct natfw_net net;		/* only what the file sets */
	unsigned int net_line;
	struct natfw_list devs;		/* struct config_dev */
	struct natfw_list pools;	/* struct config_pool */
	struct ruleset rules;
	uint8_t owner[NATFW_OWNER_LEN];	/* rules without owner get this one */
	struct config_error error;
};

/*
 * Parse @len bytes of @text. Rules get owner @owner (16 bytes) and may name no
 * other one. False with c->error set; config_fini() is due in any case.
 */
bool config_parse(struct config *c, const char *text, size_t len, const uint8_t *owner);
/* The same for the file @path, "-" being standard input. */
bool config_load(struct config *c, const char *path, const uint8_t *owner);
void config_fini(struct config *c);
/* The pool or device of that name, or NULL. */
const struct config_pool *config_pool(const struct config *c, const char *name);
const struct config_dev *config_dev(const struct config *c, const char *ifname);
/*
 * The word of line @line that attribute @attr (a path such as "match.src-len")
 * came from, in @buf; the line's second word if that cannot be told.
 */
void config_token(const struct config *c, unsigned int line, const char *attr, char *buf,
		  size_t size);

#endif /* _NATFWCTL_CONFIG_H */
