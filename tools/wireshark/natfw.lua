-- SPDX-License-Identifier: GPL-2.0-or-later
--
-- Wireshark dissectors for GIST (RFC 5971) and the NATFW NSLP (RFC 5973, RFC 5981).
--
--	tshark -X lua_script:natfw.lua -r FILE
--	cp natfw.lua ~/.local/lib/wireshark/plugins/
--
-- GIST is seen on UDP port 270 by its magic number. Messaging associations have no port of
-- their own: they are recognised by what they begin with; where that fails, "Decode As"
-- or the preference gist.tcp_port helps.

local gist = Proto("gist", "General Internet Signalling Transport")
local natfw = Proto("natfw", "NAT/Firewall NSIS Signalling Layer Protocol")

local MAGIC = 0x4e04bda5
local NATFW_NSLPID = 33
local OLD_NSLPID = 2

gist.prefs.tcp_port = Pref.uint("TCP port", 0, "A port of messaging associations; 0: none")
natfw.prefs.old_numbers = Pref.bool("Numbers from before the RFC", false,
	"Take NSLPID 2 for NATFW, with objects from 0x0f1 on")

-- --- names ------------------------------------------------------------------------------

local GIST_TYPES = {
	[0] = "Query", "Response", "Confirm", "Data", "Error", "MA-Hello",
}
local GIST_OBJECTS = {
	[0] = "Message-Routing-Information", "Session-Identifier", "Network-Layer-Information",
	"Stack-Proposal", "Stack-Configuration-Data", "Query-Cookie", "Responder-Cookie",
	"NAT-Traversal", "NSLP-Data", "Error", "Hello-ID",
}
local METHODS = { [0] = "path-coupled", "loose-end" }
local AB = { [0] = "mandatory", "ignore", "forward", "reserved" }
local MA_PROTOCOLS = { "Forwards-TCP", "TLS", "Forwards-SCTP", "DTLS" }
local GIST_CLASSES = {
	[0] = "Informational", "Success", "Protocol-Error", "Transient-Failure",
	"Permanent-Failure",
}
local GIST_ERRORS = {
	[0x100] = "Unknown Version", [0x101] = "Unknown Type", [0x102] = "Invalid R-flag",
	[0x103] = "Incorrect Message Length", [0x104] = "Invalid E-flag",
	[0x105] = "Invalid C-flag", [0x200] = "Hop Limit Exceeded",
	[0x300] = "Incorrect Encapsulation", [0x400] = "Incorrectly Delivered Message",
	[0x500] = "No Routing State", [0x600] = "Unknown NSLPID", [0x700] = "Endpoint Found",
	[0x800] = "Message Too Large", [0x900] = "Duplicate Object",
	[0x901] = "Unrecognised Object", [0x902] = "Missing Object",
	[0x903] = "Invalid Object Type", [0x904] = "Untranslated Object",
	[0x905] = "Invalid Extensibility Flags", [0xa00] = "Incorrect Length",
	[0xa01] = "Value Not Supported", [0xa02] = "Invalid Flag-Field Combination",
	[0xa03] = "Empty List", [0xa04] = "Invalid Cookie",
	[0xa05] = "Stack-Proposal - Stack-Configuration-Data Mismatch",
	[0xb00] = "Invalid IP-Layer TTL", [0xc00] = "MRI Too Wild",
	[0xc01] = "IP Version Mismatch", [0xc02] = "Ingress Filter Failure",
}
local INFOS = { "Message Length", "MTU", "Object Type", "Object Value" }
local NSLPS = { [0] = "none", [NATFW_NSLPID] = "NATFW" }

