#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# natfw-test: debug
#
# Rules, pools, devices and settings change all the time, under traffic.
. "$(dirname "$0")/lib.sh"

rules() {
	rule allow udp from 10.1.0.0/16 to 203.0.113.1 dport 1-10 stateful
	local one=$RULE
	rule nat from 10.1.0.2 to 203.0.113.1 snat 198.51.100.1
	rule nat from fd00:1::/64 snat 2001:db8:5::/64
	rule reject tcp dport 80
	ctl rule refresh id "$one" lifetime 1
	ctl rule del id "$RULE"
	ctl rule flush all >/dev/null
}

rule_churn() {
	fresh
	traffic
	rounds 8 rules
}

pools() {
	ctl pool add p 198.51.100.1-198.51.100.2 ports 2000-4000 hold 0
	rule nat from 10.1.0.0/16 snat pool p
	sleep 0.05
	ctl flow flush all >/dev/null
	ctl pool set p filtering apdf
	ctl rule del id "$RULE"
	ctl pool del p
}

pool_churn() {
	fresh
	traffic
	rounds 8 pools
}

devices() {
	ctl dev detach lan
	ctl dev attach lan default drop zone 3
	ctl dev set wan emit direct
	ctl dev set lan zone 0 default pass
	ctl dev set wan emit stack
	ctl flow flush all >/dev/null
}

device_churn() {
	fresh
	ctl pool add p 198.51.100.1-198.51.100.9
	rule nat from 10.1.0.0/16 snat pool p
	rule allow stateful
	traffic
	rounds 8 devices
}

# Lifetimes of a second, by the hundred.
expiries() {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		rule nat udp from 10.1.0.2 sport "$i" to 203.0.113.1 dport "$i" snat "198.51.100.1:$((2000 + i))" lifetime 1
		rule allow udp from 10.1.0.0/16 dport "$i" stateful lifetime 1
	done
	sleep 0.3
	wait_for 10 no_rules
}

no_rules() { (($(rule_count) == 0)); }

expiry_churn() {
	fresh
	traffic
	rounds 8 expiries
}

# Several at once, who get into each other's way.
crowd() {
	local i
	fresh
	traffic
	for i in 1 2 3 4; do
		bg one_of_many "$i"
	done
	sleep 6
	ctl rule flush all >/dev/null
}

one_of_many() {
	while :; do
		ctl rule add priority "$1" allow udp from 10.1.0.2 dport "$1" stateful
		ctl rule show
		ctl flow show
		ctl flow flush all
		ctl stats
		ctl rule flush all
	done
}

test_start
gateway
point "rules" rule_churn
point "pools" pool_churn
point "devices" device_churn
point "lifetimes" expiry_churn
point "several administrators" crowd
point "works afterwards" still_works
ktap_end
