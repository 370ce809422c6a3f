// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secret.h"

/* ------------------------------------------------------------------ the file */

static int read_secret(int fd, uint8_t secret[SECRET_SIZE])
{
	uint8_t octets[SECRET_SIZE + 1];
	ssize_t n = pread(fd, octets, sizeof(octets), 0);

	if (n < 0)
		return -errno;
	if (n != SECRET_SIZE)
		return -EBADMSG;
	memcpy(secret, octets, SECRET_SIZE);
	explicit_bzero(octets, sizeof(octets));
	return 0;
}

/* Complete under another name first: a crash leaves no half of a secret. */
static int make_secret(int dir, const char *name)
{
	uint8_t octets[SECRET_SIZE];
	int fd, err = 0;

	if (getrandom(octets, sizeof(octets), 0) != sizeof(octets))
		return -EIO;
	(void)unlinkat(dir, "secret.new", 0);
	fd = openat(dir, "secret.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	errno = EIO;
	if (write(fd, octets, sizeof(octets)) != sizeof(octets) || fsync(fd) ||
	    linkat(dir, "secret.new", dir, name, 0) || fsync(dir))
		err = -errno;
	(void)unlinkat(dir, "secret.new", 0);
	close(fd);
	explicit_bzero(octets, sizeof(octets));
	return err == -EEXIST ? 0 : err;
}

static int open_secret(int dir)
{
	int fd = openat(dir, "secret", O_RDWR | O_CLOEXEC | O_NOFOLLOW), err;

	if (fd >= 0 || errno != ENOENT)
		return fd < 0 ? -errno : fd;
	err = make_secret(dir, "secret");
	if (err)
		return err;
	fd = openat(dir, "secret", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int secret_open(const char *path, uint8_t secret[SECRET_SIZE], int *lock)
{
	int dir, fd, err;

	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = open_secret(dir);
	close(dir);
	if (fd < 0)
		return fd;
	err = flock(fd, LOCK_EX | LOCK_NB) ? -EBUSY : read_secret(fd, secret);
	if (err)
		close(fd);
	else
		*lock = fd;
	return err;
}

/* ------------------------------------------------------------------ what comes of it */

static int derive(const uint8_t secret[SECRET_SIZE], const char *what, uint8_t *out, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
	bool done = ctx && EVP_PKEY_derive_init(ctx) > 0 &&
		    EVP_PKEY_CTX_set_hkdf_md(ctx, EVP_sha256()) > 0 &&
		    EVP_PKEY_CTX_set1_hkdf_key(ctx, secret, SECRET_SIZE) > 0 &&
		    EVP_PKEY_CTX_add1_hkdf_info(ctx, (const unsigned char *)what,
						(int)strlen(what)) > 0 &&
		    EVP_PKEY_derive(ctx, out, &len) > 0;

	EVP_PKEY_CTX_free(ctx);
	return done ? 0 : -EIO;
}

int secret_derive(const uint8_t secret[SECRET_SIZE], enum proc_id id, struct proc_secrets *out)
{
	char seed[32];
	int err;

	*out = (struct proc_secrets){ 0 };
	snprintf(seed, sizeof(seed), "natfwd process %d", (int)id);
	err = derive(secret, "natfwd session tag", out->tag_key, sizeof(out->tag_key));
	if (!err)
		err = derive(secret, seed, out->seed, sizeof(out->seed));
	if (!err && id == PROC_KERN)
		err = derive(secret, "natfwd rule owner", out->owner, sizeof(out->owner));
	if (!err && id == PROC_SIG)
		err = derive(secret, "natfwd peer identity", out->identity, sizeof(out->identity));
	return err;
}