local NATFW_TYPES = { "CREATE", "EXTERNAL", "RESPONSE", "NOTIFY" }
local NATFW_OBJECTS = {
	[0x00c] = "NATFW_LT", [0x00d] = "NATFW_EXTERNAL_IP", [0x00e] = "NATFW_EXTERNAL_BINDING",
	[0x00f] = "NATFW_EFI", [0x010] = "NATFW_INFO", [0x011] = "NATFW_NONCE",
	[0x012] = "NATFW_MSN", [0x013] = "NATFW_DTINFO", [0x014] = "NATFW_ICMP_TYPES",
	[0x016] = "SESSION_AUTH",
}
local OLD_OBJECTS = {
	[0x0f1] = 0x00c, [0x0f2] = 0x00d, [0x0f3] = 0x00f, [0x0f4] = 0x010, [0x0f5] = 0x011,
	[0x0f6] = 0x012, [0x0f7] = 0x013, [0x0f9] = 0x014,
}
local ACTIONS = { "allow", "deny" }
local CLASSES = {
	"informational", "success", "protocol error", "transient failure", "permanent failure",
	nil, "signaling session failure",
}
local CODES = {
	[0x101] = "route change on the path", [0x102] = "re-authentication required",
	[0x103] = "node is going down soon", [0x104] = "session lifetime expired",
	[0x105] = "session terminated", [0x201] = "all processed",
	[0x301] = "illegal message type", [0x302] = "wrong message length",
	[0x303] = "bad flags", [0x304] = "mandatory object missing",
	[0x305] = "illegal object present", [0x306] = "unknown object present",
	[0x307] = "wrong object length", [0x308] = "unknown field value",
	[0x309] = "invalid combination of flags and fields", [0x30a] = "duplicate object",
	[0x30b] = "EXTERNAL on the external side",
	[0x401] = "resources temporarily unavailable", [0x501] = "authentication failed",
	[0x502] = "authorization failed", [0x504] = "internal or system error",
	[0x506] = "no edge device here", [0x507] = "did not reach the responder",
	[0x701] = "session terminated asynchronously",
	[0x702] = "requested lifetime too big", [0x703] = "no reservation matches",
	[0x704] = "rule denied by policy conflict", [0x705] = "unknown rule action",
	[0x706] = "rule action not applicable", [0x707] = "NATFW_DTINFO required",
	[0x708] = "sub_ports value not permitted", [0x709] = "IP protocol not supported",
	[0x70a] = "plain IP rule not permitted", [0x70b] = "ICMP type not permitted",
	[0x70c] = "source address range too large",
	[0x70d] = "destination address range too large",
	[0x70e] = "source port range too large", [0x70f] = "destination port range too large",
	[0x710] = "requested lifetime too small", [0x711] = "modified lifetime too big",
	[0x712] = "modified lifetime too small",
}
local XTYPES = {
	"AUTH_ENT_ID", "SESSION_ID", "SOURCE_ADDR", "DEST_ADDR", "START_TIME", "END_TIME",
	"NSLP_OBJECT_LIST", "AUTHENTICATION_DATA",
}

-- --- fields -----------------------------------------------------------------------------

local F = {}	-- by name, without protocol

local all = { gist = {}, natfw = {} }
local function define(proto, list)
	for _, f in ipairs(list) do
		local name, constructor, text = f[1], f[2], f[3]
		local made = constructor(proto .. "." .. name, text, f[4], f[5], f[6])
		F[proto .. "." .. name] = made
		table.insert(all[proto], made)
	end
end

local u8, u16, u32 = ProtoField.uint8, ProtoField.uint16, ProtoField.uint32
local bytes, ip4, ip6 = ProtoField.bytes, ProtoField.ipv4, ProtoField.ipv6
local str = ProtoField.string
local function flag(abbr, text, bits, mask)
	return ProtoField.bool(abbr, text, bits, nil, mask)
end

