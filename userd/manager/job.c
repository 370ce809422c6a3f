// SPDX-License-Identifier: GPL-2.0-or-later
#include <event2/buffer.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "manager/job.h"

#define ACTIVE_MAX	64	/* jobs of a request on their way at a time */
#define STEPS_MAX	256
#define UNDO_MAX	8
#define TIMEOUT_DEFAULT	60
#define TIMEOUT_MAX	3600
#define WAIT_MAX	604800

struct step {
	struct order order;
	bool quiet;			/* not told of if all is well */
};

struct job {
	struct request *r;
	struct device *d;
	struct job *next;		/* of those that wait for the device */
	struct job *after, *before;	/* of the request's */
	unsigned int step, undone;
	enum outcome outcome;		/* of the step that ended it, while what undoes it is on its way */
	bool active, undoing;
};

struct request {
	struct manager *m;
	const struct request_user *user;	/* NULL: cancelled */
	void *arg;
	json_t *message;			/* texts of the steps belong to it */
	struct step *step, *undo;		/* undo: after a step that came to nothing, from undo_from on */
	unsigned int steps, undos, undo_from, timeout, wait;
	struct job *jobs;
	unsigned int left, active, total;
	unsigned int count[OUTCOME_FAILED + 1];
	struct event *deadline;			/* for devices that are not connected */
	struct event *turn;			/* the one in which it is looked at again */
	bool waiting;				/* the deadline has not passed */
	bool pumping;
};

static void pump(struct request *r);

/* ------------------------------------------------------------------ telling */

static const char *const outcome_names[] = { "ok", "warning", "error", "failed" };

static void tell(struct job *j, const struct answer *a)
{
	struct request *r = j->r;
	json_t *message;

	if (!r->user)
		return;
	message = json_pack("{s:s, s:i, s:s}", "device", j->d->record.name, "step", (int)j->step,
			    "outcome", outcome_names[a->outcome]);
	if (message && *a->tag)
		json_object_set_new(message, "error-tag", json_string(a->tag));
	if (message && *a->path)
		json_object_set_new(message, "error-path", json_string(a->path));
	if (message && *a->message)
		json_object_set_new(message, "message", json_string(a->message));
	if (message && a->status)
		json_object_set_new(message, "status", json_integer(a->status));
	r->user->tell(r->arg, message, a->text);
}

static void tell_failed(struct job *j, const char *why)
{
	const struct answer a = {
		.outcome = OUTCOME_FAILED, .tag = "", .path = "", .message = why,
	};

	tell(j, &a);
}

/* ------------------------------------------------------------------ ends */

static void free_request(struct request *r)
{
	if (r->deadline)
		event_free(r->deadline);
	if (r->turn)
		event_free(r->turn);
	json_decref(r->message);
	free(r->step);
	free(r->undo);
	free(r);
}

static void finish(struct request *r)
{
	json_t *message = json_pack("{s:b, s:i, s:i, s:i, s:i}", "done", 1,
				    "devices", (int)r->total,
				    "ok", (int)(r->count[OUTCOME_OK] + r->count[OUTCOME_WARNING]),
				    "error", (int)r->count[OUTCOME_ERROR],
				    "failed", (int)r->count[OUTCOME_FAILED]);

	if (r->user) {
		r->user->tell(r->arg, message, NULL);
		r->user->done(r->arg, r);
	} else {
		json_decref(message);
	}
	free_request(r);
}

static void leave_device(struct job *j)
{
	struct job **at;

	for (at = &j->d->waiting; *at && *at != j; at = &(*at)->next)
		;
	if (*at)
		*at = j->next;
}

/* The device's part is over. The request is looked at in a turn of its own, as it may end then. */
static void end_job(struct job *j, enum outcome outcome)
{
	struct request *r = j->r;

	if (!j->active)
		leave_device(j);
	r->active -= j->active;
	r->count[outcome]++;
	r->left--;
	*(j->before ? &j->before->after : &r->jobs) = j->after;
	if (j->after)
		j->after->before = j->before;
	free(j);
	if (!r->pumping)
		event_active(r->turn, EV_READ, 0);
}

static void fail_job(struct job *j, const char *why)
{
	tell_failed(j, why);
	end_job(j, OUTCOME_FAILED);
}

void job_device_gone(struct device *d)
{
	while (d->waiting)
		fail_job(d->waiting, "the device is not expected any more");
}

/* ------------------------------------------------------------------ steps */

static void ask(struct job *j);

/* True: what undoes the steps so far is to be asked. */
static bool turn_back(struct job *j, enum outcome outcome)
{
	const struct request *r = j->r;

	if (j->undoing || !r->undos || j->step < r->undo_from)
		return false;
	j->undoing = true;
	j->outcome = outcome;
	return true;
}

