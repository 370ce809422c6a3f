// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <shadow.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "relay/relay.h"
#include "sshd.h"

#define SSHD_MAX	128	/* at the same time */
#define KILL_MS		2000	/* between asking and killing */
#define BACKLOG		64
#define GRACE_MORE	5	/* s that sshd has more than mgmt for authentication: mgmt knows why it ends */
#define PRIVSEP		"/run/sshd"	/* sshd's empty directory */

struct sshd {
	struct sshd *next;
	uint32_t id;		/* mgmt's */
	unsigned int number;	/* of its file */
	pid_t pid;
	int log;
	struct event *readable, *timer;
	bool quiet;		/* mgmt does not ask any more */
	bool asked;		/* to end */
	bool left;
	char line[256];
	size_t len;
	char why[96];
};

static struct {
	struct event_base *base;
	sshd_tell *tell;
	struct sshd *all;
	unsigned int count, last;
	char directory[84];	/* as made; empty: not yet */
	int relay;		/* listening */
} s = { .relay = -1 };

/* ------------------------------------------------------------------ what is wanted */

static bool uses_ssh(const struct conf_call *c)
{
	unsigned int i;

	for (i = 0; i < c->endpoints; i++)
		if (c->endpoint[i].transport == CALL_SSH_TRANSPORT)
			return true;
	return false;
}

bool sshd_wanted(const struct conf *c)
{
	unsigned int i;

	for (i = 0; i < c->mgmt.calls; i++)
		if (uses_ssh(&c->mgmt.call[i]))
			return true;
	for (i = 0; i < c->mgmt.listens; i++)
		if (c->mgmt.listen[i].e.transport == CALL_SSH_TRANSPORT)
			return true;
	return false;
}

static const char *relay_program(const struct conf_ssh *c)
{
	return *c->relay ? c->relay : NATFWD_RELAY;
}

static const struct passwd *account(const struct conf_ssh *c)
{
	const struct passwd *p = getpwnam(c->account);

	if (!p || !p->pw_uid)
		errno = p ? EPERM : ENOENT;
	return p && p->pw_uid ? p : NULL;
}

const char *sshd_check(const struct conf *c)
{
	const struct conf_ssh *ssh = &c->mgmt.ssh;
	unsigned int i;

	if (!sshd_wanted(c))
		return NULL;
	if (access(ssh->program, X_OK))
		return ssh->program;
	if (access(relay_program(ssh), X_OK))
		return relay_program(ssh);
	for (i = 0; i < ssh->host_keys; i++)
		if (access(ssh->host_key[i].file, R_OK))
			return ssh->host_key[i].file;
	return account(ssh) ? NULL : "management/ssh/account";
}

/* ------------------------------------------------------------------ files */

static void path_of(char path[128], const char *name)
{
	snprintf(path, 128, "%s/%s", s.directory, name);
}

static void conf_path(char path[128], unsigned int number)
{
	char name[32];

	snprintf(name, sizeof(name), "%u.conf", number);
	path_of(path, name);
}

static int write_whole(const char *path, const char *text, size_t len, mode_t mode, gid_t gid)
{
	int fd, err = 0;

	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != (ssize_t)len)
		err = -EIO;
	if (!err && (fchown(fd, 0, gid) || fchmod(fd, mode)))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Nobody may put anything into it but root; the account looks into it for "keys". */
static int make_directory(const char *path)
{
	struct stat st;
	char parent[84], *slash;

	snprintf(parent, sizeof(parent), "%s", path);
	slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = 0;
		if (mkdir(parent, 0755) && errno != EEXIST)
			return -errno;
	}
	if ((mkdir(path, 0711) && errno != EEXIST) || lstat(path, &st))
		return -errno;
	return S_ISDIR(st.st_mode) && !st.st_uid && !(st.st_mode & 022) ? 0 : -EPERM;
}

static void remove_files(void)
{
	DIR *d = *s.directory ? opendir(s.directory) : NULL;
	struct dirent *e;
	char path[128];

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		if (n <= 5 || n > 20 || strcmp(e->d_name + n - 5, ".conf") != 0)
			continue;
		path_of(path, e->d_name);
		(void)unlink(path);
	}
	if (d)
		closedir(d);
}