define("gist", {
	{ "magic", u32, "Magic number", base.HEX },
	{ "version", u8, "Version" },
	{ "hops", u8, "GIST hops" },
	{ "length", u16, "Length in words" },
	{ "nslpid", u16, "NSLPID", base.DEC, NSLPS },
	{ "c", flag, "Context-free", 8, 0x80 },
	{ "type", u8, "Type", base.DEC, GIST_TYPES, 0x7f },
	{ "s", flag, "Source is signalling source", 8, 0x80 },
	{ "r", flag, "Reply requested", 8, 0x40 },
	{ "e", flag, "Explicitly routed", 8, 0x20 },
	{ "object.ab", u8, "If unknown", base.DEC, AB, 0xc0 },
	{ "object.type", u16, "Type", base.DEC, GIST_OBJECTS, 0x0fff },
	{ "object.length", u16, "Length in words", base.DEC, nil, 0x0fff },
	{ "object.value", bytes, "Value" },
	{ "mri.method", u8, "Method", base.DEC, METHODS },
	{ "mri.n", flag, "NATs need not translate", 8, 0x80 },
	{ "mri.version", u8, "IP version", base.DEC, nil, 0xf0 },
	{ "mri.flags", u16, "Flags", base.HEX, nil, 0x0fe0 },
	{ "mri.upstream", ProtoField.bool, "Upstream" },
	{ "mri.src", ip4, "Source" },
	{ "mri.dst", ip4, "Destination" },
	{ "mri.src6", ip6, "Source" },
	{ "mri.dst6", ip6, "Destination" },
	{ "mri.src_prefix", u8, "Source prefix" },
	{ "mri.dst_prefix", u8, "Destination prefix" },
	{ "mri.protocol", u8, "Protocol" },
	{ "mri.ds", u8, "DS-field", base.HEX, nil, 0xfc },
	{ "mri.label", u32, "Flow label", base.HEX, nil, 0xfffff },
	{ "mri.spi", u32, "SPI", base.HEX },
	{ "mri.src_port", u16, "Source port" },
	{ "mri.dst_port", u16, "Destination port" },
	{ "sid", bytes, "Session identifier" },
	{ "nli.identity", bytes, "Peer identity" },
	{ "nli.ttl", u8, "IP TTL" },
	{ "nli.validity", u32, "Routing state validity in ms" },
	{ "nli.address", ip4, "Interface address" },
	{ "nli.address6", ip6, "Interface address" },
	{ "stack.profile", str, "Profile" },
	{ "stack.hold", u32, "Hold time in ms" },
	{ "stack.protocol", u8, "Options of", base.DEC, MA_PROTOCOLS },
	{ "stack.number", u8, "For profile" },
	{ "stack.unusable", flag, "Unusable", 8, 0x80 },
	{ "stack.port", u16, "Port" },
	{ "stack.options", bytes, "Options" },
	{ "cookie", bytes, "Cookie" },
	{ "natt.type", u16, "Translated", base.DEC, GIST_OBJECTS, 0x0fff },
	{ "natt.opaque", bytes, "Kept by a NAT" },
	{ "hello", u32, "Hello-ID", base.HEX },
	{ "error.class", u8, "Class", base.DEC, GIST_CLASSES },
	{ "error.code", u16, "Code" },
	{ "error.subcode", u8, "Subcode" },
	{ "error.name", str, "Error" },
	{ "error.d", flag, "Original in D-mode", 8, 0x10 },
	{ "error.q", flag, "Original in Q-mode", 8, 0x08 },
	{ "error.header", bytes, "Header of the original" },
	{ "error.info", u16, "Additional information", base.DEC, INFOS },
	{ "error.value", bytes, "Value" },
	{ "error.comment", str, "Comment" },
})

