// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keep.h"

static int write_all(int fd, const struct conf_source *text)
{
	size_t at = 0;

	while (at < text->len) {
		ssize_t n = write(fd, text->text + at, text->len - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		at += (size_t)n;
	}
	return 0;
}

/* A file of its own called @path, as @like is, on the disk. */
static int make_file(const char *path, const struct stat *like, const struct conf_source *text)
{
	int err, fd;

	if (unlink(path) && errno != ENOENT)
		return errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	err = write_all(fd, text);
	if (!err && (fchmod(fd, like->st_mode & 07777) || fchown(fd, like->st_uid, like->st_gid) ||
		     fsync(fd)))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	if (err)
		(void)unlink(path);
	return err;
}

static int sync_directory(const char *path)
{
	char copy[PATH_MAX];
	int fd, err = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fsync(fd))
		err = errno;
	close(fd);
	return err;
}

static bool is_unchanged(const char *path, const struct conf_source *was)
{
	struct conf_source now;
	bool same = !conf_load_text(path, &now) && now.len == was->len &&
		    !memcmp(now.text, was->text, now.len);

	conf_source_free(&now);
	return same;
}

/* A copy of what people wrote. Not a second name: who may not do everything may not give one to others' files. */
static int keep_before(const char *path, const struct stat *like, const struct conf_source *was)
{
	char before[PATH_MAX + 16], temporary[PATH_MAX + 16];
	int err;

	snprintf(before, sizeof(before), "%s.before", path);
	snprintf(temporary, sizeof(temporary), "%s.before.new", path);
	err = make_file(temporary, like, was);
	if (err || !rename(temporary, before))
		return err;
	err = errno;
	(void)unlink(temporary);
	return err;
}

static int replace(const char *path, const struct keep_job *job)
{
	char temporary[PATH_MAX + 16];
	struct stat st;
	int err;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	if (stat(path, &st))
		return errno;
	err = make_file(temporary, &st, &job->text);
	if (err)
		return err;
	if (!is_unchanged(path, &job->was))
		err = KEEP_CHANGED;
	else if (!job->own)
		err = keep_before(path, &st, &job->was);
	if (!err && rename(temporary, path))
		err = errno;
	if (err)
		(void)unlink(temporary);
	return err ? err : sync_directory(path);
}

int keep_write(const struct keep_job *job)
{
	char *path = realpath(job->file, NULL);
	int err = path ? replace(path, job) : errno;

	free(path);
	return err;
}
