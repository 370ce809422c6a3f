// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "manager/credential.h"

#define SECRET_MAX	65536
#define PASSWORD_MAX	256

struct loader {
	char *why;
	size_t size;
};

static bool fail(const struct loader *l, const char *file, const char *what)
{
	snprintf(l->why, l->size, "%s: %s", file, what);
	ERR_clear_error();
	return false;
}

/* The text of a file that nobody but its owner and root may read; to be wiped by who takes it. */
static char *read_secret(const struct loader *l, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	char *text = NULL;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st)) {
		fail(l, file, strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size >= SECRET_MAX) {
		fail(l, file, "is no file, or too long");
	} else if (st.st_mode & 077) {
		fail(l, file, "can be read by others than its owner; chmod 600");
	} else {
		text = calloc(1, SECRET_MAX);
		n = text ? read(fd, text, SECRET_MAX - 1) : -1;
		if (n < 0) {
			fail(l, file, "cannot be read");
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

static void wipe(char *text)
{
	if (!text)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

static bool load_certificates(const struct loader *l, struct credential *c)
{
	BIO *in = BIO_new_file(c->s->certificate, "r");
	X509 *x;

	if (!in)
		return fail(l, c->s->certificate, "cannot be opened");
	c->certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
	c->chain = sk_X509_new_null();
	while (c->certificate && c->chain && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)))
		if (!sk_X509_push(c->chain, x))
			X509_free(x);
	BIO_free(in);
	ERR_clear_error();
	return (c->certificate && c->chain) ||
	       fail(l, c->s->certificate, "has no certificate in PEM");
}

/* Nobody is asked for a passphrase: a daemon has nobody to ask. */
static int no_passphrase(char *buf, int size, int rw, void *arg)
{
	(void)buf;
	(void)size;
	(void)rw;
	(void)arg;
	return -1;
}

static bool load_key(const struct loader *l, struct credential *c)
{
	char *text = read_secret(l, c->s->key);
	BIO *in;

	if (!text)
		return false;
	in = BIO_new_mem_buf(text, -1);
	c->key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
	BIO_free(in);
	wipe(text);
	if (!c->key)
		return fail(l, c->s->key, "has no private key in PEM without a passphrase");
	if (X509_check_private_key(c->certificate, c->key) != 1)
		return fail(l, c->s->key, "is not the key of the certificate");
	return true;
}

static bool load_ssh_key(const struct loader *l, struct credential *c)
{
	char *text = read_secret(l, c->s->ssh_key);
	int rc;

	if (!text)
		return false;
	rc = ssh_pki_import_privkey_base64(text, NULL, NULL, NULL, &c->ssh_key);
	wipe(text);
	return rc == SSH_OK ||
	       fail(l, c->s->ssh_key, "has no private key of SSH without a passphrase");
}

static bool load_password(const struct loader *l, struct credential *c)
{
	c->password = read_secret(l, c->s->password_file);
	if (!c->password)
		return false;
	c->password[strcspn(c->password, "\r\n")] = '\0';
	if (*c->password && strlen(c->password) < PASSWORD_MAX)
		return true;
	return fail(l, c->s->password_file, "the first line is empty or too long");
}

static bool load(const struct loader *l, struct credential *c)
{
	return (!c->s->certificate || (load_certificates(l, c) && load_key(l, c))) &&
	       (!c->s->ssh_key || load_ssh_key(l, c)) &&
	       (!c->s->password_file || load_password(l, c));
}

struct credential *credentials_load(const struct settings *s, char *why, size_t size)
{
	struct credential *all = calloc(s->credentials + 1, sizeof(*all));
	const struct loader l = { why, size };
	unsigned int i;

	snprintf(why, size, "out of memory");
	for (i = 0; all && i < s->credentials; i++) {
		all[i].s = &s->credential[i];
		if (!load(&l, &all[i])) {
			credentials_free(all, i + 1);
			return NULL;
		}
	}
	return all;
}

void credentials_free(struct credential *c, unsigned int n)
{
	unsigned int i;

	for (i = 0; c && i < n; i++) {
		X509_free(c[i].certificate);
		sk_X509_pop_free(c[i].chain, X509_free);
		EVP_PKEY_free(c[i].key);
		ssh_key_free(c[i].ssh_key);
		wipe(c[i].password);
	}
	free(c);
}
