// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define TOP	"/natfw:natfw/"

/* Files that one process gets, or sshd; none of the others' may become one of them. */
enum kind { OF_MGMT, OF_SSHD };

struct file {
	enum kind kind;
	char path[256];
};

/* Of the configuration file. */
static struct {
	bool known;
	struct conf texts;	/* no pointer of it is used */
	struct file *file;
	size_t files;
} host;

/* ------------------------------------------------------------------ texts */

struct text {
	const char *path;
	size_t at, size;
};

#define TEXT(path, member) \
	{ TOP path, offsetof(struct conf, member), sizeof(((struct conf *)0)->member) }

static const struct text texts[] = {
	TEXT("daemon/user", user),
	TEXT("daemon/chroot", chroot),
	TEXT("daemon/state-directory", state),
	TEXT("control/socket", control.socket),
	TEXT("control/group", control.group),
	TEXT("gist/certificate", gist.certificate),
	TEXT("gist/key", gist.key),
	TEXT("gist/authority", gist.authority),
	TEXT("management/ssh/program", mgmt.ssh.program),
	TEXT("management/ssh/relay", mgmt.ssh.relay),
	TEXT("management/ssh/account", mgmt.ssh.account),
	TEXT("management/ssh/directory", mgmt.ssh.directory),
};

static bool refuse(struct conf_error *e, const char *path)
{
	snprintf(e->path, sizeof(e->path), "%s", path);
	snprintf(e->text, sizeof(e->text), "not for managers: set it in the configuration file");
	return false;
}

static bool texts_stay(const struct conf *c, struct conf_error *e)
{
	const struct text *t;

	for (t = texts; t < texts + sizeof(texts) / sizeof(texts[0]); t++)
		if (strncmp((const char *)c + t->at, (const char *)&host.texts + t->at, t->size) != 0)
			return refuse(e, t->path);
	return true;
}

/* ------------------------------------------------------------------ files */

static bool each_file(const struct conf_mgmt *m,
		      bool (*fn)(enum kind kind, const char *path, const char *leaf, void *arg),
		      void *arg)
{
	unsigned int i;

	for (i = 0; i < m->identities; i++) {
		const struct conf_identity *d = &m->identity[i];

		if (!fn(OF_MGMT, d->certificate, "identity/certificate", arg) ||
		    !fn(OF_MGMT, d->key, "identity/key", arg) ||
		    !fn(OF_MGMT, d->authority, "identity/authority", arg) ||
		    !fn(OF_MGMT, d->crl, "identity/crl", arg))
			return false;
	}
	for (i = 0; i < m->ssh.host_keys; i++)
		if (!fn(OF_SSHD, m->ssh.host_key[i].file, "ssh/host-key/file", arg))
			return false;
	return true;
}

static bool count_file(enum kind kind, const char *path, const char *leaf, void *arg)
{
	(void)kind;
	(void)path;
	(void)leaf;
	++*(size_t *)arg;
	return true;
}

static bool take_file(enum kind kind, const char *path, const char *leaf, void *arg)
{
	struct file *f = &host.file[host.files++];

	(void)leaf;
	(void)arg;
	f->kind = kind;
	snprintf(f->path, sizeof(f->path), "%s", path);
	return true;
}

static bool knows_file(enum kind kind, const char *path, const char *leaf, void *arg)
{
	char name[96];
	size_t i;

	if (!*path)
		return true;
	for (i = 0; i < host.files; i++)
		if (host.file[i].kind == kind && !strcmp(host.file[i].path, path))
			return true;
	snprintf(name, sizeof(name), TOP "management/%s", leaf);
	return refuse(arg, name);
}

/* ------------------------------------------------------------------ both */

int host_remember(const struct conf *c)
{
	size_t n = 0;

	free(host.file);
	host.files = 0;
	each_file(&c->mgmt, count_file, &n);
	host.file = calloc(n + 1, sizeof(*host.file));
	host.known = host.file;
	if (!host.known)
		return -ENOMEM;
	host.texts = *c;
	each_file(&c->mgmt, take_file, NULL);
	return 0;
}

bool host_allows(const struct conf *c, struct conf_error *e)
{
	if (!host.known)
		return refuse(e, "/natfw:natfw");
	return texts_stay(c, e) && each_file(&c->mgmt, knows_file, e);
}
