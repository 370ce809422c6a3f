// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

int why_set(struct natfw_why *why, int code, const char *field, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return -code;
	why->code = code;
	snprintf(why->field, sizeof(why->field), "%s", field ? field : "");
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, ap);
	va_end(ap);
	return -code;
}

/* Leaves of the operation's input, and what they are called in struct natfw_ask. */
static const struct {
	const char *leaf, *field;
} fields[] = {
	{ "kind", "kind" },
	{ "flow/source", "source" },
	{ "flow/destination", "destination" },
	{ "flow/protocol", "protocol" },
	{ "flow/source-port", "source_port" },
	{ "flow/destination-port", "destination_port" },
	{ "flow/more-ports", "port_pair" },
	{ "flow/spi", "spi" },
	{ "flow/icmp-type", "icmp_types" },
	{ "toward", "toward" },
	{ "proxy", "proxy" },
	{ "beyond", "beyond" },
	{ "bindings", "no_bindings" },
	{ "lifetime", "lifetime" },
	{ "refresh", "refresh" },
	{ "bound", "keep" },
};

/* The field that @path, as in "/natfw:session-open/flow/source", is about, or the path's rest. */
static const char *field_of(const char *path)
{
	const char *leaf = *path == '/' ? strchr(path + 1, '/') : NULL;
	unsigned int i;

	if (!leaf)
		return "";
	leaf++;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(fields[i].leaf, leaf))
			return fields[i].field;
	return leaf;
}

void why_error(struct natfw_why *why, const json_t *error)
{
	const char *path = json_string_value(json_object_get(error, "path"));
	const char *message = json_string_value(json_object_get(error, "message"));
	const char *field = field_of(path ? path : "");

	if (!message || !*message)
		message = "refused without a reason";
	if (*field)
		why_set(why, EINVAL, field, "%s: %s", field, message);
	else
		why_set(why, EREMOTEIO, NULL, "%s", message);
}
