// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A manager of somebody else's making: libnetconf2's client, which a device calls by TLS or SSH. It reads the
 * device's modules by get-schema, and parses what it is told by them.
 *
 *	nc_manager ADDRESS PORT CERTIFICATE KEY CA STEP...
 *	nc_manager ADDRESS PORT ssh:USER KEY HOST-KEY STEP...	the latter two as files; KEY.pub has to be there
 *
 * Steps, in this order on one session; the first that goes wrong ends it with status 1:
 *
 *	get XPATH|-  get-config STORE  get-schema NAME  capability URI  module NAME (has been read and compiled)
 *	edit STORE FILE  validate STORE  commit  confirmed SECONDS  cancel  discard  lock STORE  unlock STORE
 *	subscribe STREAM  notification NAME (others are passed over)  rpc XML  sleep SECONDS
 *	refused TAG	the next step has to be refused for that reason
 */
#include <err.h>
#include <libssh/libssh.h>
#include <libyang/libyang.h>
#include <nc_client.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS	20000

static struct nc_session *session;
static const char *refused;

/* ------------------------------------------------------------------ answers */

static const char *leaf(struct lyd_node *tree, const char *name)
{
	struct lyd_node *n;

	LYD_TREE_DFS_BEGIN(tree, n) {
		const struct lyd_node_opaq *o = (const struct lyd_node_opaq *)n;

		if (!n->schema && !strcmp(o->name.name, name))
			return o->value;
		LYD_TREE_DFS_END(tree, n);
	}
	return NULL;
}

/* What came instead of an answer: wanted, or the end. */
static void judge(struct lyd_node *envelope)
{
	const char *tag = leaf(envelope, "error-tag");

	if (!tag && !refused)
		return;
	if (!tag || !refused || strcmp(tag, refused)) {
		lyd_print_file(stderr, envelope, LYD_XML, LYD_PRINT_WITHSIBLINGS);
		errx(1, "expected %s, got %s", refused ? refused : "no error", tag ? tag : "no error");
	}
	printf("refused %s\n", tag);
	refused = NULL;
}

static void show(struct lyd_node *op)
{
	const struct lyd_node *n;

	LY_LIST_FOR(lyd_child(op), n) {
		const struct lyd_node_any *any = (const struct lyd_node_any *)n;

		if (!(n->schema->nodetype & LYD_NODE_ANY))
			printf("%s\n", lyd_get_value(n));
		else if (any->value_type == LYD_ANYDATA_DATATREE && any->value.tree)
			lyd_print_file(stdout, any->value.tree, LYD_XML, LYD_PRINT_WITHSIBLINGS);
		else if (any->value_type != LYD_ANYDATA_DATATREE)
			printf("%s\n", any->value.str);
	}
}

static void ask(struct nc_rpc *rpc)
{
	struct lyd_node *envelope = NULL, *op = NULL;
	NC_MSG_TYPE what;
	uint64_t id;

	if (!rpc || nc_send_rpc(session, rpc, 1000, &id) != NC_MSG_RPC)
		errx(1, "the request could not be sent");
	/* events that come before it wait for their step */
	do
		what = nc_recv_reply(session, rpc, id, WAIT_MS, &envelope, &op);
	while (what == NC_MSG_NOTIF);
	if (what != NC_MSG_REPLY)
		errx(1, "no answer");
	judge(envelope);
	if (op)
		show(op);
	lyd_free_tree(envelope);
	lyd_free_tree(op);
	nc_rpc_free(rpc);
	fflush(stdout);
}

static void hear(const char *name)
{
	struct lyd_node *envelope, *op;
	bool found = false;

	while (!found) {
		envelope = op = NULL;
		if (nc_recv_notif(session, WAIT_MS, &envelope, &op) != NC_MSG_NOTIF)
			errx(1, "no notification");
		found = !strcmp(op->schema->name, name);
		if (found)
			lyd_print_file(stdout, op, LYD_XML, LYD_PRINT_WITHSIBLINGS);
		lyd_free_tree(envelope);
		lyd_free_tree(op);
	}
	fflush(stdout);
}

/* ------------------------------------------------------------------ steps */

static NC_DATASTORE store(const char *name)
{
	return !strcmp(name, "candidate") ? NC_DATASTORE_CANDIDATE :
	       !strcmp(name, "startup") ? NC_DATASTORE_STARTUP : NC_DATASTORE_RUNNING;
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	if (!f || !text || !fread(text, 1, (1 << 20) - 1, f))
		err(2, "%s", path);
	fclose(f);
	return text;
}

static void get_schema(const char *name)
{
	ask(nc_rpc_getschema(name, NULL, "yang", NC_PARAMTYPE_CONST));
}

static void get(const char *xpath)
{
	ask(nc_rpc_get(*xpath == '-' ? NULL : xpath, NC_WD_UNKNOWN, NC_PARAMTYPE_CONST));
}

static void get_config(const char *name)
{
	ask(nc_rpc_getconfig(store(name), NULL, NC_WD_UNKNOWN, NC_PARAMTYPE_CONST));
}

static void capability(const char *uri)
{
	const char *const *have = nc_session_get_cpblts(session);

	while (*have && strncmp(*have, uri, strlen(uri)))
		have++;
	if (!*have)
		errx(1, "the device does not say %s", uri);
	printf("%s\n", *have);
}