define("natfw", {
	{ "type", u8, "Type", base.DEC, NATFW_TYPES },
	{ "p", flag, "Proxy mode", 8, 0x80 },
	{ "e", flag, "Beyond the edge", 8, 0x40 },
	{ "object.ab", u8, "If unknown", base.DEC, AB, 0xc0 },
	{ "object.type", u16, "Type", base.HEX, NATFW_OBJECTS, 0x0fff },
	{ "object.length", u16, "Length in words", base.DEC, nil, 0x0fff },
	{ "object.value", bytes, "Value" },
	{ "lifetime", u32, "Lifetime in seconds" },
	{ "external.port", u16, "External port" },
	{ "external.address", ip4, "External address" },
	{ "binding.port", u16, "Binding port" },
	{ "binding.address", ip4, "Binding address" },
	{ "action", u16, "Rule action", base.DEC, ACTIONS },
	{ "sub_ports", u16, "Further ports" },
	{ "info.class", u8, "Class", base.DEC, CLASSES, 0x0f },
	{ "info.code", u8, "Code", base.HEX },
	{ "info.name", str, "Meaning" },
	{ "info.object", u16, "Object", base.HEX, NATFW_OBJECTS, 0x0fff },
	{ "nonce", u32, "Nonce", base.HEX },
	{ "msn", u32, "Message sequence number" },
	{ "dtinfo.i", flag, "Protocol significant", 8, 0x80 },
	{ "dtinfo.p", flag, "Ports present", 8, 0x40 },
	{ "dtinfo.s", flag, "SPI present", 8, 0x20 },
	{ "dtinfo.prefix", u8, "Sender prefix" },
	{ "dtinfo.protocol", u8, "Protocol" },
	{ "dtinfo.receiver_port", u16, "Receiver port" },
	{ "dtinfo.sender_port", u16, "Sender port" },
	{ "dtinfo.spi", u32, "SPI", base.HEX },
	{ "dtinfo.sender", ip4, "Sender" },
	{ "icmp.type", u8, "ICMP type" },
	{ "auth.xtype", u8, "Attribute", base.DEC, XTYPES },
	{ "auth.subtype", u8, "SubType" },
	{ "auth.key_id", u32, "Key-ID" },
	{ "auth.value", bytes, "Value" },
})

gist.fields = all.gist
natfw.fields = all.natfw

local gist_short = ProtoExpert.new("gist.malformed", "Malformed", expert.group.MALFORMED,
	expert.severity.ERROR)
local natfw_short = ProtoExpert.new("natfw.malformed", "Malformed", expert.group.MALFORMED,
	expert.severity.ERROR)
gist.experts = { gist_short }
natfw.experts = { natfw_short }

-- --- objects of both --------------------------------------------------------------------

local function padded(n)
	return math.floor((n + 3) / 4) * 4
end

-- Each object of tvb goes to handlers[type], or is shown as it is.
local function objects(tvb, tree, proto, names, handlers, short, map)
	local at = 0
	while at + 4 <= tvb:len() do
		local kind = tvb(at, 2):uint() % 4096
		local len = (tvb(at + 2, 2):uint() % 4096) * 4
		local have = math.min(len, tvb:len() - at - 4)
		local known = map and map[kind] or kind
		local t = tree:add(tvb(at, 4 + have), names[known] or "Unknown object " .. kind)
		t:add(F[proto .. ".object.ab"], tvb(at, 1))
		t:add(F[proto .. ".object.type"], tvb(at, 2))
		t:add(F[proto .. ".object.length"], tvb(at + 2, 2))
		if have < len then
			t:add_proto_expert_info(short, "Object is longer than what is left")
			return
		end
		if len > 0 then
			local value = tvb(at + 4, len):tvb()
			local handler = handlers[known]
			if not handler then
				t:add(F[proto .. ".object.value"], value())
			elseif not handler(value, t) then
				t:add_proto_expert_info(short, "Object is not as its type has it")
			end
		end
		at = at + 4 + len
	end
	if at < tvb:len() then
		tree:add_proto_expert_info(short, "Octets behind the last object")
	end
end

-- --- GIST objects -----------------------------------------------------------------------

local function address(tvb, tree, version, name)
	if version == 6 then
		tree:add(F[name .. "6"], tvb())
	else
		tree:add(F[name], tvb())
	end
end

local function mri_options(v, t, at, flags)
	local function bit(mask)
		return math.floor(flags / mask) % 2 == 1
	end
	if bit(0x200) and v:len() >= at + 4 then
		t:add(F["gist.mri.label"], v(at, 4))
		at = at + 4
	end
	if bit(0x100) and v:len() >= at + 4 then
		t:add(F["gist.mri.spi"], v(at, 4))
		at = at + 4
	end
	if (bit(0x80) or bit(0x40)) and v:len() >= at + 4 then
		if bit(0x80) then
			t:add(F["gist.mri.src_port"], v(at, 2))
		end
		if bit(0x40) then
			t:add(F["gist.mri.dst_port"], v(at + 2, 2))
		end
		at = at + 4
	end
	return at == v:len()