static void put_hex(FILE *out, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len; len--, p++)
		fprintf(out, "%02x", *p);
}

/* Whose key it is, is told to the relay; it is all that a manager with that key gets. */
static void put_key(FILE *out, const struct conf_ssh *c, const struct conf_user_key *k)
{
	const char *octets = strchr(k->key, ' ');
	int len = octets ? (int)(octets - k->key + 1 + (long)strcspn(octets + 1, " ")) : 0;

	/* a child without privileges has checked it, which may have been lied to: one key is one line */
	if (!len || strpbrk(k->key, "\r\n"))
		return;
	fprintf(out, "command=\"%s %s/relay ", relay_program(c), s.directory);
	put_hex(out, k->user, strlen(k->user));
	fprintf(out, "\",restrict %.*s\n", len, k->key);
}

static int write_keys(const struct conf_ssh *c, gid_t gid)
{
	char path[128], new[128], *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	unsigned int i;
	int err;

	if (!out)
		return -ENOMEM;
	for (i = 0; i < c->user_keys; i++)
		put_key(out, c, &c->user_key[i]);
	err = fclose(out) ? -ENOMEM : 0;
	path_of(path, "keys");
	path_of(new, "keys.new");
	if (!err)
		err = write_whole(new, text, len, 0640, gid);
	free(text);
	if (!err && rename(new, path))
		err = -errno;
	return err;
}

/* sshd says so to itself only. */
static void look_at_account(const char *name)
{
	const struct spwd *p = getspnam(name);

	if (p && *p->sp_pwdp == '!')
		log_error(SUB_MGMT, "account %s is locked, so sshd lets nobody in: usermod -p '*' %s",
			  name, name);
}

int sshd_conf(const struct conf *c)
{
	const struct conf_ssh *ssh = &c->mgmt.ssh;
	const struct passwd *p;
	bool first = !*s.directory;
	int err;

	if (!sshd_wanted(c))
		return 0;
	p = account(ssh);
	if (!p)
		return -errno;
	look_at_account(ssh->account);
	err = make_directory(ssh->directory);
	if (err)
		return err;
	if (strcmp(s.directory, ssh->directory) != 0) {
		snprintf(s.directory, sizeof(s.directory), "%s", ssh->directory);
		if (s.relay >= 0)
			close(s.relay);
		s.relay = -1;
	}
	if (first)
		remove_files();
	(void)mkdir(PRIVSEP, 0755);
	return write_keys(ssh, p->pw_gid);
}

/* ------------------------------------------------------------------ sshd_config */

static const char fixed[] =
	"AuthenticationMethods publickey\n"
	"PubkeyAuthentication yes\n"
	"PasswordAuthentication no\n"
	"KbdInteractiveAuthentication no\n"
	"HostbasedAuthentication no\n"
	"GSSAPIAuthentication no\n"
	"KerberosAuthentication no\n"
	"PermitEmptyPasswords no\n"
	"PermitRootLogin no\n"
	"UsePAM no\n"
	/* made by root in a directory that is root's; those above may be anywhere */
	"StrictModes no\n"
	"AuthorizedPrincipalsFile none\n"
	"TrustedUserCAKeys none\n"
	"DisableForwarding yes\n"
	"AllowTcpForwarding no\n"
	"AllowStreamLocalForwarding no\n"
	"AllowAgentForwarding no\n"
	"X11Forwarding no\n"
	"PermitTunnel no\n"
	"GatewayPorts no\n"
	"PermitTTY no\n"
	"PermitUserRC no\n"
	"PermitUserEnvironment no\n"
	"PermitListen none\n"
	"PermitOpen none\n"
	"PrintMotd no\n"
	"PrintLastLog no\n"
	"Banner none\n"
	"VersionAddendum none\n"
	"PidFile none\n"
	"UseDNS no\n"
	"TCPKeepAlive yes\n"
	/* one session at a time; another channel is refused */
	"MaxSessions 1\n"
	"RequiredRSASize 2048\n"
	/* what is left of SHA-1 and short tags (RFC 9142) */
	"MACs -*sha1*,umac-64*\n"
	"HostKeyAlgorithms -ssh-rsa*\n"
	"LogLevel VERBOSE\n";