static void module(const char *name)
{
	const struct ly_ctx *ctx = nc_session_get_ctx(session);
	const struct lys_module *m = ly_ctx_get_module_implemented(ctx, name);

	if (!m || !m->compiled)
		errx(1, "module %s was not read", name);
	printf("module %s\n", name);
}

static void validate(const char *name)
{
	ask(nc_rpc_validate(store(name), NULL, NC_PARAMTYPE_CONST));
}

static void confirmed(const char *seconds)
{
	ask(nc_rpc_commit(1, (uint32_t)atoi(seconds), NULL, NULL, NC_PARAMTYPE_CONST));
}

static void lock(const char *name)
{
	ask(nc_rpc_lock(store(name)));
}

static void unlock(const char *name)
{
	ask(nc_rpc_unlock(store(name)));
}

static void subscribe(const char *stream)
{
	ask(nc_rpc_subscribe(stream, NULL, NULL, NULL, NC_PARAMTYPE_CONST));
}

static void rpc(const char *xml)
{
	ask(nc_rpc_act_generic_xml(xml, NC_PARAMTYPE_CONST));
}

static void expect_refusal(const char *tag)
{
	refused = tag;
}

static void pause_for(const char *seconds)
{
	sleep((unsigned int)atoi(seconds));
}

static const struct {
	const char *name;
	void (*fn)(const char *argument);
} steps[] = {
	{ "get", get }, { "get-config", get_config }, { "get-schema", get_schema },
	{ "capability", capability }, { "validate", validate }, { "confirmed", confirmed },
	{ "lock", lock }, { "unlock", unlock }, { "subscribe", subscribe }, { "rpc", rpc },
	{ "refused", expect_refusal }, { "sleep", pause_for }, { "notification", hear },
	{ "module", module },
};

/* How many words it took. */
static int step(char **word)
{
	size_t i;

	if (!strcmp(*word, "commit"))
		return ask(nc_rpc_commit(0, 0, NULL, NULL, NC_PARAMTYPE_CONST)), 1;
	if (!strcmp(*word, "cancel"))
		return ask(nc_rpc_cancel(NULL, NC_PARAMTYPE_CONST)), 1;
	if (!strcmp(*word, "discard"))
		return ask(nc_rpc_discard()), 1;
	if (!strcmp(*word, "edit") && word[1] && word[2])
		return ask(nc_rpc_edit(store(word[1]), NC_RPC_EDIT_DFLTOP_UNKNOWN,
				       NC_RPC_EDIT_TESTOPT_UNKNOWN, NC_RPC_EDIT_ERROPT_UNKNOWN,
				       read_file(word[2]), NC_PARAMTYPE_FREE)), 3;
	for (i = 0; word[1] && i < sizeof(steps) / sizeof(steps[0]); i++)
		if (!strcmp(*word, steps[i].name))
			return steps[i].fn(word[1]), 2;
	errx(2, "%s: no such step", *word);
}

/* ------------------------------------------------------------------ being called */

/* 0: it is the one in the file. */
static int check_host_key(const char *host, ssh_session ssh, void *file)
{
	ssh_key shown = NULL, known = NULL;
	int status = -1;

	(void)host;
	if (ssh_get_server_publickey(ssh, &shown) == SSH_OK &&
	    ssh_pki_import_pubkey_file(file, &known) == SSH_OK)
		status = ssh_key_cmp(shown, known, SSH_KEY_CMP_PUBLIC);
	ssh_key_free(shown);
	ssh_key_free(known);
	return status;
}

static int listen_ssh(char **arg)
{
	char public[4096];

	snprintf(public, sizeof(public), "%s.pub", arg[4]);
	nc_client_ssh_ch_set_auth_hostkey_check_clb(check_host_key, arg[5]);
	nc_client_ssh_ch_set_auth_pref(NC_SSH_AUTH_PUBLICKEY, 3);
	nc_client_ssh_ch_set_auth_pref(NC_SSH_AUTH_INTERACTIVE, -1);
	nc_client_ssh_ch_set_auth_pref(NC_SSH_AUTH_PASSWORD, -1);
	return nc_client_ssh_ch_set_username(arg[3] + strlen("ssh:")) ||
	       nc_client_ssh_ch_add_keypair(public, arg[4]) ||
	       nc_client_ssh_ch_add_bind_listen(arg[1], (uint16_t)atoi(arg[2]));
}

static int listen_tls(char **arg)
{
	return nc_client_tls_ch_set_cert_key_paths(arg[3], arg[4]) ||
	       nc_client_tls_ch_set_trusted_ca_paths(arg[5], NULL) ||
	       nc_client_tls_ch_add_bind_listen(arg[1], (uint16_t)atoi(arg[2]));
}

int main(int argc, char **argv)
{
	int i = 6;

	if (argc < 7)
		errx(2, "usage: nc_manager ADDRESS PORT CERTIFICATE KEY CA STEP...");
	nc_client_init();
	if (strncmp(argv[3], "ssh:", 4) ? listen_tls(argv) : listen_ssh(argv))
		errx(1, "cannot listen");
	if (nc_accept_callhome(WAIT_MS, NULL, &session) != 1)
		errx(1, "no device called");
	printf("session %u of %s\n", nc_session_get_id(session), nc_session_get_host(session));
	fflush(stdout);
	while (i < argc)
		i += step(argv + i);
	nc_session_free(session, NULL);
	nc_client_destroy();
	return 0;
}
