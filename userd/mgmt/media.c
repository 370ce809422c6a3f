// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "mgmt/media.h"

#define BLANKS	" \t"

/* Thousandths; what is no weight is none. */
static int weight(const char *text, size_t len)
{
	int q, digits = 100;
	size_t i;

	if (!len || (*text != '0' && *text != '1') || (len > 1 && text[1] != '.') || len > 5)
		return 0;
	q = *text == '1' ? 1000 : 0;
	for (i = 2; i < len && text[i] >= '0' && text[i] <= '9'; i++, digits /= 10)
		q += (text[i] - '0') * digits;
	return q > 1000 ? 1000 : q;
}

/* The parameter q among those behind a range, which end where @len octets do. */
static int range_weight(const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end && (text = memchr(text, ';', (size_t)(end - text)))) {
		text++;
		while (text < end && strchr(BLANKS, *text))
			text++;
		if (end - text >= 2 && (*text | 0x20) == 'q' && text[1] == '=') {
			size_t n = 0;

			text += 2;
			while (text + n < end && !strchr(BLANKS ";", text[n]))
				n++;
			return weight(text, n);
		}
	}
	return 1000;
}

/* How exactly a range of @len octets is @type: 3 by name, 2 its main type, 1 anything, 0 not at all. */
static int fits(const char *range, size_t len, const char *type)
{
	size_t main_len = strcspn(type, "/") + 1;

	if (len == strlen(type) && !strncasecmp(range, type, len))
		return 3;
	if (len == main_len + 1 && range[len - 1] == '*' && !strncasecmp(range, type, main_len))
		return 2;
	return len == 3 && !memcmp(range, "*/*", 3);
}

/* What is said most exactly of @type counts. */
static int quality(const char *accept, const char *type)
{
	int best = 0, q = 0;

	while (*accept) {
		size_t len, name;
		int fit;

		accept += strspn(accept, BLANKS ",");
		len = strcspn(accept, ",");
		name = strcspn(accept, BLANKS ";,");
		fit = fits(accept, name, type);
		if (fit > best) {
			best = fit;
			q = range_weight(accept, len);
		}
		accept += len;
	}
	return q;
}

int media_pick(const char *accept, const char *const *offer, unsigned int n)
{
	int best = -1, most = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		int q = accept ? quality(accept, offer[i]) : 1000;

		if (q <= most)
			continue;
		most = q;
		best = (int)i;
	}
	return best;
}

bool media_is(const char *content_type, const char *type)
{
	size_t len = strlen(type);

	return !strncasecmp(content_type, type, len) &&
	       (!content_type[len] || strchr(BLANKS ";", content_type[len]));
}