static void put_conf(FILE *out, const struct conf_ssh *c, const struct conf_endpoint *e,
		     unsigned int seconds, const uint8_t token[16])
{
	unsigned int i;

	fputs(fixed, out);
	for (i = 0; i < c->host_keys; i++)
		if (!e->host_keys || e->host_keys & 1u << i)
			fprintf(out, "HostKey %s\n", c->host_key[i].file);
	fprintf(out, "AllowUsers %s\n", c->account);
	fprintf(out, "AuthorizedKeysFile %s/keys\n", s.directory);
	fprintf(out, "MaxAuthTries %u\n", c->attempts);
	fprintf(out, "LoginGraceTime %u\n", seconds + GRACE_MORE);
	/* a request that nobody knows, to which any answer will do (RFC 8071, 3.1, S7) */
	fprintf(out, "ClientAliveInterval %u\nClientAliveCountMax %u\n", e->keep_wait,
		e->keep_attempts);
	fputs("Subsystem netconf " RELAY_COMMAND, out);
	put_hex(out, token, 16);
	fputc('\n', out);
}

static int write_conf(const char *path, const struct conf_ssh *c, const struct conf_endpoint *e,
		      unsigned int seconds, const uint8_t token[16])
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int err;

	if (!out)
		return -ENOMEM;
	put_conf(out, c, e, seconds, token);
	err = fclose(out) ? -ENOMEM : write_whole(path, text, len, 0600, 0);
	if (text)
		explicit_bzero(text, len);
	free(text);
	return err;
}

/* ------------------------------------------------------------------ the end of one */

static void forget(struct sshd *d)
{
	struct sshd **at = &s.all;
	char path[128];

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	s.count--;
	conf_path(path, d->number);
	(void)unlink(path);
	if (d->readable)
		event_free(d->readable);
	if (d->timer)
		event_free(d->timer);
	if (d->log >= 0)
		close(d->log);
	free(d);
}

static void tell_end(uint32_t id, enum ssh_how how, const char *why)
{
	struct ssh_end e = { .id = id, .how = how };

	snprintf(e.why, sizeof(e.why), "%s", why);
	s.tell(MSG_SSH_END, &e, sizeof(e));
}

static void signal_all_of(const struct sshd *d, int sig)
{
	if (d->pid && kill(-d->pid, sig) && errno == ESRCH)
		(void)kill(d->pid, sig);
}

static void ask_to_end(struct sshd *d)
{
	const struct timeval late = { KILL_MS / 1000, 0 };

	signal_all_of(d, SIGTERM);
	d->asked = true;
	event_add(d->timer, &late);
}

/* The time it had to end by itself is over, or that to do as it was asked to. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct sshd *d = arg;

	(void)fd;
	(void)what;
	if (d->asked)
		signal_all_of(d, SIGKILL);
	else
		ask_to_end(d);
}

static struct sshd *find(uint32_t id)
{
	struct sshd *d;

	for (d = s.all; d && (d->quiet || d->id != id); d = d->next)
		;
	return d;
}

void sshd_stop(const struct ssh_stop *stop)
{
	struct sshd *d = find(stop->id);
	struct timeval tv = { stop->ms / 1000 % 60, stop->ms % 1000 * 1000 };

	if (!d || d->asked)
		return;
	if (stop->ms)
		event_add(d->timer, &tv);
	else
		ask_to_end(d);
}

void sshd_stop_all(void)
{
	struct sshd *d;

	for (d = s.all; d; d = d->next) {
		d->quiet = true;
		ask_to_end(d);
	}
}

/* ------------------------------------------------------------------ what it says */

/* Said on every way out, or of none. */
static bool is_reason(const char *line)
{
	static const char *const others[] = {
		"Transferred:", "Close session:", "Closing connection", "Disconnected from",
		"User child", "Starting session", "Connection from",
	};
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strncmp(line, others[i], strlen(others[i])))
			return false;
	return true;
}

