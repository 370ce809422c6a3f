// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * natfwd-snmp: an AgentX subagent (RFC 2741) that shows what module and natfwd have as NATFW-MIB, read-only.
 * A process of its own, which natfwd knows nothing of. It connects to natfwd while it is root, gives up there
 * all but reading, and then becomes a user without rights.
 */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "snmp/sources.h"

#define USUAL_USER	"natfwd-snmp"
#define TRIES		30	/* seconds for natfwd to come up */

/* NET-SNMP-MIB::netSnmpPlaypen.5973: no number is registered */
static const oid natfw_objects[] = { 1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 5973, 1 };

static struct table *const tables[] = {
	&kernel_table, &daemon_table, &rule_table, &pool_table, &device_table, &reason_table,
	&session_table, &call_table, &counter_table,
};

static volatile sig_atomic_t ending;

static void on_end(int sig)
{
	(void)sig;
	ending = 1;
}

/* Root is needed to see what is others'; afterwards nothing is. */
static void drop(const char *name)
{
	const struct passwd *p = geteuid() ? NULL : getpwnam(name ? name : USUAL_USER);

	if (!geteuid() && !p)
		errx(EXIT_FAILURE, "there is no user %s to run as", name ? name : USUAL_USER);
	if (p && (setgroups(0, NULL) || initgroups(p->pw_name, p->pw_gid) ||
		  setresgid(p->pw_gid, p->pw_gid, p->pw_gid) ||
		  setresuid(p->pw_uid, p->pw_uid, p->pw_uid)))
		err(EXIT_FAILURE, "%s", p->pw_name);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err(EXIT_FAILURE, "prctl");
}

static void connect_daemon(const char *path)
{
	int i;

	for (i = 0; !ending && !daemon_connect(path); i++) {
		if (i == TRIES)
			errx(EXIT_FAILURE, "natfwd is not there");
		sleep(1);
	}
}

/* No files are read or kept: all there is to say is in the options. */
static void start_agent(const char *master)
{
	setenv("MIBS", "", 1);
	setenv("SNMPCONFPATH", "/nonexistent", 1);
	snmp_enable_stderrlog();
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_ROLE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	/* seconds between attempts, while there is no master */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 5);
	if (master)
		netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, master);
	if (init_agent("natfwd-snmp"))
		errx(EXIT_FAILURE, "the agent's library does not start");
	table_register(tables, sizeof(tables) / sizeof(tables[0]), natfw_objects, OID_LENGTH(natfw_objects));
	init_snmp("natfwd-snmp");
}

static void usage(void)
{
	fprintf(stderr, "usage: natfwd-snmp [-k | -c SOCKET] [-x AGENTX] [-u USER]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	const char *control = NULL, *master = NULL, *user = NULL;
	const struct sigaction end = { .sa_handler = on_end };
	bool kernel_only = false;
	int opt;

	while ((opt = getopt(argc, argv, "c:ku:x:")) != -1) {
		if (opt == 'c')
			control = optarg;
		else if (opt == 'k')
			kernel_only = true;
		else if (opt == 'u')
			user = optarg;
		else if (opt == 'x')
			master = optarg;
		else
			usage();
	}
	if (optind < argc)
		usage();
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!kernel_only)
		connect_daemon(control);
	drop(user);
	start_agent(master);
	while (!ending && !daemon_lost())
		agent_check_and_process(1);
	if (daemon_lost())
		warnx("natfwd has gone; to be started anew");
	snmp_shutdown("natfwd-snmp");
	return daemon_lost() ? EXIT_FAILURE : EXIT_SUCCESS;
}
