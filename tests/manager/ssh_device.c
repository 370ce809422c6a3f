// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ssh_device HOSTKEY MANNER: an SSH server on the connection that is its standard input. It lets anybody in,
 * opens the channel, and then
 *   stderr  has the subsystem, and says extended data
 *   early   says extended data in place of an answer to the subsystem
 *   open    opens channels of its own, until it is cut off; prints how many were refused
 */
#include <libssh/libssh.h>
#include <libssh/server.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST	100000

static ssh_session session;
static ssh_channel channel;

static void authenticate(ssh_message m)
{
	if (ssh_message_subtype(m) != SSH_AUTH_METHOD_PUBLICKEY) {
		ssh_message_auth_set_methods(m, SSH_AUTH_METHOD_PUBLICKEY);
		ssh_message_reply_default(m);
	} else if (ssh_message_auth_publickey_state(m) == SSH_PUBLICKEY_STATE_VALID) {
		ssh_message_auth_reply_success(m, 0);
	} else {
		ssh_message_auth_reply_pk_ok_simple(m);
	}
}

/* True: the subsystem was asked for. */
static bool answer(ssh_message m, bool early)
{
	switch (ssh_message_type(m)) {
	case SSH_REQUEST_AUTH:
		authenticate(m);
		return false;
	case SSH_REQUEST_CHANNEL_OPEN:
		channel = ssh_message_channel_request_open_reply_accept(m);
		return false;
	case SSH_REQUEST_CHANNEL:
		if (!early)
			ssh_message_channel_request_reply_success(m);
		return true;
	default:
		ssh_message_reply_default(m);
		return false;
	}
}

static void open_channels(void)
{
	ssh_channel more;
	int refused = 0;

	while (refused < MOST && ssh_is_connected(session)) {
		more = ssh_channel_new(session);
		if (!more || ssh_channel_open_reverse_forward(more, "h", 1, "h", 1) == SSH_OK)
			break;
		if (ssh_is_connected(session))
			refused++;
		ssh_channel_free(more);
	}
	printf("refused %d\n", refused);
}

static void say_extended(void)
{
	static char junk[4096];
	int i;

	for (i = 0; i < MOST; i++)
		if (ssh_channel_write_stderr(channel, junk, sizeof(junk)) < 0)
			return;
}

int main(int argc, char **argv)
{
	ssh_bind bind = ssh_bind_new();
	ssh_message m = NULL;
	bool done = false;

	session = ssh_new();
	if (argc != 3 || !bind || !session ||
	    ssh_bind_options_set(bind, SSH_BIND_OPTIONS_HOSTKEY, argv[1]) ||
	    ssh_bind_accept_fd(bind, session, 0) || ssh_handle_key_exchange(session)) {
		fprintf(stderr, "%s\n", session ? ssh_get_error(session) : "usage");
		return EXIT_FAILURE;
	}
	while (!done && (m = ssh_message_get(session))) {
		done = answer(m, !strcmp(argv[2], "early"));
		ssh_message_free(m);
	}
	if (!done || !channel)
		return EXIT_FAILURE;
	if (strcmp(argv[2], "open"))
		say_extended();
	else
		open_channels();
	return EXIT_SUCCESS;
}
