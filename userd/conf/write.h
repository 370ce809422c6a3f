/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tree as the text of a configuration file.
 */
#ifndef _NATFWD_CONF_WRITE_H
#define _NATFWD_CONF_WRITE_H

#include <stddef.h>

struct lyd_node;

enum write_format { WRITE_YAML, WRITE_JSON };

/* The format of the file that @text was in. */
enum write_format write_format_of(const char *text, size_t len);
/*
 * What is at the top beside @tree, secrets and all, for free(); *@len octets and a zero one. What has its default
 * value is left out, unless it came from a file that said it (tree_line()). NULL: no memory.
 */
char *write_tree(struct lyd_node *tree, enum write_format format, size_t *len);

#endif /* _NATFWD_CONF_WRITE_H */
