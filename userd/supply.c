// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "process.h"
#include "sshd.h"
#include "supply.h"

#define BACKLOG		64
#define PORTS		16	/* for managers */
#define RESOLV_CONF	"/etc/resolv.conf"
#define STATE_FILES	2	/* that ctl alternates between; kern uses the first */

/* A listening socket that outlives the process it is for. */
struct kept {
	int fd;
	char name[128];		/* what it is bound to */
};

static struct kept control = { .fd = -1 }, metrics = { .fd = -1 };
static struct kept ports[PORTS] = { [0 ... PORTS - 1] = { .fd = -1 } };

static const struct {
	const char *name;
	enum proc_id id;	/* PROC_COUNT: see supply_for() */
} kinds[] = {
	[SOCKET_UDP4] = { "UDP socket, IPv4", PROC_SIG },
	[SOCKET_UDP6] = { "UDP socket, IPv6", PROC_SIG },
	[SOCKET_RAW4] = { "raw socket, IPv4", PROC_SIG },
	[SOCKET_RAW6] = { "raw socket, IPv6", PROC_SIG },
	[SOCKET_TRAP] = { "trap for messages that pass by", PROC_SIG },
	[SOCKET_RAO4] = { "router alert socket, IPv4", PROC_SIG },
	[SOCKET_RAO6] = { "router alert socket, IPv6", PROC_SIG },
	[SOCKET_TCP] = { "TCP socket", PROC_SIG },
	[SOCKET_TLS] = { "TCP socket for TLS", PROC_SIG },
	[SOCKET_ROUTE] = { "route socket", PROC_SIG },
	[SOCKET_CONTROL] = { "control socket", PROC_CTL },
	[SOCKET_METRICS] = { "metrics socket", PROC_CTL },
	[SOCKET_STATE] = { "state file", PROC_COUNT },
	[SOCKET_CERT] = { "certificate", PROC_SIG },
	[SOCKET_KEY] = { "private key", PROC_SIG },
	[SOCKET_CA] = { "certificate authority", PROC_SIG },
	[SOCKET_MGMT_CERT] = { "certificate of an identity", PROC_MGMT },
	[SOCKET_MGMT_KEY] = { "private key of an identity", PROC_MGMT },
	[SOCKET_MGMT_CA] = { "certificate authority of an identity", PROC_MGMT },
	[SOCKET_MGMT_CRL] = { "revocation list of an identity", PROC_MGMT },
	[SOCKET_RESOLV] = { "resolver's configuration", PROC_MGMT },
	[SOCKET_RELAY] = { "socket for relays of sshd", PROC_MGMT },
	[SOCKET_LISTEN] = { "port for managers", PROC_MGMT },
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

const char *supply_name(enum proc_socket which)
{
	return which < KINDS ? kinds[which].name : "unknown thing";
}

bool supply_for(enum proc_id id, enum proc_socket which)
{
	if (which >= KINDS)
		return false;
	return kinds[which].id == id ||
	       (which == SOCKET_STATE && (id == PROC_CTL || id == PROC_KERN));
}

/* ------------------------------------------------------------------ kept sockets */

static void forget(struct kept *k)
{
	if (k->fd >= 0)
		close(k->fd);
	k->fd = -1;
	*k->name = 0;
}

static int copy_of(const struct kept *k)
{
	int fd = fcntl(k->fd, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

static int keep(struct kept *k, const char *name, int fd)
{
	if (fd < 0)
		return fd;
	forget(k);
	k->fd = fd;
	snprintf(k->name, sizeof(k->name), "%s", name);
	return copy_of(k);
}

/* ------------------------------------------------------------------ control */

/* A socket file that nobody listens at is a left-over. */
static int clear_path(const struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), alive;

	if (fd < 0)
		return -errno;
	alive = !connect(fd, (const struct sockaddr *)at, sizeof(*at));
	close(fd);
	if (alive)
		return -EADDRINUSE;
	return unlink(at->sun_path) && errno != ENOENT ? -errno : 0;
}

/* 0660 root:group; without a group nobody but root. */
static int set_group(const char *path, const char *name)
{
	const struct group *g = *name ? getgrnam(name) : NULL;

	if (*name && !g)
		log_error(SUB_MAIN, "no group %s: the control socket is for root only", name);
	if (lchown(path, 0, g ? g->gr_gid : 0) || chmod(path, g ? 0660 : 0600))
		return -errno;
	return 0;
}

static int make_parent(const char *path)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", path);
	return mkdir(dirname(dir), 0755) && errno != EEXIST ? -errno : 0;
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	mode_t old;
	int fd, err;

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	err = clear_path(&at);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	old = umask(0177);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, BACKLOG)) {
		err = -errno;
		close(fd);
	}
	umask(old);
	return err ? err : fd;
}

