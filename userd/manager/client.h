/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other end of the control socket: for the program's own commands. Waits, and ends the program when the
 * manager is not there.
 */
#ifndef _MANAGER_CLIENT_H
#define _MANAGER_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct client_link;

#define CONTROL_PATH	"/run/natfw-manager/control"

/* Connect; says what is wrong and exits if that cannot be done. */
struct client_link *client_open(const char *path);
/* Send @message, whose reference is taken. */
void client_send(struct client_link *c, json_t *message);
/*
 * The next message, a new reference, and the octets that follow it (*@raw, @size of them, to be freed; NULL:
 * none). Exits if the manager goes away.
 */
json_t *client_receive(struct client_link *c, char **raw, size_t *size);
/* For what is no messages; nothing may have been received before. */
int client_descriptor(const struct client_link *c);
void client_close(struct client_link *c);

#endif /* _MANAGER_CLIENT_H */