/* A line of sshd; what of it came from the other end, sshd has made printable. */
static void take_line(struct sshd *d)
{
	char *end;
	size_t i;

	d->line[d->len] = 0;
	for (i = 0; i < d->len; i++)
		if (!isprint((unsigned char)d->line[i]))
			d->line[i] = i + 1 < d->len ? '?' : ' ';
	d->len = 0;
	end = strstr(d->line, " [preauth]");
	if (end)
		*end = 0;
	log_info(SUB_MGMT, "sshd[%d] %s", (int)d->pid, d->line);
	d->left |= !strncmp(d->line, "Received disconnect from ", 25);
	if (is_reason(d->line))
		snprintf(d->why, sizeof(d->why), "%.95s", d->line);
}

static void take_text(struct sshd *d, const char *text, size_t len)
{
	for (; len; len--, text++) {
		if (*text == '\n')
			take_line(d);
		else if (*text != '\r' && d->len < sizeof(d->line) - 1)
			d->line[d->len++] = *text;
	}
}

/* False: no more will come. */
static bool read_log(struct sshd *d)
{
	char text[4096];
	ssize_t n = read(d->log, text, sizeof(text));

	if (n > 0)
		take_text(d, text, (size_t)n);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_log(evutil_socket_t fd, short what, void *arg)
{
	struct sshd *d = arg;

	(void)fd;
	(void)what;
	if (!read_log(d))
		event_del(d->readable);
}

/* ------------------------------------------------------------------ the start of one */

/* In the new process: nothing of the monitor's but the connection, and where it logs. */
static void run(const char *program, const char *path, int fd, int log)
{
	char *const argv[] = { (char *)program, (char *)"-i", (char *)"-e", (char *)"-f",
			       (char *)path, NULL };
	char *const env[] = { NULL };
	sigset_t none;
	int i;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)setpgid(0, 0);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	umask(022);
	if (chdir("/") || dup2(log, STDERR_FILENO) < 0 || dup2(fd, STDIN_FILENO) < 0 ||
	    dup2(fd, STDOUT_FILENO) < 0)
		_exit(127);
	execve(program, argv, env);
	dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

/* sshd reads and writes as programs do that know nothing of being asked again. */
static bool is_connection(int fd)
{
	int type = 0, flags = fcntl(fd, F_GETFL);
	socklen_t len = sizeof(type);

	return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) && type == SOCK_STREAM &&
	       flags >= 0 && !fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

static int spawn(struct sshd *d, const struct conf_ssh *c, int fd)
{
	char path[128];
	int pipes[2];

	conf_path(path, d->number);
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	d->log = pipes[0];
	/* sshd waits where its log does not go on */
	(void)fcntl(pipes[1], F_SETFL, 0);
	d->readable = event_new(s.base, d->log, EV_READ | EV_PERSIST, on_log, d);
	d->timer = evtimer_new(s.base, on_timer, d);
	if (!d->readable || !d->timer || event_add(d->readable, NULL)) {
		close(pipes[1]);
		return -ENOMEM;
	}
	fflush(NULL);
	d->pid = fork();
	if (!d->pid)
		run(c->program, path, fd, pipes[1]);
	close(pipes[1]);
	if (d->pid < 0) {
		d->pid = 0;
		return -errno;
	}
	(void)setpgid(d->pid, d->pid);
	return 0;
}

static const struct conf_endpoint *find_listener(const struct conf_mgmt *m,
						 const struct ssh_start *start, unsigned int *seconds)
{
	const struct conf_listen *l;
	unsigned int i;

	for (i = 0; i < m->listens; i++) {
		l = &m->listen[i];
		*seconds = l->authentication_time;
		if (l->e.transport == CALL_SSH_TRANSPORT &&
		    !strncmp(l->e.name, start->endpoint, sizeof(start->endpoint)))
			return &l->e;
	}
	return NULL;
}

static const struct conf_endpoint *find_endpoint(const struct conf_mgmt *m,
						 const struct ssh_start *start, unsigned int *seconds)
{
	const struct conf_call *c;
	unsigned int i, n;

	if (!*start->client)
		return find_listener(m, start, seconds);
	for (i = 0; i < m->calls; i++) {
		c = &m->call[i];
		if (strncmp(c->name, start->client, sizeof(start->client)) != 0)
			continue;
		*seconds = c->authentication_time;
		for (n = 0; n < c->endpoints; n++)
			if (!strncmp(c->endpoint[n].name, start->endpoint, sizeof(start->endpoint)) &&
			    c->endpoint[n].transport == CALL_SSH_TRANSPORT)
				return &c->endpoint[n];
	}
	return NULL;
}

static struct sshd *make(uint32_t id)
{
	struct sshd *d = s.count < SSHD_MAX ? calloc(1, sizeof(*d)) : NULL;

	if (!d)
		return NULL;
	d->id = id;
	d->number = ++s.last;
	d->log = -1;
	d->next = s.all;
	s.all = d;
	s.count++;
	return d;
}

static int start(const struct conf *c, const struct ssh_start *start, int fd)
{
	const struct conf_ssh *ssh = &c->mgmt.ssh;
	const struct passwd *p = account(ssh);
	unsigned int seconds = 0;
	const struct conf_endpoint *e = find_endpoint(&c->mgmt, start, &seconds);
	struct sshd *d = e && p && is_connection(fd) ? make(start->id) : NULL;
	struct ssh_started started = { start->id, p ? p->pw_uid : 0 };
	char path[128];
	int err;

	if (!d)
		return !p ? -ESRCH : !e ? -ESTALE : -EAGAIN;
	conf_path(path, d->number);
	err = write_conf(path, ssh, e, seconds, start->token);
	if (!err)
		err = spawn(d, ssh, fd);
	if (err)
		forget(d);
	else
		s.tell(MSG_SSH_STARTED, &started, sizeof(started));
	return err;
}

void sshd_start(const struct conf *c, const struct ssh_start *what, int fd)
{
	int err = start(c, what, fd);

	close(fd);
	if (!err)
		return;
	log_error(SUB_MGMT, "cannot start sshd: %s", err == -ESRCH ? "no such account" :
		  err == -ESTALE ? "not by the configuration in force" : strerror(-err));
	tell_end(what->id, SSH_FAILED, "sshd could not be started");
}

/* ------------------------------------------------------------------ ended */

static enum ssh_how how_of(const struct sshd *d, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return SSH_FAILED;
	if (d->left)
		return SSH_LEFT;
	return d->asked ? SSH_STOPPED : SSH_ENDED;
}

static void ended(struct sshd *d, int status)
{
	/* what it said last; others of its group may have the pipe still */
	while (read_log(d) && errno != EAGAIN)
		errno = 0;
	/* its children go with it */
	signal_all_of(d, SIGTERM);
	if (!d->quiet)
		tell_end(d->id, how_of(d, status), *d->why ? d->why : "sshd ended");
	forget(d);
}

void sshd_reap(void)
{
	struct sshd *d, *next;
	int status;

	for (d = s.all; d; d = next) {
		next = d->next;
		if (waitpid(d->pid, &status, WNOHANG) == d->pid)
			ended(d, status);
	}
}

/* ------------------------------------------------------------------ where relays connect to */

static int listen_at(const char *path, gid_t gid)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int err, fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old;

	if (fd < 0)
		return -errno;
	snprintf(at.sun_path, sizeof(at.sun_path), "%.107s", path);
	(void)unlink(path);
	old = umask(0177);
	err = bind(fd, (struct sockaddr *)&at, sizeof(at)) || lchown(path, 0, gid) ||
	      chmod(path, 0660) || listen(fd, BACKLOG) ? -errno : 0;
	umask(old);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int sshd_relay_socket(const struct conf *c)
{
	const struct passwd *p;
	char path[128];
	int fd;

	if (!sshd_wanted(c) || !*s.directory)
		return -ENOENT;
	p = account(&c->mgmt.ssh);
	if (!p)
		return -errno;
	path_of(path, "relay");
	if (s.relay < 0)
		s.relay = listen_at(path, p->pw_gid);
	if (s.relay < 0)
		return s.relay;
	fd = fcntl(s.relay, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

/* ------------------------------------------------------------------ life */

void sshd_init(struct event_base *base, sshd_tell *tell)
{
	s.base = base;
	s.tell = tell;
}

void sshd_close(void)
{
	char path[128];
	struct sshd *d;

	for (d = s.all; d; d = d->next)
		signal_all_of(d, SIGKILL);
	if (!*s.directory)
		return;
	remove_files();
	path_of(path, "keys");
	(void)unlink(path);
	path_of(path, "relay");
	(void)unlink(path);
}