end

local function mri(v, t)
	if v:len() < 4 then
		return false
	end
	local method, flags = v(0, 1):uint(), v(2, 2):uint()
	local version = math.floor(flags / 4096)
	local size = version == 4 and 4 or version == 6 and 16 or 0
	t:add(F["gist.mri.method"], v(0, 1))
	t:add(F["gist.mri.n"], v(1, 1))
	t:add(F["gist.mri.version"], v(2, 1))
	t:add(F["gist.mri.flags"], v(2, 2))
	if size == 0 or method > 1 or v:len() < 4 + 2 * size then
		return false
	end
	local down = method == 1 and 0x800 or 0x20
	t:add(F["gist.mri.upstream"], v(2, 2), math.floor(flags / down) % 2 == 1)
	address(v(4, size):tvb(), t, version, "gist.mri.src")
	address(v(4 + size, size):tvb(), t, version, "gist.mri.dst")
	local at = 4 + 2 * size
	if method == 1 then
		return at == v:len()
	end
	if v:len() < at + 4 then
		return false
	end
	t:add(F["gist.mri.src_prefix"], v(at, 1))
	t:add(F["gist.mri.dst_prefix"], v(at + 1, 1))
	t:add(F["gist.mri.protocol"], v(at + 2, 1))
	t:add(F["gist.mri.ds"], v(at + 3, 1))
	return mri_options(v, t, at + 4, flags)
end

local function sid(v, t)
	t:add(F["gist.sid"], v())
	return v:len() == 16
end

local function nli(v, t)
	if v:len() < 8 then
		return false
	end
	local id = v(0, 1):uint()
	local version = math.floor(v(2, 1):uint() / 16)
	local size = version == 6 and 16 or 4
	t:add(F["gist.nli.ttl"], v(1, 1))
	t:add(F["gist.nli.validity"], v(4, 4))
	if v:len() ~= 8 + padded(id) + size then
		return false
	end
	if id > 0 then
		t:add(F["gist.nli.identity"], v(8, id))
	end
	address(v(8 + padded(id), size):tvb(), t, version, "gist.nli.address")
	return true
end

local function proposal(v, t)
	if v:len() < 4 then
		return false
	end
	local at = 4
	for _ = 1, v(0, 1):uint() do
		if at >= v:len() then
			return false
		end
		local n = v(at, 1):uint()
		if at + padded(1 + n) > v:len() then
			return false
		end
		local names = {}
		for i = 1, n do
			local id = v(at + i, 1):uint()
			names[i] = MA_PROTOCOLS[id] or tostring(id)
		end
		t:add(F["gist.stack.profile"], v(at, padded(1 + n)), table.concat(names, "/"))
		at = at + padded(1 + n)
	end
	return at == v:len()
end

local function option(v, t, at)
	local len = v(at + 2, 1):uint()
	if at + 4 + padded(len) > v:len() then
		return nil
	end
	t:add(F["gist.stack.protocol"], v(at, 1))
	t:add(F["gist.stack.number"], v(at + 1, 1))
	t:add(F["gist.stack.unusable"], v(at + 3, 1))
	if v(at, 1):uint() == 1 and len >= 2 then
		t:add(F["gist.stack.port"], v(at + 4, 2))
	elseif len > 0 then
		t:add(F["gist.stack.options"], v(at + 4, len))
	end
	return at + 4 + padded(len)
end

local function stackconf(v, t)
	if v:len() < 8 then
		return false
	end
	t:add(F["gist.stack.hold"], v(4, 4))
	local at = 8
	for _ = 1, v(0, 1):uint() do
		if at + 4 > v:len() then
			return false
		end
		at = option(v, t, at)
		if not at then
			return false
		end
	end
	return at == v:len()
end