/* True: another one is asked. */
static bool go_on(struct job *j, enum outcome outcome)
{
	const struct request *r = j->r;

	/* no answer: the session has ended, and what it held is let go by that */
	if (outcome == OUTCOME_FAILED)
		return false;
	if (j->undoing)
		return ++j->undone < r->undos;
	if (outcome == OUTCOME_ERROR)
		return turn_back(j, outcome);
	if (++j->step == r->steps)
		return false;
	return r->user || turn_back(j, OUTCOME_FAILED);
}

static bool is_told(const struct job *j, enum outcome outcome)
{
	return outcome > OUTCOME_WARNING || !(j->undoing || j->r->step[j->step].quiet);
}

static void on_answer(void *arg, const struct answer *a)
{
	struct job *j = arg;

	if (is_told(j, a->outcome))
		tell(j, a);
	/* its turn is now: the session is idle, and others come after the last step */
	if (go_on(j, a->outcome))
		ask(j);
	else
		end_job(j, j->undoing ? j->outcome : a->outcome);
}

static void ask(struct job *j)
{
	const struct step *step = j->undoing ? &j->r->undo[j->undone] : &j->r->step[j->step];
	struct session *s = j->d->session;
	const char *why;

	why = s ? session_ask(s, &step->order, j->r->timeout, on_answer, j) : "the session has ended";
	if (!why)
		return;
	/* nothing was sent */
	tell_failed(j, why);
	if (s && turn_back(j, OUTCOME_FAILED))
		ask(j);
	else
		end_job(j, j->undoing ? j->outcome : OUTCOME_FAILED);
}

static void begin(struct job *j)
{
	leave_device(j);
	j->active = true;
	j->r->active++;
	ask(j);
}

/* The first that waits for its device, and the device is there for it. */
static bool may_begin(const struct job *j)
{
	return !j->active && j->d->waiting == j && j->d->session && !session_busy(j->d->session);
}

static void give_up(struct request *r)
{
	struct job *j, *after;

	for (j = r->jobs; j; j = after) {
		after = j->after;
		if (!j->active && !j->d->session)
			fail_job(j, "the device is not connected");
	}
}