static int open_control(const struct conf *c)
{
	const char *path = c->control.socket;
	int fd, err;

	if (control.fd >= 0 && !strcmp(control.name, path)) {
		err = set_group(path, c->control.group);
		return err ? err : copy_of(&control);
	}
	err = make_parent(path);
	if (err)
		return err;
	fd = listen_at(path);
	if (fd < 0)
		return fd;
	if (control.fd >= 0)
		(void)unlink(control.name);
	err = set_group(path, c->control.group);
	if (err) {
		close(fd);
		return err;
	}
	return keep(&control, path, fd);
}

/* ------------------------------------------------------------------ metrics */

static int listen_on(const struct endpoint *e)
{
	struct sockaddr_storage ss;
	socklen_t len = endpoint_to_sockaddr(e, &ss);
	int on = 1, err, fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) &&
	    (ss.ss_family != AF_INET6 ||
	     !setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) &&
	    !bind(fd, (struct sockaddr *)&ss, len) && !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int open_metrics(const struct conf *c)
{
	char name[ENDPOINT_TEXT];

	if (!address_is_set(&c->control.metrics.address)) {
		forget(&metrics);
		return -ENOENT;
	}
	endpoint_text(&c->control.metrics, name);
	if (metrics.fd >= 0 && !strcmp(metrics.name, name))
		return copy_of(&metrics);
	forget(&metrics);
	return keep(&metrics, name, listen_on(&c->control.metrics));
}

/* ------------------------------------------------------------------ managers */

void supply_conf(const struct conf *c)
{
	const struct conf_mgmt *m = &c->mgmt;
	struct endpoint e;
	char name[ENDPOINT_TEXT];
	unsigned int i, n;

	for (n = 0; n < PORTS; n++) {
		for (i = 0; i < m->listens; i++) {
			e = (struct endpoint){ m->listen[i].e.local, m->listen[i].e.local_port };
			if (!strcmp(ports[n].name, endpoint_text(&e, name)))
				break;
		}
		if (i == m->listens)
			forget(&ports[n]);
	}
}

static int open_port(const struct conf_mgmt *m, uint32_t arg)
{
	struct endpoint e;
	char name[ENDPOINT_TEXT];
	unsigned int n;

	if (arg >= m->listens)
		return -ENOENT;
	e = (struct endpoint){ m->listen[arg].e.local, m->listen[arg].e.local_port };
	endpoint_text(&e, name);
	for (n = 0; n < PORTS; n++)
		if (ports[n].fd >= 0 && !strcmp(ports[n].name, name))
			return copy_of(&ports[n]);
	for (n = 0; n < PORTS && ports[n].fd >= 0; n++)
		;
	return n < PORTS ? keep(&ports[n], name, listen_on(&e)) : -ENFILE;
}

/* ------------------------------------------------------------------ files */

static int open_state(const struct conf *c, enum proc_id id, uint32_t arg)
{
	char path[sizeof(c->state) + 32];
	int fd;

	if (arg >= STATE_FILES)
		return -ENOENT;
	snprintf(path, sizeof(path), "%s/%s.%u", c->state, process_name(id), arg);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : fd;
}

