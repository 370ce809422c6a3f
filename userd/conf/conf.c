// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/build.h"

/* ------------------------------------------------------------------ reading */

static struct conf *from_tree(struct lyd_node *tree, struct conf_error *e)
{
	struct conf *c = build_conf(tree, e);

	if (!c)
		return NULL;
	c->tree = build_text(tree);
	if (c->tree)
		return c;
	snprintf(e->text, sizeof(e->text), "out of memory");
	conf_free(c);
	return NULL;
}

static struct conf *from_yaml(const struct doc_value *file, struct conf_error *e)
{
	struct ly_ctx *ctx = schema_create();
	struct lyd_node *tree;
	struct conf *c = NULL;

	if (!ctx) {
		snprintf(e->text, sizeof(e->text), "the schema cannot be read");
		return NULL;
	}
	tree = tree_create(ctx, file, e);
	if (tree)
		c = from_tree(tree, e);
	lyd_free_all(tree);
	ly_ctx_destroy(ctx);
	return c;
}

struct conf *conf_read_text(const char *text, size_t len, struct conf_error *e)
{
	struct doc_value *file = doc_read(text, len, e);
	struct conf *c;

	if (!file)
		return NULL;
	c = from_yaml(file, e);
	doc_free(file);
	return c;
}

static bool fail(struct conf_error *e, const char *what)
{
	snprintf(e->text, sizeof(e->text), "%s", what);
	return false;
}

static bool read_all(int fd, char **text, size_t *len, struct conf_error *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return fail(e, strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return fail(e, "not a file");
	*text = malloc(CONF_FILE_MAX + 1);
	if (!*text)
		return fail(e, "out of memory");
	for (*len = 0; *len <= CONF_FILE_MAX; *len += (size_t)n) {
		n = read(fd, *text + *len, CONF_FILE_MAX + 1 - *len);
		if (n < 0)
			return fail(e, strerror(errno));
		if (!n)
			return true;
	}
	return fail(e, "larger than 4 MiB");
}

/* Keys are in it, and others can read them. */
static void check_mode(int fd, const struct conf *c, const char *file)
{
	struct stat st;

	if (c && c->key_count && !fstat(fd, &st) && st.st_mode & 077)
		log_warn(SUB_CONF, "%s has keys in it, and is not for its owner alone", file);
}

void conf_check_interfaces(const struct conf *c)
{
	unsigned int i;

	for (i = 0; i < c->interfaces; i++)
		if (!if_nametoindex(c->interface[i].name))
			log_warn(SUB_CONF, "interface %s is not there yet", c->interface[i].name);
}

static struct conf *read_fd(int fd, const char *file, struct conf_source *source,
			    struct conf_error *e)
{
	struct conf *c = NULL;

	if (read_all(fd, &source->text, &source->len, e))
		c = conf_read_text(source->text, source->len, e);
	check_mode(fd, c, file);
	if (c)
		conf_check_interfaces(c);
	return c;
}

struct conf *conf_read_source(const char *file, struct conf_source *source, struct conf_error *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct conf *c;

	*e = (struct conf_error){ 0 };
	*source = (struct conf_source){ 0 };
	if (fd < 0) {
		fail(e, strerror(errno));
		return NULL;
	}
	c = read_fd(fd, file, source, e);
	close(fd);
	if (!c)
		conf_source_free(source);
	return c;
}

struct conf *conf_read(const char *file, struct conf_error *e)
{
	struct conf_source source;
	struct conf *c = conf_read_source(file, &source, e);

	conf_source_free(&source);
	return c;
}

int conf_load_text(const char *file, struct conf_source *source)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), err;
	struct conf_error e;

	*source = (struct conf_source){ 0 };
	if (fd < 0)
		return -errno;
	err = read_all(fd, &source->text, &source->len, &e) ? 0 : -EIO;
	close(fd);
	if (err)
		conf_source_free(source);
	return err;
}

void conf_source_free(struct conf_source *source)
{
	if (source->text)
		explicit_bzero(source->text, source->len);
	free(source->text);
	*source = (struct conf_source){ 0 };
}

struct conf *conf_default(void)
{
	struct conf_error e;

	return conf_read_text("", 0, &e);
}

void conf_free(struct conf *c)
{
	unsigned int i;

	if (!c)
		return;
	for (i = 0; i < c->policies; i++) {
		free(c->policy[i].from);
		free(c->policy[i].toward);
		free(c->policy[i].source);
	}
	for (i = 0; i < c->mgmt.calls; i++)
		free(c->mgmt.call[i].endpoint);
	for (i = 0; i < c->pools; i++)
		free(c->pool[i].address);
	free(c->pool);
	for (i = 0; i < c->acls; i++)
		free(c->acl[i].ace);
	for (i = 0; i < c->acl_points; i++)
		free(c->acl_point[i].acl);
	free(c->acl);
	free(c->acl_point);
	free(c->mgmt.call);
	free(c->mgmt.rule);
	free(c->mgmt.identity);
	free(c->mgmt.service);
	free(c->mgmt.listen);
	free(c->mgmt.ssh.host_key);
	free(c->mgmt.ssh.user_key);
	free(c->policy);
	free(c->interface);
	free(c->gist.address);
	free(c->gist.peer);
	if (c->keys)
		explicit_bzero(c->keys, c->key_count * sizeof(*c->keys));
	free(c->keys);
	free(c->tree);
	free(c);
}
