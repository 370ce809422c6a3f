# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034,SC2153
#
# Packages of other Debian suites, fetched with apt but never installed: every suite
# gets a private apt state below the cache, so the machine's own sources, lists and
# package database stay as they are.

# The archive is the one this machine already uses, so mirrors and proxies keep working.
# apt itself reads both source formats; it lists only sources whose index it has, hence
# the second, plain reading for a machine on which apt-get update never ran.
apt_mirror() {
	local uri
	if [[ -n ${NATFW_APT_MIRROR:-} ]]; then
		echo "$NATFW_APT_MIRROR"
		return
	fi
	# shellcheck disable=SC2016  # $(...) is apt's own format syntax
	uri=$(apt-get indextargets --format '$(ORIGIN)|$(COMPONENT)|$(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		awk -F'|' '$1 == "Debian" && $2 == "main" && $3 !~ /security/ && !n++ { print $3 }')
	[[ -n $uri ]] || uri=$(apt_mirror_from_files)
	[[ -n $uri ]] || die "no Debian archive found in the apt sources;" \
		"set NATFW_APT_MIRROR to the URI of one and run again"
	echo "$uri"
}

apt_mirror_from_files() {
	local dir=/etc/apt
	cat "$dir"/sources.list "$dir"/sources.list.d/*.list \
		"$dir"/sources.list.d/*.sources 2>/dev/null |
		awk '/^deb[[:space:]]/ {
			sub(/\[[^]]*\][[:space:]]*/, ""); print $2
		}
		/^URIs:/ { for (i = 2; i <= NF; i++) print $i }' |
		awk '/\/debian\/?$/ && !n++'
}

# apt_in SUITE COMMAND...: an apt tool that knows SUITE and nothing else.
apt_in() {
	local suite=$1 tool=$2 dir
	shift 2
	dir=$CACHE/apt/$suite
	"$tool" -o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State="$dir" -o Dir::State::Lists="$dir/lists" \
		-o Dir::State::status="$dir/status" -o Dir::Cache="$dir/cache" \
		-o APT::Update::Post-Invoke-Success::= -o DPkg::Post-Invoke::= \
		-o APT::Update::Post-Invoke::= -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Acquire::Retries=3 \
		-o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false \
		"$@"
}

# The caller holds the suite's lock.
apt_update() {
	local suite=$1 dir=$CACHE/apt/$1 keyring mirror
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[[ -r $keyring ]] || die "$keyring is missing; install debian-archive-keyring"
	mirror=$(apt_mirror)
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$dir/sources.list"
	progress "reading the package lists of $suite"
	apt_in "$suite" apt-get -qq update >"$dir/update.log" 2>&1 || {
		cat "$dir/update.log" >&2
		die "cannot read the package lists of Debian $suite; check the network and the apt proxy"
	}
	touch "$dir/updated"
}

# apt_need SUITE: package lists for SUITE exist; fetched once, again with --refresh.
apt_need() {
	local suite=$1
	mkdir -p "$CACHE/apt/$suite"
	with_lock "$CACHE/apt/$suite/.lock" apt_need_locked "$suite"
}

apt_need_locked() {
	local stamp=$CACHE/apt/$1/updated
	if [[ -e $stamp && ! ($REFRESH == 1 && $stamp -ot $STARTED) ]]; then
		return
	fi
	apt_update "$1"
}

# apt_field SUITE PACKAGE FIELD: one field of the newest version of PACKAGE.
apt_field() {
	apt_in "$1" apt-cache show --no-all-versions "$2" 2>/dev/null |
		awk -v field="$3: " 'index($0, field) == 1 && !n++ { print substr($0, length(field) + 1) }'
}

# apt_fetch SUITE DIR PACKAGE...: unpack packages into DIR. Names may be pkg=version.
apt_fetch() {
	local suite=$1 into=$2 tmp deb
	shift 2
	tmp=$(mktemp -d "$CACHE/tmp/fetch.XXXXXX")
	progress "downloading $* ($suite)"
	(cd "$tmp" && apt_in "$suite" apt-get -qq download "$@") >"$tmp/log" 2>&1 || {
		cat "$tmp/log" >&2
		die "cannot download $*; run again with --refresh if the package lists are old"
	}
	mkdir -p "$into"
	for deb in "$tmp"/*.deb; do
		dpkg -x "$deb" "$into"
	done
	rm -rf "$tmp"
}
