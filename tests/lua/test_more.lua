-- Sessions, new keys, new options for a live listener, identities by a function, statistics, details.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches, raises = helper.test, helper.equal, helper.matches, helper.raises

-- A client of a config, and what a listener accepted for it; what a server says first has come.
local function meet(listener, options)
  local _, port = listener:getsockname()
  local client = assert(rfctls.connect("127.0.0.1", port, options))
  local server = assert(listener:accept())
  assert(helper.shake(client, server)[1])
  assert(server:send "hello\n")
  equal(client:receive(), "hello")
  return client, server
end

local function listen(options)
  return assert(rfctls.listen("127.0.0.1", 0, helper.server_options("server", options)))
end

test("a config resumes by itself, unless told not to", function()
  local listener = listen { handshake = false }
  for _, cache in ipairs { true, false } do
    local config = assert(rfctls.config(helper.client_options { handshake = false, session_cache = cache }))
    local first = meet(listener, config)
    equal(first:info "resumed", false, "the first")
    first:close()
    local second, server = meet(listener, config)
    equal(second:info "resumed", cache, "the second")
    equal(server:info "resumed", cache, "the server's view")
  end
end)

test("connecting twice with equal options resumes by itself", function()
  local listener = listen { handshake = false }
  local function resumed(options)
    local client = meet(listener, helper.client_options(options))
    client:close()
    return client:info "resumed"
  end
  equal(resumed { handshake = false, min_version = "1.2" }, false, "the first")
  equal(resumed { handshake = false, min_version = "1.2" }, true, "an equal one")
  equal(resumed { handshake = false, min_version = "1.2", timeout = 20 }, true, "with another timer")
  equal(resumed { handshake = false, min_version = "1.3" }, false, "with other options")
end)

test("a session that is given is used on another port, or says why not", function()
  local control, data = listen { handshake = false }, listen { handshake = false }
  local forgetful = listen { handshake = false, session_cache = false }
  local function given(listener, options)
    options.handshake = false
    options.session = assert(meet(control, helper.client_options { handshake = false }):getsession())
    local info = meet(listener, helper.client_options(options)):info()
    return info.resumed, info.session_refused
  end
  local resumed, refused = given(data, {})
  equal(resumed, true)
  equal(refused, nil)
  resumed, refused = given(forgetful, {})
  equal(resumed, false)
  equal(refused, "the server did not take it")
  equal(select(2, given(data, { server_name = "localhost" })), "it is for another server name")
  matches(select(2, given(data, { max_version = "1.2" })), "other options")
end)

