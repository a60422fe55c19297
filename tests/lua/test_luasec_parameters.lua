-- Has every parameter and option of LuaSec an effect, or is it refused by its name? The lists are those
-- of LuaSec 1.3.2; that of an installed LuaSec must not have more.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local pairing = require "luasec_pairing"
local test, equal, matches = helper.test, helper.equal, helper.matches
local pair = pairing.pair

local rfctls = require "rfctls"
local socket = helper.need "socket"
local original = helper.need "ssl"
local ssl = require "rfctls.luasec"
local Socket = require "rfctls.socket"

local function set_of(text)
  local set = {}
  for word in text:gmatch "%S+" do set[word] = true end
  return set
end

local lists = {
  parameters = set_of [[
    alpn cafile capath certificate certificates ciphers ciphersuites curve curveslist dane depth dhparam
    key mode options password protocol psk verify verifyext
  ]],
  options = set_of [[
    all allow_client_renegotiation allow_no_dhe_kex allow_unsafe_legacy_renegotiation
    cipher_server_preference cisco_anyconnect cleanse_plaintext cookie_exchange cryptopro_tlsext_bug
    disable_tlsext_ca_names dont_insert_empty_fragments enable_ktls enable_middlebox_compat ephemeral_rsa
    ignore_unexpected_eof legacy_server_connect microsoft_big_sslv3_buffer microsoft_sess_id_bug
    msie_sslv2_rsa_padding netscape_ca_dn_bug netscape_challenge_bug netscape_demo_cipher_change_bug
    netscape_reuse_cipher_change_bug no_anti_replay no_compression no_dtls_mask no_dtlsv1 no_dtlsv1_2
    no_encrypt_then_mac no_extended_master_secret no_query_mtu no_renegotiation
    no_session_resumption_on_renegotiation no_ssl_mask no_sslv2 no_sslv3 no_ticket no_tlsv1 no_tlsv1_1
    no_tlsv1_2 no_tlsv1_3 pkcs1_check_1 pkcs1_check_2 prioritize_chacha safari_ecdhe_ecdsa_bug
    single_dh_use single_ecdh_use ssleay_080_client_dh_bug sslref2_reuse_cert_type_bug
    tls_block_padding_bug tls_d5_bug tls_rollback_bug tlsext_padding
  ]],
  protocols = set_of "any sslv23 tlsv1 tlsv1_1 tlsv1_2 tlsv1_3",
}

-- ---- what a context makes of a connection ----

-- The parts of the hello that a client sends first (RFC 8446 section 4.1.2).
local function hello(parameters)
  local transport = rfctls.plain.memory()
  local client = assert(ssl.wrap(transport, pairing.client_parameters(parameters)))
  client:sni "server.test"
  equal(select(2, client:dohandshake()), "wantread")
  local bytes = transport:drain()
  local place = 5 + 4 + 2 + 32 + 1
  local parts = { version = bytes:sub(10, 11) }
  local function take(width) -- a vector whose length has so many bytes
    local size = 0
    for _ = 1, width do
      size, place = size * 256 + bytes:byte(place), place + 1
    end
    place = place + size
    return bytes:sub(place - size, place - 1)
  end
  parts.session_id = take(1)
  take(2)
  parts.compression = take(1)
  place = place + 2
  while place < #bytes do
    local kind = bytes:byte(place) * 256 + bytes:byte(place + 1)
    place = place + 2
    parts[kind] = take(2)
  end
  return parts
end

local SUPPORTED_GROUPS, SUPPORTED_VERSIONS, KEY_SHARE = 10, 43, 51

local function offers(parts, minor)
  local versions = parts[SUPPORTED_VERSIONS] or parts.version
  return versions:find("\3" .. string.char(minor), 1, true) ~= nil
end

