// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "limit.h"
#include "outfit.h"
#include "supply.h"

#define PART		32768	/* octets of a configuration in one message */
#define KIND_MAX	64	/* descriptors of one kind */

/* ------------------------------------------------------------------ set-up and configuration */

/* A process gets the keys that are its business. */
static struct conf *conf_for(const struct conf *whole, enum proc_id id)
{
	void *packed;
	size_t len;
	struct conf *c;
	unsigned int i;

	if (conf_pack(whole, &packed, &len))
		return NULL;
	c = conf_unpack(packed, len);
	explicit_bzero(packed, len);
	free(packed);
	for (i = 0; c && i < c->key_count; i++)
		if (id == PROC_CTL || id == PROC_MGMT ||
		    (id == PROC_SIG && c->keys[i].id != c->nslp.key_id))
			explicit_bzero(c->keys[i].secret, sizeof(c->keys[i].secret));
	return c;
}

static int give_parts(struct child *c, enum msg_type type, const uint8_t *packed, size_t len)
{
	struct proc_part part = { (uint32_t)len, 0 };
	int err = 0;

	do {
		size_t n = len - part.at < PART ? len - part.at : PART;

		err = channel_send(c->channel, type, &part, sizeof(part), packed + part.at, n, -1);
		part.at += (uint32_t)n;
	} while (!err && part.at < len);
	return err;
}

int outfit_give_conf(struct child *c, enum msg_type type, const struct conf *whole)
{
	struct conf *own = conf_for(whole, c->id);
	void *packed;
	size_t len;
	int err = own ? conf_pack(own, &packed, &len) : -ENOMEM;

	conf_free(own);
	if (err)
		return err;
	err = give_parts(c, type, packed, len);
	explicit_bzero(packed, len);
	free(packed);
	return err;
}

int outfit_give_setup(struct child *c, const struct conf *conf, const uint8_t secret[SECRET_SIZE], uid_t uid,
		      gid_t gid)
{
	struct proc_setup s = { .uid = uid, .gid = gid, .to_syslog = conf->syslog };
	int err = secret_derive(secret, c->id, &s.secrets);

	snprintf(s.chroot, sizeof(s.chroot), "%s", conf->chroot);
	memcpy(s.level, conf->level, sizeof(s.level));
	if (!err)
		err = channel_send(c->channel, MSG_SETUP, &s, sizeof(s), NULL, 0, -1);
	explicit_bzero(&s, sizeof(s));
	return err;
}

/* ------------------------------------------------------------------ sockets and files */

static int give_fd(struct child *c, enum proc_socket which, uint32_t arg, int fd)
{
	struct proc_fd what = { which, arg };

	return channel_send(c->channel, MSG_SOCKET, &what, sizeof(what), NULL, 0, fd);
}

static void open_failed(enum proc_socket which, int err)
{
	log_error(SUB_MAIN, "cannot open %s: %s", supply_name(which),
		  err == -ESTALE ? "no such file" : strerror(-err));
}

/* Everything of one kind. The first start fails where something is missing, later ones go on. */
static int give_kind(struct child *c, const struct conf *conf, enum proc_socket which)
{
	uint32_t arg;
	int fd, err = 0;

	for (arg = 0; !err && arg < KIND_MAX; arg++) {
		fd = supply_open(conf, c->id, which, arg);
		if (fd == -ENOENT)
			return 0;
		if (fd == -EAFNOSUPPORT) {
			log_info(SUB_MAIN, "%s: not on this system", supply_name(which));
			continue;
		}
		if (fd < 0) {
			open_failed(which, fd);
			if (c->lives == 1)
				return fd;
		}
		err = give_fd(c, which, arg, fd < 0 ? -1 : fd);
		if (fd < 0)
			return err;
	}
	return err;
}

int outfit_give_sockets(struct child *c, const struct conf *conf)
{
	enum proc_socket which;
	int err = 0;

	for (which = SOCKET_UDP4; !err && which <= SOCKET_CA; which++)
		if (supply_for(c->id, which))
			err = give_kind(c, conf, which);
	return err;
}

void outfit_give_asked(struct child *c, const struct conf *conf, const struct proc_fd *ask)
{
	int fd;

	/* each of them is one of ours until it is taken: who asks for more than there are does not take them */
	if (channel_descriptors(c->channel) > limit_asked(conf))
		return;
	fd = supply_open(conf, c->id, ask->which, ask->arg);
	if (fd < 0 && fd != -ENOENT)
		open_failed(ask->which, fd);
	give_fd(c, ask->which, ask->arg, fd < 0 ? -1 : fd);
}

/* ------------------------------------------------------------------ channels to the others */

static int give_channel(struct child *c, const struct child *peer, bool again, int fd)
{
	struct proc_wire w = { peer->id, again };

	return channel_send(c->channel, MSG_CHANNEL, &w, sizeof(w), NULL, 0, fd);
}

int outfit_connect(struct child *c, struct child *peer)
{
	int pair[2], err = channel_pair(pair);

	if (err)
		return err;
	err = give_channel(c, peer, false, pair[0]);
	if (err) {
		close(pair[1]);
		return err;
	}
	err = give_channel(peer, c, c->lives > 1, pair[1]);
	/* one that has just died is buried soon; if it lives again, that connects it */
	return err == -EPIPE || err == -ECONNRESET ? 0 : err;
}