test("a session can be saved, and used by another config", function()
  local listener = listen { handshake = false }
  local client = meet(listener, helper.client_options { handshake = false })
  local session = assert(client:getsession())
  local bytes = session:bytes()
  assert(#bytes > 100)
  local again = assert(rfctls.session(bytes))
  equal(meet(listener, helper.client_options { handshake = false, session = again }):info "resumed", true)
  local other = helper.strangers { session_cache = false }
  assert(other:setsession(session))
  equal(select(3, rfctls.session("nonsense")), "E_PARSE")
  equal(select(3, listener:getsession()) ~= nil, true)
  raises("rfctls.session expected", other.setsession, other, other.handle)
end)

test("keys change in mid-stream", function()
  local client, server = helper.pair()
  for i = 1, 3 do
    assert(client:keyupdate())
    assert(client:send(i .. "\n"))
    equal(server:receive(), tostring(i))
    assert(server:keyupdate())
    assert(server:send(i .. "\n"))
    equal(client:receive(), tostring(i))
  end
  equal(select(3, helper.pair({ max_version = "1.2" }):keyupdate()), "E_UNSUPPORTED")
end)

test("a listener takes another certificate, and its old connections live", function()
  local listener = listen { handshake = false }
  local before = meet(listener, helper.client_options { handshake = false })
  assert(listener:reload(helper.server_options("server-rsa", { handshake = false })))
  local after = meet(listener, helper.client_options { handshake = false })
  assert(before:getpeercertificate():der() ~= after:getpeercertificate():der())
  equal(before:getpeercertificate():der(), helper.read "server.der")
  local ok, message, code = listener:reload { certfile = helper.pki "nowhere.pem", keyfile = "nowhere" }
  equal(ok, nil)
  assert(#message > 0 and code)
  equal(select(3, before:reload(helper.server_options())), "E_STATE")
end)

test("both ends export the same keys, and are bound to the same channel", function()
  local client, server = helper.pair()
  local label = "EXPERIMENTAL rfctls"
  local key = assert(client:exportkey(label, 32))
  equal(#key, 32)
  equal(server:exportkey(label, 32), key)
  assert(client:exportkey(label, 32, "context") ~= key)
  equal(client:channelbinding "tls-exporter", server:channelbinding "tls-exporter")
  equal(client:channelbinding "tls-server-end-point", server:channelbinding "tls-server-end-point")
  equal(select(3, client:channelbinding "no-such"), "E_ARGUMENT")
  matches(client:info "group", "^%w+$")
  local fresh = helper.strangers()
  equal(select(3, fresh:exportkey(label, 32)), "E_STATE")
end)

test("TLS can end, and the connection go on without it", function()
  local client, server = helper.pair()
  local plain = {}
  client:settimeout(0)
  server:settimeout(0)
  local limit = rfctls.clock() + 10
  while not (plain[client] and plain[server]) and rfctls.clock() < limit do
    for _, s in ipairs { client, server } do plain[s] = plain[s] or s:unwrap() end
  end
  assert(plain[client]:send "in the clear\n")
  equal(plain[server]:receive(), "in the clear")
  equal(select(4, client:send "x"), "E_CLOSED")
  local peer, other = helper.pair()
  local fd = assert(other:detach())
  assert(rfctls.plain.adopt(fd, true)):close()
  equal(select(4, peer:receive(1)), "E_TRUNCATED")
end)

test("an abort says no goodbye", function()
  local client, server = helper.pair()
  equal(server:abort(), true)
  equal(server:abort(), true, "again")
  equal(server:isclosed(), true)
  equal(select(2, client:receive(1)), "truncated")
end)

test("ciphers, groups, and places of trust", function()
  local client = helper.pair { max_version = "1.2", ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" }
  matches(client:info "cipher", "aes_256_gcm")
  equal(client:info "bits", 256, "bits")
  equal(helper.pair({ ciphersuites = "TLS_AES_128_GCM_SHA256" }):info "bits", 128, "bits")
  for _, name in ipairs { "TLSv1", "1.0", "TLSv1.2", "1.3" } do assert(rfctls.config { min_version = name }, name) end
  equal(helper.pair({ ciphersuites = "TLS_CHACHA20_POLY1305_SHA256" }):info "cipher",
        "TLS_CHACHA20_POLY1305_SHA256")
  equal(helper.pair({ groups = "P-384" }):info "group", "secp384r1")
  local keys = os.tmpname()
  helper.pair { insecure_log_keys = keys }
  local file = assert(io.open(keys))
  matches(file:read "*l", "^%l+_")
  file:close()
  os.remove(keys)
  for name, value in pairs {
    ciphers = "no_such", ciphersuites = "no_such", groups = "no_such", cafile = helper.pki "one-bad-ca.pem",
    capath = helper.pki "nowhere", insecure_log_keys = helper.pki "", crl = "no list",
    crlfile = helper.pki "nowhere",
  } do
    local config, message, code = rfctls.config { [name] = value }
    equal(config, nil, name)
    assert(#message > 0 and code, name)
  end
end)

test("static RSA key exchange is for programs that name it", function()
  local function connect(ciphers)
    local s, peer, message, code = helper.to_peer({ ciphers = ciphers }, "echo", "server-rsa", "TLSv1_2",
                                                  "AES128-GCM-SHA256")
    local cipher = s and s:info "cipher"
    if s then s:close() end
    peer:close()
    return cipher or code, message
  end
  equal(connect(nil), "E_ALERT")
  equal(connect "ALL", "E_ALERT")
  equal(connect "DEFAULT:kRSA", "TLS_RSA_WITH_AES_128_GCM_SHA256")
end)

test("a security level in a list of ciphers counts, or is refused", function()
  assert(rfctls.config { ciphers = "DEFAULT@SECLEVEL=2" })
  for _, ciphers in ipairs { "DEFAULT@SECLEVEL=1", "ALL:@SECLEVEL=0" } do
    local config, message, code = rfctls.config { ciphers = ciphers }
    equal(config, nil)
    equal(code, "E_ARGUMENT")
    matches(message, "min_version")
  end
end)

test("a hello takes extensions of the program", function()
  assert(helper.pair { hello_extensions = { { type = 65280, data = "mine" } } })
  local client, server = helper.strangers()
  assert(client:addextension(65282, ""))
  assert(helper.shake(client, server)[1])
  equal(select(3, rfctls.config { hello_extensions = { { type = 0, data = "" } } }), "E_ARGUMENT")
  raises("no extension", rfctls.config, { hello_extensions = { 42 } })
end)

-- ---- identities by a function ----

local function client_identity()
  return rfctls.identity(helper.read "client.pem" .. helper.read "client.key")
end

test("a client is asked for its identity when the server wants one", function()
  local asked = 0
  local client, server = helper.pair(
    { identity = function(s) asked = asked + 1; equal(type(s.getfd), "function"); return client_identity() end },
    { verify = true, cafile = helper.pki "ca.pem" })
  equal(asked, 1)
  matches(server:getpeercertificate():subject(), "client")
  assert(client:send "x")
  helper.pair { identity = function() error "not asked" end }
end)

test("a socket may have such a function of its own", function()
  local client, server = helper.strangers({}, { peer_certificate = "optional", cafile = helper.pki "ca.pem" })
  assert(client:setidentity(function() return client_identity() end))
  assert(helper.shake(client, server)[1])
  assert(server:getpeercertificate())
  raises("function expected", client.setidentity, client, 42)
end)

test("no identity is an answer, anything else and an error are not", function()
  local _, server = helper.pair({ identity = function() return nil end },
                                { peer_certificate = "optional", cafile = helper.pki "ca.pem" })
  equal(server:getpeercertificate(), nil)
  for _, wrong in ipairs { "text", 1, {}, true } do
    local client, other = helper.strangers({ identity = function() return wrong end },
                                           { peer_certificate = "optional", cafile = helper.pki "ca.pem" })
    raises("function for the identity answered", helper.shake, client, other)
  end
  local client, other = helper.strangers({ identity = function() error "mine" end },
                                         { peer_certificate = "optional", cafile = helper.pki "ca.pem" })
  raises("mine$", helper.shake, client, other)
  equal(select(2, client:dohandshake()), "closed", "afterwards")
end)

test("a server chooses its identity by the name that was asked for", function()
  local names = {}
  local options = { handshake = false, identity = function(s)
    names[#names + 1] = s:sni()
    return rfctls.identity(helper.read "server.pem" .. helper.read "server.key")
  end }
  local listener = assert(rfctls.listen("127.0.0.1", 0, options))
  meet(listener, helper.client_options { handshake = false })
  equal(names[1], "server.test")
end)

-- ---- what is told ----

test("statistics count bytes and seconds", function()
  local client, server = helper.pair()
  assert(client:send "12345")
  assert(client:send("12345", 2, 3))
  equal(server:receive(3), "123")
  equal(server:receive(4), "4523")
  local received, sent, age = client:getstats()
  equal(received, 0)
  equal(sent, 7)
  assert(age >= 0 and age < 10)
  equal((server:getstats()), 7)
  equal(client:setstats(1, 2, 100), 1)
  received, sent, age = client:getstats()
  equal(received, 1)
  equal(sent, 2)
  assert(age >= 100)
end)

test("every socket keeps the details of its own last failure", function()
  local first, second = helper.pair()
  equal(first:lasterror(), nil, "before")
  first:dohandshake()
  second:close()
  second:send "x"
  equal(first:lasterror().status, "E_STATE")
  equal(second:lasterror().status, "E_CLOSED")
  equal(rfctls.last_error(), second:lasterror())
end)

test("host, service, timeouts and ends are told", function()
  local client, server, listener = helper.pair()
  equal(client:node(), "127.0.0.1")
  equal(client:service(), tostring(select(2, listener:getsockname())))
  equal(server:node(), nil)
  client:settimeout(1.5)
  client:settimeout(20, "t")
  local block, total = client:gettimeout()
  equal(block, 1.5)
  equal(total, 20)
  client:settimeout(nil)
  equal((client:gettimeout()), nil)
  equal(client:isclosed(), false)
  client:close()
  equal(client:isclosed(), true)
end)

test("certificates tell their names", function()
  local cert = helper.pair():getpeercertificate()
  local kinds = {}
  for _, name in ipairs(cert:names()) do kinds[name.name] = name.kind end
  equal(kinds["server.test"], "DNS")
  equal(kinds["127.0.0.1"], "IP")
  equal(cert:matches "server.test", true)
  equal(cert:matches "other.test", false)
  equal(#cert:fingerprint(), 64)
  matches(cert:serial(), "^%-?%x+$")
end)

test("receivesome gives what is there", function()
  local client, server = helper.pair()
  assert(client:send(helper.bytes(100)))
  equal(server:receivesome(40), helper.bytes(100):sub(1, 40))
  equal(server:receivesome(1000), helper.bytes(100):sub(41))
  client:close()
  local data, word, partial, code = server:receivesome(10)
  equal(data, nil)
  equal(word, "closed")
  equal(partial, "")
  equal(code, nil)
  for _, wrong in ipairs { 0, -1, 1.5, "1", false } do
    raises("a number of bytes", server.receivesome, server, wrong)
  end
end)

helper.finish()