local function cookie(v, t)
	t:add(F["gist.cookie"], v())
	return true
end

local function natt_nats(v, t, at, count)
	for _ = 1, count do
		if at + 2 > v:len() then
			return false
		end
		local len = v(at, 2):uint()
		if at + padded(2 + len) > v:len() then
			return false
		end
		if len > 0 then
			t:add(F["gist.natt.opaque"], v(at + 2, len))
		end
		at = at + padded(2 + len)
	end
	return at == v:len()
end

local function natt(v, t)
	if v:len() < 4 then
		return false
	end
	local inner, types, nats = v(0, 1):uint() * 4, v(1, 1):uint(), v(2, 1):uint()
	local at = 4 + inner
	if inner == 0 or at + padded(types * 2) > v:len() then
		return false
	end
	local ok = mri(v(4, inner):tvb(), t:add(v(4, inner), "Original MRI"))
	for i = 0, types - 1 do
		t:add(F["gist.natt.type"], v(at + 2 * i, 2))
	end
	return natt_nats(v, t, at + padded(types * 2), nats) and ok
end

local function error_infos(v, t, at, count)
	for _ = 1, count do
		if at + 4 > v:len() then
			return nil
		end
		local len = v(at + 2, 2):uint() * 4
		if at + 4 + len > v:len() then
			return nil
		end
		local i = t:add(F["gist.error.info"], v(at, 2))
		if len > 0 then
			i:add(F["gist.error.value"], v(at + 4, len))
		end
		at = at + 4 + len
	end
	return at
end

local function gist_error(v, t)
	if v:len() < 16 then
		return false
	end
	local code, flags, words = v(1, 2):uint() * 256 + v(3, 1):uint(), v(4, 1):uint(), v(6, 1):uint()
	t:add(F["gist.error.class"], v(0, 1))
	t:add(F["gist.error.code"], v(1, 2))
	t:add(F["gist.error.subcode"], v(3, 1))
	t:add(F["gist.error.name"], v(0, 4), GIST_ERRORS[code] or "unknown")
	t:add(F["gist.error.d"], v(4, 1))
	t:add(F["gist.error.q"], v(4, 1))
	t:add(F["gist.error.header"], v(8, 8))
	local at = 16
	if flags >= 0x80 then
		if at + 16 > v:len() then
			return false
		end
		t:add(F["gist.sid"], v(at, 16))
		at = at + 16
	end
	if math.floor(flags / 0x40) % 2 == 1 and words > 0 then
		if at + words * 4 > v:len() then
			return false
		end
		mri(v(at, words * 4):tvb(), t:add(v(at, words * 4), "MRI of the original"))
		at = at + words * 4
	end
	at = error_infos(v, t, at, v(7, 1):uint())
	if at and math.floor(flags / 0x20) % 2 == 1 and at < v:len() then
		t:add(F["gist.error.comment"], v(at), v(at):stringz())
		return true
	end
	return at == v:len()
end

local function hello(v, t)
	if v:len() ~= 4 then
		return false
	end
	t:add(F["gist.hello"], v())
	return true
end

-- --- NATFW objects ----------------------------------------------------------------------

local function word(name)
	return function(v, t)
		if v:len() ~= 4 then
			return false
		end
		t:add(F[name], v())
		return true
	end
end

local function external(v, t)
	if v:len() ~= 8 then
		return false
	end
	t:add(F["natfw.external.port"], v(0, 2))
	t:add(F["natfw.external.address"], v(4, 4))
	return true
end

local function binding(v, t)
	t:add(F["natfw.binding.port"], v(0, 2))
	for at = 4, v:len() - 4, 4 do
		t:add(F["natfw.binding.address"], v(at, 4))
	end
	return true
end

local function efi(v, t)
	if v:len() ~= 4 then
		return false
	end
	t:add(F["natfw.action"], v(0, 2))
	t:add(F["natfw.sub_ports"], v(2, 2))
	return true
end

