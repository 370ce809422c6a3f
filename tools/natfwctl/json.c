// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "value.h"

void json_init(struct json *j, FILE *f)
{
	j->f = f;
	j->comma = false;
}

/* Length of the UTF-8 sequence at @s, or 0 if it is none. */
static unsigned int utf8_len(const unsigned char *s)
{
	unsigned int n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 :
			 s[0] >= 0xc2 ? 2 : 0;
	unsigned int i;

	if (s[0] >= 0xf5 || !n)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

static void put_string(FILE *f, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int n;

	putc('"', f);
	while (*s) {
		n = *s >= 0x80 ? utf8_len(s) : 1;
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f || !n)
			fprintf(f, "\\u%04x", *s);
		else
			fwrite(s, 1, n, f);
		s += n ? n : 1;
	}
	putc('"', f);
}

static void put_key(struct json *j, const char *key)
{
	if (j->comma)
		putc(',', j->f);
	j->comma = true;
	if (!key)
		return;
	put_string(j->f, key);
	putc(':', j->f);
}

void json_open(struct json *j, const char *key, char bracket)
{
	put_key(j, key);
	putc(bracket, j->f);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	putc(bracket, j->f);
	j->comma = true;
}

void json_text(struct json *j, const char *key, const char *value)
{
	put_key(j, key);
	put_string(j->f, value);
}

void json_number(struct json *j, const char *key, uint64_t value)
{
	put_key(j, key);
	fprintf(j->f, "%" PRIu64, value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	put_key(j, key);
	fputs(value ? "true" : "false", j->f);
}

static void json_flags(struct json *j, const char *key, const struct natfw_names *names,
		       uint32_t v)
{
	unsigned int i;

	json_open(j, key, '[');
	for (i = 0; i < 32; i++) {
		if (!(v >> i & 1))
			continue;
		if (natfw_name(names, i))
			json_text(j, NULL, natfw_name(names, i));
		else
			json_number(j, NULL, 1u << i);
	}
	json_close(j, ']');
}

static void json_u32(struct json *j, const struct natfw_field *fd, uint32_t v)
{
	if (fd->names && fd->names->flags)
		json_flags(j, fd->name, fd->names, v);
	else if (natfw_name(fd->names, v))
		json_text(j, fd->name, natfw_name(fd->names, v));
	else
		json_number(j, fd->name, v);
}

static void json_list(struct json *j, const struct natfw_field *fd, const struct natfw_list *l)
{
	unsigned int i;

	json_open(j, fd->name, '[');
	for (i = 0; i < l->n; i++) {
		if (fd->type == NATFW_T_TEXTS)
			json_text(j, NULL, ((char **)l->v)[i]);
		else
			json_entry(j, NULL, fd->set, (char *)l->v + i * fd->set->size);
	}
	json_close(j, ']');
}

static void json_field(struct json *j, const struct natfw_field *fd, const void *p)
{
	char buf[NATFW_ADDR_TEXT > OWNER_TEXT ? NATFW_ADDR_TEXT : OWNER_TEXT];

	switch (fd->type) {
	case NATFW_T_NONE:
		break;
	case NATFW_T_U32:
		json_u32(j, fd, *(const uint32_t *)p);
		break;
	case NATFW_T_U64:
		json_number(j, fd->name, *(const uint64_t *)p);
		break;
	case NATFW_T_TEXT:
		if (*(char *const *)p)
			json_text(j, fd->name, *(char *const *)p);
		break;
	case NATFW_T_IFNAME:
		json_text(j, fd->name, p);
		break;
	case NATFW_T_ADDR:
		json_text(j, fd->name, natfw_addr_text(p, buf));
		break;
	case NATFW_T_OWNER:
		json_text(j, fd->name, owner_text(p, buf));
		break;
	case NATFW_T_FLAG:
		json_bool(j, fd->name, true);
		break;
	case NATFW_T_NEST:
		json_entry(j, fd->name, fd->set, p);
		break;
	case NATFW_T_LIST:
	case NATFW_T_TEXTS:
		json_list(j, fd, p);
		break;
	}
}

void json_members(struct json *j, const struct natfw_set *set, const void *obj)
{
	uint64_t has = natfw_object_has(obj);
	unsigned int i;

	for (i = 1; i <= set->max; i++)
		if (has >> i & 1)
			json_field(j, &set->field[i], (const char *)obj + set->field[i].off);
}

void json_entry(struct json *j, const char *key, const struct natfw_set *set, const void *obj)
{
	json_open(j, key, '{');
	json_members(j, set, obj);
	json_close(j, '}');
}

void json_end(struct json *j)
{
	putc('\n', j->f);
	j->comma = false;
}
