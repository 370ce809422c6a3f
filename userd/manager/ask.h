/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking devices, and showing what they answer: what get, edit, rpc, exec, rest and shell have in common.
 */
#ifndef _MANAGER_ASK_H
#define _MANAGER_ASK_H

#include <jansson.h>
#include <stdbool.h>

#include "manager/client.h"

struct ask {
	const char *socket;
	bool json, quiet;
	int wait, timeout;	/* seconds; 0: as the manager has it */
};

#define ASK_OPTIONS	"jqw:T:S:"

void ask_init(struct ask *a);
/* One of ASK_OPTIONS? Takes it then; a number that is none ends the program. */
bool ask_option(struct ask *a, int opt, const char *arg);
#define ASK_UNLOCK	"<unlock><target><candidate/></target></unlock>"

/*
 * Ask @steps (reference taken) of the devices named. @undo: the first one locks the candidate; where one after it
 * comes to nothing, the candidate is put back, and unlocked. The exit status.
 */
int ask_devices(const struct ask *a, struct client_link *c, json_t *steps, bool undo, char **devices);
/* What is in a file, or on standard input for "-"; ends the program if it cannot be read. */
char *ask_read_file(const char *path);

#endif /* _MANAGER_ASK_H */
