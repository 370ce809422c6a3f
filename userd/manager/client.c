// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "manager/client.h"

#define STATUS_GONE	3	/* there is no manager, or not any more */

struct client_link {
	FILE *in, *out;
	char *line;
	size_t size;
};

struct client_link *client_open(const char *path)
{
	struct client_link *c = calloc(1, sizeof(*c));
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		errx(STATUS_GONE, "%s: the name is too long", path);
	strcpy(a.sun_path, path);
	if (!c || fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)))
		err(STATUS_GONE, "%s", path);
	c->in = fdopen(fd, "r");
	c->out = fdopen(dup(fd), "w");
	if (!c->in || !c->out)
		err(STATUS_GONE, "%s", path);
	return c;
}

void client_send(struct client_link *c, json_t *message)
{
	if (!message || json_dumpf(message, c->out, JSON_COMPACT) || fputc('\n', c->out) == EOF ||
	    fflush(c->out))
		err(STATUS_GONE, "the manager does not listen");
	json_decref(message);
}

static char *read_octets(struct client_link *c, size_t size)
{
	char *raw = malloc(size + 1);

	if (!raw)
		err(EXIT_FAILURE, NULL);
	if (fread(raw, 1, size, c->in) != size)
		errx(STATUS_GONE, "the manager has ended");
	raw[size] = '\0';
	return raw;
}

json_t *client_receive(struct client_link *c, char **raw, size_t *size)
{
	ssize_t len = getline(&c->line, &c->size, c->in);
	json_t *message;

	if (len <= 0)
		errx(STATUS_GONE, "the manager has ended");
	message = json_loadb(c->line, (size_t)len, 0, NULL);
	if (!message)
		errx(STATUS_GONE, "the manager is not understood");
	*size = (size_t)json_integer_value(json_object_get(message, "octets"));
	*raw = *size ? read_octets(c, *size) : NULL;
	return message;
}

int client_descriptor(const struct client_link *c)
{
	return fileno(c->in);
}

void client_close(struct client_link *c)
{
	fclose(c->in);
	fclose(c->out);
	free(c->line);
	free(c);
}