static const char *tls_file(const struct conf *c, enum proc_socket which)
{
	if (!c->gist.tls)
		return "";
	return which == SOCKET_CERT ? c->gist.certificate :
	       which == SOCKET_KEY ? c->gist.key : c->gist.authority;
}

static const char *identity_file(const struct conf_identity *i, enum proc_socket which)
{
	switch (which) {
	case SOCKET_MGMT_CERT:
		return i->certificate;
	case SOCKET_MGMT_KEY:
		return i->key;
	case SOCKET_MGMT_CA:
		return i->authority;
	default:
		return i->crl;
	}
}

static int open_file(const char *path)
{
	int fd;

	if (!*path)
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd >= 0 ? fd : errno == ENOENT ? -ESTALE : -errno;
}

static int open_for_mgmt(const struct conf *c, enum proc_socket which, uint32_t arg)
{
	if (which == SOCKET_RESOLV)
		return open_file(RESOLV_CONF);
	if (which == SOCKET_RELAY)
		return sshd_relay_socket(c);
	if (which == SOCKET_LISTEN)
		return open_port(&c->mgmt, arg);
	if (arg >= c->mgmt.identities)
		return -ENOENT;
	return open_file(identity_file(&c->mgmt.identity[arg], which));
}

int supply_open(const struct conf *c, enum proc_id id, enum proc_socket which, uint32_t arg)
{
	if (!supply_for(id, which))
		return -EACCES;
	if (which == SOCKET_STATE)
		return open_state(c, id, arg);
	if (kinds[which].id == PROC_MGMT)
		return open_for_mgmt(c, which, arg);
	if (arg && kinds[which].id != PROC_SIG)
		return -ENOENT;
	switch (which) {
	case SOCKET_CONTROL:
		return open_control(c);
	case SOCKET_METRICS:
		return open_metrics(c);
	case SOCKET_CERT:
	case SOCKET_KEY:
	case SOCKET_CA:
		return arg ? -ENOENT : open_file(tls_file(c, which));
	default:
		return sig_socket_open(c, which, arg);
	}
}

static const char *check_identities(const struct conf_mgmt *m)
{
	enum proc_socket which;
	unsigned int i;

	for (i = 0; i < m->identities; i++)
		for (which = SOCKET_MGMT_CERT; which <= SOCKET_MGMT_CRL; which++) {
			const char *path = identity_file(&m->identity[i], which);

			if (*path && access(path, R_OK))
				return path;
		}
	return NULL;
}

const char *supply_check(const struct conf *c)
{
	enum proc_socket which;
	const char *path;

	for (which = SOCKET_CERT; which <= SOCKET_CA; which++) {
		path = tls_file(c, which);
		if (*path && access(path, R_OK))
			return path;
	}
	path = check_identities(&c->mgmt);
	return path ? path : sshd_check(c);
}

/* ------------------------------------------------------------------ directories */

static int make_directory(const char *path, mode_t mode)
{
	struct stat st;

	if (make_parent(path) || (mkdir(path, mode) && errno != EEXIST) || stat(path, &st))
		goto failed;
	errno = ENOTDIR;
	if (!S_ISDIR(st.st_mode))
		goto failed;
	return 0;
failed:
	log_error(SUB_MAIN, "directory %s: %s", path, strerror(errno));
	return -errno;
}

static int check_chroot(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!st.st_uid && !(st.st_mode & 022))
		return 0;
	log_error(SUB_MAIN, "directory %s: must be root's, and nobody else may write there", path);
	return -EPERM;
}

int supply_directories(const struct conf *c)
{
	int err = make_directory(c->state, 0700);

	if (!err)
		err = make_directory(c->chroot, 0755);
	return err ? err : check_chroot(c->chroot);
}

void supply_close(void)
{
	if (control.fd >= 0)
		(void)unlink(control.name);
	forget(&control);
	forget(&metrics);
}
