// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "lexer.h"
#include "spec.h"
#include "text.h"

bool text_rule(const char *text, struct natfw_rule *r, char *why)
{
	struct lexer l;
	struct words w;
	bool ok;

	memset(r, 0, sizeof(*r));
	if (!lexer_init(&l, text, strlen(text)) || !lexer_next(&l)) {
		snprintf(why, 256, "%s", l.error ? l.error : "out of memory");
		lexer_fini(&l);
		return false;
	}
	words_init(&w, l.word, l.word_line, l.n);
	ok = spec_read(&w, r);
	if (!ok)
		words_error_text(&w, why, 256);
	lexer_fini(&l);
	return ok;
}

char *text_of(const struct natfw_rule *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	spec_print(f, r);
	fclose(f);
	return text;
}

void text_add(struct ruleset *s, uint64_t id, const char *text)
{
	struct natfw_rule r;
	char why[256];

	if (text_rule(text, &r, why))
		CHECK(!ruleset_add(s, &r, id, (unsigned int)ruleset_count(s) + 1));
	else
		CHECK(false, "%s: %s", text, why);
	natfw_object_fini(&natfw_rule_set, &r);
}
