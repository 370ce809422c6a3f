# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What NATFW-MIB imports, as far as net-snmp's parser needs it to name objects: Debian has no modules of the
# IETF. make_mibs DIRECTORY

mib_module() {
	printf '%s DEFINITIONS ::= BEGIN\n%s\nEND\n' "$2" "$3" >"$1/$2.txt"
}

make_mibs() {
	mkdir -p "$1"
	mib_module "$1" SNMPv2-SMI 'org OBJECT IDENTIFIER ::= { iso 3 } dod OBJECT IDENTIFIER ::= { org 6 }
		internet OBJECT IDENTIFIER ::= { dod 1 } private OBJECT IDENTIFIER ::= { internet 4 }
		enterprises OBJECT IDENTIFIER ::= { private 1 }'
	mib_module "$1" SNMPv2-CONF ''
	mib_module "$1" SNMPv2-TC 'TruthValue ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION ""
		SYNTAX INTEGER { true(1), false(2) }
		DisplayString ::= TEXTUAL-CONVENTION DISPLAY-HINT "255a" STATUS current DESCRIPTION ""
		SYNTAX OCTET STRING (SIZE (0..255))'
	mib_module "$1" SNMP-FRAMEWORK-MIB 'SnmpAdminString ::= TEXTUAL-CONVENTION DISPLAY-HINT "255t"
		STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (0..255))'
	mib_module "$1" INET-ADDRESS-MIB 'InetAddressType ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION ""
		SYNTAX INTEGER { unknown(0), ipv4(1), ipv6(2) }
		InetAddress ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX OCTET STRING (SIZE (0..255))
		InetAddressPrefixLength ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX Unsigned32
		InetPortNumber ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX Unsigned32'
	mib_module "$1" IF-MIB 'InterfaceIndex ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX INTEGER'
	mib_module "$1" HCNUM-TC 'CounterBasedGauge64 ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION ""
		SYNTAX Counter64'
}
