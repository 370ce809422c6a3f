// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "mgmt/errorpath.h"
#include "mgmt/store.h"
#include "mgmt/xml.h"

#define NAME_SIZE	64
#define MODULES_MAX	8	/* in one path */

/* In RFC 7951 a name without a prefix is in the module of the one before; in XPath it is in none. */
struct walk {
	const char *at;
	struct evbuffer *out;
	char module[NAME_SIZE];			/* of the step at hand */
	char declared[MODULES_MAX][NAME_SIZE];
	unsigned int count;
};

static void declare(struct walk *w, const char *module)
{
	unsigned int i;

	for (i = 0; i < w->count; i++)
		if (!strcmp(w->declared[i], module))
			return;
	if (w->count < MODULES_MAX)
		snprintf(w->declared[w->count++], NAME_SIZE, "%s", module);
}

/* A name that stands after '/' or '[', with the prefix it has or should have. */
static void put_name(struct walk *w)
{
	size_t n = strcspn(w->at, "/[]=:'\"");
	char name[2 * NAME_SIZE];

	if (w->at[n] == ':') {
		snprintf(w->module, sizeof(w->module), "%.*s", (int)n, w->at);
		w->at += n + 1;
		n = strcspn(w->at, "/[]=:'\"");
	}
	declare(w, w->module);
	snprintf(name, sizeof(name), "%s:%.*s", w->module, (int)n, w->at);
	xml_put(w->out, name, strlen(name));
	w->at += n;
}

static void put_quoted(struct walk *w)
{
	const char *end = strchr(w->at + 1, *w->at);
	size_t n = end ? (size_t)(end - w->at) + 1 : strlen(w->at);

	xml_put(w->out, w->at, n);
	w->at += n;
}

static void put_path(struct walk *w)
{
	while (*w->at) {
		char c = *w->at;

		if (c == '\'' || c == '"') {
			put_quoted(w);
			continue;
		}
		evbuffer_add(w->out, w->at++, 1);
		/* and not a number or a dot */
		if ((c == '/' || c == '[') && (*w->at == '_' || isalpha((unsigned char)*w->at)))
			put_name(w);
	}
}

static void put_declarations(struct evbuffer *out, const struct walk *w)
{
	const struct lys_module *m;
	unsigned int i;

	for (i = 0; i < w->count; i++) {
		m = ly_ctx_get_module_implemented(store_ctx(), w->declared[i]);
		if (!m)
			continue;
		evbuffer_add_printf(out, " xmlns:%s=\"", m->name);
		xml_put(out, m->ns, strlen(m->ns));
		evbuffer_add(out, "\"", 1);
	}
}

void errorpath_put(struct evbuffer *out, const char *path)
{
	struct walk w = { .at = path, .out = evbuffer_new() };

	if (*path && w.out) {
		put_path(&w);
		evbuffer_add_printf(out, "<error-path");
		put_declarations(out, &w);
		evbuffer_add(out, ">", 1);
		evbuffer_add_buffer(out, w.out);
		evbuffer_add_printf(out, "</error-path>");
	}
	if (w.out)
		evbuffer_free(w.out);
}