local function info(v, t)
	if v:len() ~= 4 then
		return false
	end
	t:add(F["natfw.info.class"], v(0, 1))
	t:add(F["natfw.info.code"], v(1, 1))
	t:add(F["natfw.info.name"], v(0, 2), CODES[v(0, 2):uint() % 4096] or "unknown")
	t:add(F["natfw.info.object"], v(2, 2))
	return true
end

local function dtinfo(v, t)
	if v:len() ~= 8 and v:len() ~= 12 then
		return false
	end
	local flags = v(0, 1):uint()
	local ports, spi = math.floor(flags / 0x40) % 2 == 1, math.floor(flags / 0x20) % 2 == 1
	t:add(F["natfw.dtinfo.i"], v(0, 1))
	t:add(F["natfw.dtinfo.p"], v(0, 1))
	t:add(F["natfw.dtinfo.s"], v(0, 1))
	t:add(F["natfw.dtinfo.prefix"], v(2, 1))
	t:add(F["natfw.dtinfo.protocol"], v(3, 1))
	t:add(F["natfw.dtinfo.sender"], v(v:len() - 4, 4))
	if v:len() ~= ((ports or spi) and 12 or 8) then
		return false
	end
	if ports then
		t:add(F["natfw.dtinfo.receiver_port"], v(4, 2))
		t:add(F["natfw.dtinfo.sender_port"], v(6, 2))
	elseif spi then
		t:add(F["natfw.dtinfo.spi"], v(4, 4))
	end
	return true
end

local function icmp(v, t)
	local count = v(0, 1):uint()
	if padded(1 + count) ~= v:len() then
		return false
	end
	for i = 1, count do
		t:add(F["natfw.icmp.type"], v(i, 1))
	end
	return true
end

local function auth(v, t)
	local at = 0
	while at + 4 <= v:len() do
		local len = v(at, 2):uint()
		if len <= 4 or at + padded(len) > v:len() then
			return false
		end
		local xtype = v(at + 2, 1):uint()
		local a = t:add(v(at, padded(len)), XTYPES[xtype] or "Attribute " .. xtype)
		a:add(F["natfw.auth.xtype"], v(at + 2, 1))
		a:add(F["natfw.auth.subtype"], v(at + 3, 1))
		if xtype == 8 and len >= 8 then
			a:add(F["natfw.auth.key_id"], v(at + 4, 4))
		end
		a:add(F["natfw.auth.value"], v(at + 4, len - 4))
		at = at + padded(len)
	end
	return at == v:len()
end

local NATFW_HANDLERS = {
	[0x00c] = word("natfw.lifetime"), [0x00d] = external, [0x00e] = binding, [0x00f] = efi,
	[0x010] = info, [0x011] = word("natfw.nonce"), [0x012] = word("natfw.msn"),
	[0x013] = dtinfo, [0x014] = icmp, [0x016] = auth,
}

local old_numbers = false

function natfw.dissector(tvb, pinfo, tree)
	local t = tree:add(natfw, tvb())
	if tvb:len() < 4 then
		t:add_proto_expert_info(natfw_short, "Shorter than a header")
		return
	end
	local name = NATFW_TYPES[tvb(0, 1):uint()] or "unknown message"
	t:append_text(", " .. name)
	pinfo.cols.info:append(" " .. name)
	t:add(F["natfw.type"], tvb(0, 1))
	t:add(F["natfw.p"], tvb(1, 1))
	t:add(F["natfw.e"], tvb(1, 1))
	if tvb:len() > 4 then
		objects(tvb(4):tvb(), t, "natfw", NATFW_OBJECTS, NATFW_HANDLERS, natfw_short,
			old_numbers and OLD_OBJECTS)
	end
end

-- --- GIST messages ----------------------------------------------------------------------

local function payload(nslpid, pinfo, tree)
	return function(v, t)
		old_numbers = natfw.prefs.old_numbers and nslpid == OLD_NSLPID
		if nslpid == NATFW_NSLPID or old_numbers then
			natfw.dissector(v, pinfo, tree)
		else
			t:add(F["gist.object.value"], v())
		end
		return true
	end
end