static void pump(struct request *r)
{
	struct job *j, *after;

	r->pumping = true;
	if (!r->waiting)
		give_up(r);
	for (j = r->jobs; j && r->active < ACTIVE_MAX && r->user && !r->user->full(r->arg); j = after) {
		after = j->after;
		if (may_begin(j))
			begin(j);
	}
	r->pumping = false;
	if (!r->left)
		finish(r);
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	pump(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct request *r = arg;

	(void)fd;
	(void)what;
	r->waiting = false;
	pump(r);
}

void request_resume(struct request *r)
{
	event_active(r->turn, EV_READ, 0);
}

void job_device_ready(struct device *d)
{
	struct job *j = d->waiting;

	/* the request decides, as it may have enough on its way */
	if (j)
		event_active(j->r->turn, EV_READ, 0);
}

void request_cancel(struct request *r)
{
	struct job *j, *after;

	r->user = NULL;
	for (j = r->jobs; j; j = after) {
		after = j->after;
		if (!j->active)
			end_job(j, OUTCOME_FAILED);
	}
	event_active(r->turn, EV_READ, 0);
}

/* ------------------------------------------------------------------ what is asked for */

static const char *member(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const char *read_step(json_t *o, struct step *out)
{
	struct order *step = &out->order;

	*step = (struct order){
		.rpc = member(o, "rpc"), .method = member(o, "method"), .path = member(o, "path"),
		.type = member(o, "type"), .body = member(o, "body"),
	};
	step->rpc_len = json_string_length(json_object_get(o, "rpc"));
	step->body_len = json_string_length(json_object_get(o, "body"));
	out->quiet = json_is_true(json_object_get(o, "quiet"));
	if (!step->rpc && !(step->method && step->path))
		return "steps: rpc, or method and path, is needed";
	if (!step->type)
		step->type = "json";
	if (strcmp(step->type, "json") && strcmp(step->type, "xml"))
		return "steps: type is json or xml";
	return NULL;
}

/* @all, @count: belong to the request then. */
static const char *read_list(json_t *list, struct step **all, unsigned int *count)
{
	const char *why = NULL;
	size_t i;

	*count = (unsigned int)json_array_size(list);
	*all = calloc(*count + 1, sizeof(**all));
	if (!*all)
		return "out of memory";
	for (i = 0; i < *count && !why; i++)
		why = read_step(json_array_get(list, i), &(*all)[i]);
	return why;
}

static const char *read_steps(struct request *r)
{
	json_t *steps = json_object_get(r->message, "steps"), *undo = json_object_get(r->message, "undo");
	const char *why;

	if (!json_array_size(steps) || json_array_size(steps) > STEPS_MAX)
		return "steps: a list of 1 to 256 is needed";
	if (undo && (!json_is_array(undo) || json_array_size(undo) > UNDO_MAX))
		return "undo: a list of up to 8 steps is needed";
	why = read_list(steps, &r->step, &r->steps);
	return why ? why : read_list(undo, &r->undo, &r->undos);
}

static const char *read_number(json_t *o, const char *key, unsigned int most, unsigned int *out)
{
	json_t *n = json_object_get(o, key);

	if (!n)
		return NULL;
	if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > most)
		return "timeout, wait, undo-from: a number within bounds is expected";
	*out = (unsigned int)json_integer_value(n);
	return NULL;
}

static bool add_job(struct request *r, struct device *d)
{
	struct job *j = calloc(1, sizeof(*j)), **at;

	if (!j)
		return false;
	j->r = r;
	j->d = d;
	j->after = r->jobs;
	if (j->after)
		j->after->before = j;
	r->jobs = j;
	for (at = &d->waiting; *at; at = &(*at)->next)
		;
	*at = j;
	r->left++;
	r->total++;
	return true;
}

const char *no_such_device(const char *name)
{
	static char why[DEVICE_NAME + 64];
	char shown[DEVICE_NAME];

	inventory_printable(shown, sizeof(shown), name, strlen(name));
	snprintf(why, sizeof(why), "devices: there is no such device: %s", shown);
	return why;
}

/* Of the names and patterns, each device once, in the inventory's order. */
static bool wanted(json_t *names, const struct device *d, bool *used)
{
	bool found = false;
	size_t i;
	json_t *n;

	json_array_foreach(names, i, n) {
		if (fnmatch(json_string_value(n), d->record.name, 0))
			continue;
		used[i] = true;
		found = true;
	}
	return found;
}

static const char *select_devices(struct request *r, json_t *names, bool *used)
{
	struct device *d;
	size_t i;

	/* from behind, as they are put in front */
	for (d = r->m->inventory.last; d; d = d->previous)
		if (wanted(names, d, used) && !add_job(r, d))
			return "out of memory";
	for (i = 0; i < json_array_size(names); i++)
		if (!used[i])
			return no_such_device(json_string_value(json_array_get(names, i)));
	return NULL;
}

static const char *read_devices(struct request *r)
{
	json_t *names = json_object_get(r->message, "devices"), *n;
	size_t i, count = json_array_size(names);
	const char *why;
	bool *used;

	if (!count || count > 4096)
		return "devices: a list of names or patterns is needed";
	json_array_foreach(names, i, n)
		if (!json_is_string(n))
			return "devices: a list of names or patterns is needed";
	used = calloc(count, sizeof(*used));
	why = used ? select_devices(r, names, used) : "out of memory";
	free(used);
	return why;
}

static const char *read_request(struct request *r)
{
	const char *why = read_number(r->message, "timeout", TIMEOUT_MAX, &r->timeout);

	if (!why)
		why = read_number(r->message, "wait", WAIT_MAX, &r->wait);
	if (!why && !r->timeout)
		why = "timeout: has to be 1 at least";
	if (!why)
		why = read_number(r->message, "undo-from", STEPS_MAX, &r->undo_from);
	if (!why)
		why = read_steps(r);
	return why ? why : read_devices(r);
}

static void drop_jobs(struct request *r)
{
	struct job *j;

	while ((j = r->jobs)) {
		r->jobs = j->after;
		leave_device(j);
		free(j);
	}
}

struct request *request_start(struct manager *m, json_t *message, const struct request_user *user,
			      void *arg, const char **why)
{
	struct request *r = calloc(1, sizeof(*r));
	struct timeval deadline = { 0, 0 };

	*why = "out of memory";
	if (!r)
		return NULL;
	*r = (struct request){
		.m = m, .user = user, .arg = arg, .message = json_incref(message),
		.timeout = TIMEOUT_DEFAULT,
	};
	r->turn = event_new(m->base, -1, 0, on_turn, r);
	r->deadline = evtimer_new(m->base, on_deadline, r);
	if (r->turn && r->deadline)
		*why = read_request(r);
	if (*why) {
		drop_jobs(r);
		free_request(r);
		return NULL;
	}
	m->count.requests++;
	if (json_is_true(json_object_get(message, "progress")))
		user->tell(arg, json_pack("{s:b, s:i}", "begun", 1, "devices", (int)r->total), NULL);
	r->waiting = r->wait;
	deadline.tv_sec = r->wait;
	if (r->wait)
		event_add(r->deadline, &deadline);
	event_active(r->turn, EV_READ, 0);
	return r;
}
