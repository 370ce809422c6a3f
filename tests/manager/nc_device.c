// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device of somebody else's making: libnetconf2's server, which calls home by TLS or SSH.
 *
 *	nc_device MODULES tls|ssh PORT CERTIFICATE|HOSTKEY KEY|- CA|AUTHORIZED FINGERPRINT|-
 *
 * MODULES is a directory with ietf-netconf.yang. It answers get and get-config by an empty <data/>, and
 * everything else by <ok/>.
 */
#include <err.h>
#include <libyang/libyang.h>
#include <nc_server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **args;

static int on_certificate(const char *name, void *arg, char **cert_path, char **cert_data, char **key_path,
			  char **key_data, NC_SSH_KEY_TYPE *type)
{
	(void)name;
	(void)arg;
	(void)cert_data;
	(void)key_data;
	(void)type;
	*cert_path = strdup(args[4]);
	*key_path = strdup(args[5]);
	return 0;
}

static int on_trusted(const char *name, void *arg, char ***paths, int *count, char ***data, int *data_count)
{
	(void)name;
	(void)arg;
	(void)data;
	(void)data_count;
	*paths = malloc(sizeof(**paths));
	**paths = strdup(args[6]);
	*count = 1;
	return 0;
}

static int on_host_key(const char *name, void *arg, char **path, char **data, NC_SSH_KEY_TYPE *type)
{
	(void)name;
	(void)arg;
	(void)data;
	(void)type;
	*path = strdup(args[4]);
	return 0;
}

static struct nc_server_reply *on_rpc(struct lyd_node *rpc, struct nc_session *session)
{
	struct lyd_node *reply = NULL;

	(void)session;
	if (strncmp(LYD_NAME(rpc), "get", 3))
		return nc_server_reply_ok();
	lyd_dup_single(rpc, NULL, 0, &reply);
	lyd_new_any(reply, NULL, "data", NULL, 0, LYD_ANYDATA_STRING, 1, NULL);
	return nc_server_reply_data(reply, NC_WD_EXPLICIT, NC_PARAMTYPE_FREE);
}

static struct nc_pollsession *sessions;

static int on_session(const char *client, struct nc_session *session)
{
	(void)client;
	printf("session of %s\n", nc_session_get_username(session));
	fflush(stdout);
	return nc_ps_add_session(sessions, session);
}

static void set_up_tls(void)
{
	nc_server_tls_set_server_cert_clb(on_certificate, NULL, NULL);
	nc_server_tls_set_trusted_cert_list_clb(on_trusted, NULL, NULL);
	if (nc_server_ch_client_add_endpt("m", "e", NC_TI_OPENSSL) ||
	    nc_server_tls_ch_client_endpt_set_server_cert("m", "e", "c") ||
	    nc_server_tls_ch_client_endpt_add_trusted_cert_list("m", "e", "t") ||
	    nc_server_tls_ch_client_endpt_add_ctn("m", "e", 1, args[7], NC_TLS_CTN_COMMON_NAME, NULL))
		errx(1, "TLS");
}

static void set_up_ssh(void)
{
	nc_server_ssh_set_hostkey_clb(on_host_key, NULL, NULL);
	if (nc_server_ch_client_add_endpt("m", "e", NC_TI_LIBSSH) ||
	    nc_server_ssh_ch_client_endpt_add_hostkey("m", "e", "k", -1) ||
	    nc_server_ssh_ch_client_endpt_set_auth_methods("m", "e", NC_SSH_AUTH_PUBLICKEY) ||
	    nc_server_ssh_add_authkey_path(args[6], "admin"))
		errx(1, "SSH");
}

int main(int argc, char **argv)
{
	struct ly_ctx *ctx;

	args = argv;
	if (argc != 8 || ly_ctx_new(argv[1], 0, &ctx))
		errx(2, "usage: nc_device MODULES tls|ssh PORT CERTIFICATE|HOSTKEY KEY|- CA|AUTHORIZED FINGERPRINT|-");
	if (!ly_ctx_load_module(ctx, "ietf-netconf", NULL, NULL) || nc_server_init(ctx))
		errx(1, "ietf-netconf");
	nc_set_global_rpc_clb(on_rpc);
	sessions = nc_ps_new();
	if (nc_server_ch_add_client("m"))
		errx(1, "client");
	if (!strcmp(argv[2], "tls"))
		set_up_tls();
	else
		set_up_ssh();
	if (nc_server_ch_client_endpt_set_address("m", "e", "127.0.0.1") ||
	    nc_server_ch_client_endpt_set_port("m", "e", (uint16_t)atoi(argv[3])) ||
	    nc_server_ch_client_set_conn_type("m", NC_CH_PERSIST) ||
	    nc_connect_ch_client_dispatch("m", on_session))
		errx(1, "call home");
	for (;;) {
		int got = nc_ps_poll(sessions, 100, NULL);

		if (got & NC_PSPOLL_SESSION_TERM)
			nc_ps_clear(sessions, 0, NULL);
		if (got & NC_PSPOLL_NOSESSIONS)
			usleep(20000);
	}
}