local function handlers(nslpid, pinfo, tree)
	return {
		[0] = mri, sid, nli, proposal, stackconf, cookie, cookie, natt,
		payload(nslpid, pinfo, tree), gist_error, hello,
	}
end

local function message(tvb, pinfo, tree)
	local kind = tvb(6, 1):uint() % 128
	local name = GIST_TYPES[kind] or "unknown message"
	local t = tree:add(gist, tvb(), "GIST, " .. name)
	pinfo.cols.protocol = "GIST"
	pinfo.cols.info:append((tostring(pinfo.cols.info) == "" and "" or " ") .. name)
	t:add(F["gist.version"], tvb(0, 1))
	t:add(F["gist.hops"], tvb(1, 1))
	t:add(F["gist.length"], tvb(2, 2))
	t:add(F["gist.nslpid"], tvb(4, 2))
	t:add(F["gist.c"], tvb(6, 1))
	t:add(F["gist.type"], tvb(6, 1))
	t:add(F["gist.s"], tvb(7, 1))
	t:add(F["gist.r"], tvb(7, 1))
	t:add(F["gist.e"], tvb(7, 1))
	if tvb:len() ~= 8 + tvb(2, 2):uint() * 4 then
		t:add_proto_expert_info(gist_short, "Length is not that of the message")
	end
	if tvb:len() > 8 then
		objects(tvb(8):tvb(), t, "gist", GIST_OBJECTS,
			handlers(tvb(4, 2):uint(), pinfo, tree), gist_short)
	end
end

local function datagram(tvb, pinfo, tree)
	if tvb:len() < 12 or tvb(0, 4):uint() ~= MAGIC then
		return false
	end
	pinfo.cols.info = ""
	tree:add(F["gist.magic"], tvb(0, 4))
	message(tvb(4):tvb(), pinfo, tree)
	return true
end

local function frame_length(tvb, _, offset)
	return 8 + tvb(offset + 2, 2):uint() * 4
end

local function frame(tvb, pinfo, tree)
	message(tvb, pinfo, tree)
	return tvb:len()
end

local function stream(tvb, pinfo, tree)
	pinfo.cols.info = ""
	dissect_tcp_pdus(tvb, tree, 8, frame_length, frame)
	return tvb:len()
end

-- For heuristics: a stream of GIST begins with a Confirm, Response, Data or MA-Hello.
local function looks_like_gist(tvb)
	if tvb:len() < 12 or tvb(0, 1):uint() ~= 1 or tvb(2, 2):uint() == 0 then
		return false
	end
	local c_type, flags, nslpid = tvb(6, 1):uint(), tvb(7, 1):uint(), tvb(4, 2):uint()
	if c_type < 1 or c_type > 5 or flags % 32 ~= 0 or (c_type > 3) ~= (nslpid == 0) then
		return false
	end
	local first = tvb(8, 2):uint() % 4096
	if c_type == 5 then
		return first == 10
	elseif c_type == 4 then
		return first == 2 or first == 7 or first == 9
	end
	return first == 0 or first == 7
end

function gist.dissector(tvb, pinfo, tree)
	return datagram(tvb, pinfo, tree) and tvb:len() or 0
end

local gist_tcp = Proto("gist_tcp", "GIST messaging association")

function gist_tcp.dissector(tvb, pinfo, tree)
	return stream(tvb, pinfo, tree)
end

DissectorTable.get("udp.port"):add(270, gist)
DissectorTable.get("tcp.port"):add_for_decode_as(gist_tcp)
gist_tcp:register_heuristic("tcp", function(tvb, pinfo, tree)
	if not looks_like_gist(tvb) then
		return false
	end
	pinfo.conversation = gist_tcp
	stream(tvb, pinfo, tree)
	return true
end)

local port = 0
function gist.prefs_changed()
	local table = DissectorTable.get("tcp.port")
	if port > 0 then
		table:remove(port, gist_tcp)
	end
	port = gist.prefs.tcp_port
	if port > 0 then
		table:add(port, gist_tcp)
	end
end
