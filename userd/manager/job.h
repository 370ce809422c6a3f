/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests for one device or many: each device's part (a job) waits for its session, and for those before
 * it; so many are on their way at a time that answers do not pile up. Work can be left for devices that
 * are not connected now, until a deadline.
 */
#ifndef _MANAGER_JOB_H
#define _MANAGER_JOB_H

#include <jansson.h>

#include "manager/manager.h"

struct request;

struct request_user {
	/* One message for who asked; @raw, octets that follow it, or NULL, is drained. */
	void (*tell)(void *arg, json_t *message, struct evbuffer *raw);
	/* Who asked does not take what it is told: nothing more is begun until request_resume(). */
	bool (*full)(void *arg);
	/* It is over, and gone. */
	void (*done)(void *arg, struct request *r);
};

/*
 * Begin what @message asks for (members devices, steps, undo, undo-from, timeout, wait, progress;
 * Documentation/manager.rst).
 * NULL and *@why if it is not right, and then nothing happens. Ends by done, never before this returns.
 */
struct request *request_start(struct manager *m, json_t *message, const struct request_user *user,
			      void *arg, const char **why);
void request_resume(struct request *r);
/* Who asked has gone: begin nothing more, and tell nothing. done is not called. */
void request_cancel(struct request *r);
/* "there is no such device", and its name; until the next call. */
const char *no_such_device(const char *name);
/* @d is about to be forgotten: what waits for it fails. */
void job_device_gone(struct device *d);

#endif /* _MANAGER_JOB_H */
