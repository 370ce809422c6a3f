// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "mgmt/xpath.h"

#define DEPTH_MAX	32	/* brackets in each other */
#define UP_COST		(1.0 / 16)	/* of all nodes, as many have the same parent */
#define MATCH_COST	1e6	/* of a pattern, that may go back and forth */

enum state {
	START,			/* an operand begins */
	STEP,			/* a step of a path */
	DONE,			/* behind an operand, or a step */
};

struct reader {
	const char *at;
	double nodes;
	unsigned int depth;
	bool deep;
};

/* Operands that are beside each other. */
struct level {
	enum state state;
	bool top;
	double sum;
	double own, set;	/* of the operand at hand: what it costs, and how many nodes it may be */
	double left;		/* nodes that it is compared with */
};

static double read_level(struct reader *r, bool top);

static void end_operand(struct level *l)
{
	l->sum += l->own + l->left * l->set;
	l->own = l->set = l->left = 0;
	l->state = START;
}

static void begin_operand(struct level *l, double nodes)
{
	l->own = l->set = nodes;
	l->state = DONE;
}

/* Every node of one set is compared with every one of the other. */
static void take_operator(struct level *l, char c)
{
	double set = l->set;

	/* the second character of one, or a sign */
	if (l->state == START)
		return;
	end_operand(l);
	l->left = strchr("=<>!", c) ? set : 0;
}

static void take_slash(struct reader *r, struct level *l)
{
	r->at += 1 + (r->at[1] == '/');
	if (l->state == START)
		begin_operand(l, r->nodes);
	else
		/* sets have each node once, so that no step goes through more than there are */
		l->own += l->set > 1 ? r->nodes : 1;
	l->state = STEP;
}

/* An operand of one node, or of as many as are below it: together, all contexts have as many as there are. */
static void take_local(struct level *l, double nodes)
{
	if (l->state == START)
		begin_operand(l, nodes);
	l->state = DONE;
}

static void take_bracket(struct reader *r, struct level *l)
{
	r->at++;
	l->own += (l->state == START ? r->nodes : l->set) * read_level(r, false);
	if (*r->at)
		r->at++;
	l->state = DONE;
}

static bool is(const char *name, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(name, word, len);
}

static bool is_any(const char *name, size_t len, const char *const *words)
{
	for (; *words; words++)
		if (is(name, len, *words))
			return true;
	return false;
}

/* A function, the test of a type of node, or what is grouped if there is no name. */
static void take_arguments(struct reader *r, struct level *l, const char *name, size_t len)
{
	static const char *const selects[] = { "", "id", "deref", "current", NULL };
	bool step = l->state == STEP;
	double cost;

	r->at++;
	cost = read_level(r, l->top);
	if (*r->at)
		r->at++;
	if (is(name, len, "re-match"))
		cost += MATCH_COST;
	else if (len && is_any(name, len, selects))
		cost += r->nodes;
	if (!step)
		take_local(l, 1);
	l->own += cost * (step ? l->set : 1);
	if (!step && is_any(name, len, selects))
		l->set = cost < 1 ? 1 : cost < r->nodes ? cost : r->nodes;
	l->state = DONE;
}

/* How many times all nodes the library goes through for one; 0: axes that go down only. */
static double width(const char *name)
{
	if (!strncmp(name, "following", 9) || !strncmp(name, "preceding", 9))
		return 1000;
	return !strncmp(name, "ancestor", 8) || !strncmp(name, "parent", 6) ? UP_COST : 0;
}

/* From above, a step goes down over all that is there. */
static void go_wide(const struct reader *r, struct level *l, double wide)
{
	l->own += l->set > 1 || wide > 1 ? l->set * r->nodes * wide : r->nodes;
	l->set = r->nodes;
}

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

static bool name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || (unsigned char)c >= 0x80;
}

static void take_axis(struct reader *r, struct level *l, const char *name)
{
	r->at += 2;
	if (l->state == START)
		take_local(l, l->top ? r->nodes : 1);
	if (width(name) > 0)
		go_wide(r, l, width(name));
	l->state = STEP;
}

/*
 * and, or, div, mod, whatever stands behind them, as the library reads it. Its remainder is one of integers, and one by
 * nothing ends the process: what has it is as costly as can be.
 */
static void take_word(struct reader *r, struct level *l, const char *name)
{
	static const char *const words[] = { "and", "or", "div", "mod" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(name, words[i], strlen(words[i])))
			r->at = name + strlen(words[i]);
	r->deep = r->deep || !strncmp(name, "mod", 3);
	take_operator(l, ' ');
}

static void take_number(struct reader *r, struct level *l)
{
	r->at += strspn(r->at, "0123456789.");
	take_local(l, 1);
}