-- Whether a server gives its client a session, and the second connection of two contexts resumes it by
-- itself.
local function sessions(server_more)
  local contexts = {
    client = assert(ssl.newcontext(pairing.client_parameters())),
    server = assert(ssl.newcontext(pairing.server_parameters(server_more))),
  }
  local listener = assert(socket.bind("127.0.0.1", 0)) -- a session is for one port
  local given
  for round = 1, 2 do
    local client, server = pairing.handshake(contexts.client, contexts.server, nil, nil, listener)
    if round == 2 then return given, Socket.info(client).resumed end
    server:send "x\n"
    client:receive() -- tickets come before data
    given = Socket.getsession(client) ~= nil
    client:close()
  end
end

-- What a server with TLS 1.2 says to s_client, which renegotiates when told so.
local function renegotiates(options)
  local listener = assert(socket.bind("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local name = os.tmpname()
  local peer = io.popen(("exec openssl s_client -tls1_2 -connect 127.0.0.1:%d >%s 2>&1"):format(port, name),
                        "w")
  local server = assert(ssl.wrap(listener:accept(), pairing.server_parameters {
    protocol = "tlsv1_2", options = options }))
  server:settimeout(10)
  assert(server:dohandshake())
  peer:write "R\n"
  peer:flush()
  equal(server:receive "*l", nil)
  server:close()
  peer:close()
  local file = io.open(name)
  local said = file:read "*a"
  file:close()
  os.remove(name)
  return not said:lower():find "no renegotiation"
end

-- ---- options ----

local effective = {}

function effective.all(option)
  for _, module in ipairs { ssl, original } do
    equal(select(3, pair({ options = option }, { options = option }, nil, module))[1], true)
  end
end

function effective.no_compression(option)
  equal(hello({ options = option }).compression, "\0")
end

function effective.enable_middlebox_compat(option)
  equal(#hello({ options = option }).session_id, 32)
end

function effective.no_renegotiation(option)
  equal(renegotiates(option), false)
end
effective.no_session_resumption_on_renegotiation = effective.no_renegotiation

function effective.single_ecdh_use(option)
  local context = { options = option }
  assert(hello(context)[KEY_SHARE] ~= hello(context)[KEY_SHARE])
end
effective.single_dh_use = effective.single_ecdh_use

function effective.no_sslv3(option)
  local parts = hello { options = option }
  equal(offers(parts, 0), false)
  equal(parts.version, "\3\3")
end
effective.no_sslv2 = effective.no_sslv3

for minor, version in ipairs { "tlsv1", "tlsv1_1", "tlsv1_2", "tlsv1_3" } do
  effective["no_" .. version] = function(option)
    equal(offers(hello { options = option }, minor), false)
    local alone, message = ssl.newcontext(pairing.client_parameters { protocol = version, options = option })
    equal(alone, nil)
    matches(message, "option " .. option .. " leaves no version")
    local other = minor == 4 and "tlsv1_2" or "tlsv1_3"
    assert(ssl.newcontext(pairing.client_parameters { protocol = other, options = option }))
  end
end

function effective.no_ticket(option)
  local given, resumed = sessions()
  equal(given, true)
  equal(resumed, false, "LuaSec's clients resume nothing")
  equal((sessions { options = option }), false)
  assert(ssl.newcontext(pairing.client_parameters { options = option }))
end

function effective.ignore_unexpected_eof(option)
  for _, options in ipairs { "all", option } do
    local client, server = pair { options = options }
    assert(server:send "cut")
    Socket.abort(server)
    local data, word = client:receive "*a"
    equal(data, options == option and "cut" or nil)
    equal(word, options ~= option and "truncated" or nil)
  end
end

function effective.cipher_server_preference(option)
  local wants = { ciphersuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384" }
  equal(pair(wants):info "cipher", "TLS_AES_128_GCM_SHA256")
  equal(pair(wants, { options = option }):info "cipher", "TLS_AES_256_GCM_SHA384")
  assert(ssl.newcontext(pairing.client_parameters { options = option }))
end

test("every option has its effect, or is refused by name", function()
  for option in pairs(lists.options) do
    if effective[option] then effective[option](option)
    else
      for _, role in ipairs { "client", "server" } do
        local made, message = ssl.newcontext(pairing[role .. "_parameters"] { options = { "all", option } })
        equal(made, nil, option)
        matches(message, "invalid option %(" .. option .. "%)")
      end
    end
    equal(ssl.config.options[option], effective[option] and true, option .. " in config")
  end
  for option in pairs(ssl.config.options) do assert(lists.options[option], option) end
end)

test("two options leave no version", function()
  matches(select(2, ssl.newcontext(pairing.client_parameters { options = { "no_tlsv1_2", "no_tlsv1_3" } })),
          "no_tlsv1_3 leaves no version")
end)

-- ---- protocols, verify, curves ----

local spoken = { tlsv1 = "TLSv1", tlsv1_1 = "TLSv1.1", tlsv1_2 = "TLSv1.2" }

test("every protocol is spoken", function()
  for protocol in pairs(lists.protocols) do
    local client, _, first = pair({ protocol = protocol }, { protocol = protocol })
    equal(first[1], true, protocol)
    equal(client:info "protocol", spoken[protocol] or "TLSv1.3")
    equal(ssl.config.protocols[protocol], true)
  end
end)

test("every word of verify has its effect, or is refused by name", function()
  local ca = helper.pki "ca.pem"
  local function server(verify, more)
    return pair({ key = more and helper.pki "client.key", certificate = more and helper.pki "client.pem" },
                { cafile = ca, verify = verify })
  end
  local function peer_of(verify)
    local _, connection, _, second = server(verify, true)
    equal(second[1], true)
    return connection:getpeercertificate() ~= nil, (connection:getpeerverification())
  end
  equal(peer_of "none", false)
  for _, verify in ipairs { "peer", { "peer", "client_once" }, { "peer", "fail_if_no_peer_cert" } } do
    local asked, verified = peer_of(verify)
    equal(asked, true)
    equal(verified, true)
  end
  equal(select(4, server("peer"))[1], true)
  equal(select(4, server { "peer", "fail_if_no_peer_cert" })[1], false)
  for _, words in ipairs { "fail_if_no_peer_cert", "client_once", { "none", "peer" },
                           { "fail_if_no_peer_cert", "none" }, { peer = true }, { "peer", 42 }, "perhaps" } do
    local made, message = ssl.newcontext(pairing.server_parameters { cafile = ca, verify = words })
    equal(made, nil)
    matches(message, "verify")
  end
end)

test("a curve is the only group that is offered, or refused by name", function()
  for curve in pairs(original.config.curves) do
    local made, message = ssl.newcontext(pairing.client_parameters { curve = curve })
    if not made then matches(message, curve:lower():gsub("%-", "%%-") .. "\"") end
  end
  for curve, number in pairs { ["prime256v1"] = "\0\23", ["P-384"] = "\0\24", X25519 = "\0\29" } do
    equal(hello({ curve = curve })[SUPPORTED_GROUPS], "\0\2" .. number)
  end
end)

-- ---- parameters ----

local refused = {
  dane = { true, {}, { "no_ee_namechecks" } },
  dhparam = { function() end },
  psk = { function() return "id", "key" end, { hint = "h", callback = function() end } },
  verifyext = { "lsec_continue", { "lsec_continue", "lsec_ignore_purpose" }, "crl_check", "crl_check_chain" },
}

-- What shows that a parameter counts: a value that nobody can agree with.
local server_key, client_ca = helper.pki "server.key", helper.pki "other-ca.pem"
local counts = {
  mode = { role = "server", value = "both" },
  protocol = { role = "server", value = "tlsv9" },
  options = { role = "server", value = "no_such" },
  verify = { role = "server", value = "perhaps" },
  certificate = { role = "server", value = helper.pki "client.pem" },
  certificates = { role = "server", value = { { certificate = helper.pki "client.pem", key = server_key } } },
  key = { role = "server", value = helper.pki "client.key" },
  password = { role = "server", value = 42 },
  cafile = { role = "client", value = client_ca, fails = "issued by" },
  capath = { role = "client", value = helper.pki "nowhere" },
  ciphers = { role = "server", value = "no_such" },
  ciphersuites = { role = "server", value = "no_such" },
  curve = { role = "client", value = "no_such" },
  curveslist = { role = "client", value = "no_such" },
  depth = { role = "client", value = 0, fails = "" },
  alpn = { role = "server", value = {} },
}

test("every parameter counts, or is refused by name", function()
  for name in pairs(lists.parameters) do
    for _, value in ipairs(refused[name] or {}) do
      for _, role in ipairs { "client", "server" } do
        local made, message = ssl.newcontext(pairing[role .. "_parameters"] { [name] = value })
        equal(made, nil, name)
        equal(message, name .. " is not supported")
      end
    end
    local try = counts[name]
    assert((try == nil) == (refused[name] ~= nil), name .. " is in neither list, or in both")
    if try and try.fails then
      local _, _, first = pair { [name] = try.value }
      equal(first[1], false, name)
      matches(first[2], try.fails)
    elseif try then
      local more = { [name] = try.value }
      if name == "certificates" then more.certificate, more.key = false, false end
      local made, message = ssl.newcontext(pairing[try.role .. "_parameters"](more))
      equal(made, nil, name)
      assert(#message > 0)
    end
  end
end)

test("a parameter that nobody knows is refused by name", function()
  for _, name in ipairs { "verfiy", "cafiel", "hostname", 1, true } do
    local made, message = ssl.newcontext(pairing.client_parameters { [name] = "x" })
    equal(made, nil)
    equal(message, ("parameter '%s' is unknown"):format(tostring(name)))
  end
  local given = { { certificate = helper.pki "server.pem", key = server_key, psk = "x" } }
  matches(select(2, ssl.newcontext { mode = "server", certificates = given }), "psk")
end)

test("false is nothing, and a name with '_' before it the program's own", function()
  assert(ssl.newcontext(pairing.server_parameters {
    dhparam = false, psk = false, curve = false, password = false, verify = false, whatever = false,
    _cache = {}, _host = "server.test" }))
end)

test("what stands beside another parameter that hides it is refused", function()
  for name, more in pairs {
    ["no effect beside curveslist"] = { curve = "P-256", curveslist = "P-384" },
    ["no effect beside certificates"] = {
      certificates = { { certificate = helper.pki "server.pem", key = server_key } } },
    ["list of tables"] = { certificate = false, key = false,
                           certificates = { certificate = helper.pki "server.pem", key = server_key } },
    ["more than one certificate"] = { certificate = false, key = false, certificates = { {}, {} } },
    ["depth has no effect"] = { depth = 2 },
    ["no list of words"] = { options = { all = true } },
  } do
    local made, message = ssl.newcontext(pairing.server_parameters(more))
    equal(made, nil, name)
    matches(message, (name:gsub("no list", "nor a list")))
  end
end)

-- ---- the installed LuaSec ----

local function source_of(module)
  for template in package.path:gmatch "[^;]+" do
    local file = io.open((template:gsub("%?", module)))
    if file then
      local text = file:read "*a"
      file:close()
      return text
    end
  end
end

test("the installed LuaSec has nothing that the lists have not", function()
  for kind in pairs { options = true, protocols = true } do
    for name in pairs(original.config[kind]) do assert(lists[kind][name], name) end
  end
  local count = 0
  for name in source_of("ssl"):gmatch "cfg%.([%a_]+)" do
    assert(lists.parameters[name], name)
    count = count + 1
  end
  assert(count > 15, "its source was not understood")
end)

helper.finish()