/* With a prefix, if it has one. */
static void take_name(struct reader *r, struct level *l)
{
	const char *name = r->at;
	size_t len;

	while (name_char(*r->at) || (*r->at == ':' && r->at[1] != ':'))
		r->at++;
	len = (size_t)(r->at - name);
	if (*r->at == '*' && r->at[-1] == ':')
		r->at++;
	skip_blanks(r);
	if (l->state == DONE)
		take_word(r, l, name);
	else if (r->at[0] == ':' && r->at[1] == ':')
		take_axis(r, l, name);
	else if (*r->at == '(')
		take_arguments(r, l, name, len);
	else
		take_local(l, l->top ? r->nodes : 1);
}

static void take_dots(struct reader *r, struct level *l)
{
	bool up = r->at[1] == '.';

	r->at += 1 + up;
	take_local(l, 1);
	if (up)
		go_wide(r, l, UP_COST);
	else if (l->top && l->set < r->nodes)
		l->set = r->nodes;
}

static void take_text(struct reader *r, struct level *l)
{
	const char *end = strchr(r->at + 1, *r->at);

	r->at = end ? end + 1 : r->at + strlen(r->at);
	take_local(l, 1);
}

static void take_token(struct reader *r, struct level *l)
{
	char c = *r->at;

	if (c == '\'' || c == '"') {
		take_text(r, l);
	} else if (c == '/') {
		take_slash(r, l);
	} else if (c == '[') {
		take_bracket(r, l);
	} else if (c == '(') {
		take_arguments(r, l, "", 0);
	} else if (c == '.' && !isdigit((unsigned char)r->at[1])) {
		take_dots(r, l);
	} else if (c == '@') {
		r->at++;
	} else if (c == '*' && l->state != DONE) {
		r->at++;
		take_local(l, l->top ? r->nodes : 1);
	} else if (isdigit((unsigned char)c) || c == '.') {
		take_number(r, l);
	} else if (name_char(c) && c != '-') {
		take_name(r, l);
	} else {
		r->at++;
		take_operator(l, c);
	}
}

/* Up to the bracket that closes it. */
static double read_level(struct reader *r, bool top)
{
	struct level l = { .state = START, .top = top };

	if (++r->depth > DEPTH_MAX)
		r->deep = true;
	for (skip_blanks(r); *r->at && *r->at != ']' && *r->at != ')' && !r->deep; skip_blanks(r))
		take_token(r, &l);
	r->depth--;
	end_operand(&l);
	return l.sum;
}

double xpath_cost(const char *expr, size_t nodes)
{
	struct reader r = { .at = expr, .nodes = (double)nodes };
	double cost = 0;

	while (*r.at && !r.deep) {
		cost += read_level(&r, true);
		/* a bracket that closes nothing: it is no expression, and will be refused */
		if (*r.at)
			r.at++;
	}
	return r.deep ? HUGE_VAL : cost;
}

bool xpath_is_cheap(const char *expr, size_t nodes, double most)
{
	double cost = xpath_cost(expr, nodes);

	return cost <= most || cost <= XPATH_EACH * (double)nodes;
}

/* ------------------------------------------------------------------ paths of one entry */

static const char *skip_literal(const char *at)
{
	const char *end = strchr(at + 1, *at);

	return end ? end + 1 : at + strlen(at);
}

/* Behind its bracket; *@at is behind the closing one. Neither a number, nor a path, nor a function is in it. */
static bool read_comparison(const char **at)
{
	bool compares = false;
	const char *s = *at;

	while (*s && *s != ']') {
		if (*s == '\'' || *s == '"') {
			s = skip_literal(s);
			continue;
		}
		if (strchr("/[(@$|*", *s) || (*s == '.' && (s[1] == '.' || !name_char(s[1]))) ||
		    (*s == ':' && s[1] == ':'))
			return false;
		compares = compares || strchr("=<>", *s);
		s++;
	}
	*at = *s ? s + 1 : s;
	return compares && *s;
}

/* Of a path that goes down by names. */
static bool is_plain(const char *s)
{
	if (*s == '*')
		return s[-1] == '/' || s[-1] == ':';
	if (*s == '.')
		return name_char(s[-1]);
	if (*s == '/' || *s == ':')
		return s[1] != *s;
	return name_char(*s) || isspace((unsigned char)*s);
}

bool xpath_is_local(const char *expr)
{
	const char *s = expr + strspn(expr, " \t\r\n");

	if (*s != '/')
		return false;
	while (*s) {
		if (*s != '[') {
			if (!is_plain(s++))
				return false;
			continue;
		}
		s++;
		if (!read_comparison(&s))
			return false;
	}
	return true;
}
