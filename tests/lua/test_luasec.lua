-- Does a program for LuaSec run when only its require is changed, against LuaSec and against itself, and
-- is it safer than it was?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local pairing = require "luasec_pairing"
local test, equal, matches = helper.test, helper.equal, helper.matches
local client_parameters, server_parameters = pairing.client_parameters, pairing.server_parameters
local connected, pair = pairing.connected, pairing.pair

local socket = helper.need "socket"
local original = helper.need "ssl"
local ssl = require "rfctls.luasec"
local Socket = require "rfctls.socket"

-- ---- the sample programs ----

-- The sample's text with only the require changed.
local function converted()
  local file = assert(io.open(helper.here .. "/luasec_sample.lua"))
  local text, count = file:read("*a"):gsub('require "ssl"', 'require "rfctls.luasec"')
  file:close()
  equal(count, 1, "requires that were changed")
  local path = os.tmpname()
  file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local samples = { rfctls = converted(), luasec = helper.here .. "/luasec_sample.lua" }

local function read_all(peer)
  local lines = {}
  for line in peer:lines() do lines[#lines + 1] = line end
  peer:close()
  return table.concat(lines, "\n")
end

local function run(server_side, client_side, count, certificate, name)
  local server = helper.start(samples[server_side], "server", count, certificate)
  local port = server:read "*l"
  local client = helper.start(samples[client_side], "client", port, count, name)
  return read_all(client), read_all(server)
end

for _, sides in ipairs { { "rfctls", "rfctls" }, { "rfctls", "luasec" }, { "luasec", "rfctls" } } do
  for shape, count in pairs { oneshot = 1, loop = 5 } do
    test(("%s: a server of %s and a client of %s"):format(shape, sides[1], sides[2]), function()
      local heard, said = run(sides[1], sides[2], count, "server", "server.test")
      for i = 1, count do
        matches(heard, "tlsv1%.3\tserver%.test\tone line " .. i)
      end
      equal(said, ("heard\tand back\n"):rep(count):sub(1, -2))
    end)
  end
end

test("without sni, the address connected to is the name", function()
  matches(run("luasec", "rfctls", 1, "server"), "one line 1")
end)

test("a wrong host name is refused, which LuaSec accepts", function()
  matches(run("luasec", "rfctls", 1, "server", "other.test"), "^refused\t.*other%.test")
  matches(run("luasec", "rfctls", 1, "wrong-name", "server.test"), "^refused\t.*server%.test")
  matches(run("luasec", "rfctls", 1, "wrong-name"), "^refused\t.*127%.0%.0%.1")
  matches(run("luasec", "luasec", 1, "wrong-name", "server.test"), "one line 1")
end)

test("a server nobody vouches for is refused", function()
  matches(run("luasec", "rfctls", 1, "self-signed", "server.test"), "^refused\t")
end)

-- ---- parameters ----

test("the socket that is wrapped is taken over", function()
  local left, right = connected()
  local fd = left:getfd()
  local client = assert(ssl.wrap(left, client_parameters()))
  equal(client:getfd(), fd)
  equal(left:getfd(), -1)
  right:close()
end)

test("without verify a client verifies, with none it does not", function()
  local _, _, first = pair({ cafile = helper.pki "other-ca.pem" })
  equal(first[1], false)
  matches(first[2], "issued by")
  local client
  client, _, first = pair({ cafile = helper.pki "other-ca.pem", verify = "none" })
  equal(first[1], true)
  equal(client:getpeerverification(), false)
  client = pair()
  equal(client:getpeerverification(), true)
end)

test("only the authorities of cafile count", function()
  local options = assert(ssl.options(client_parameters()))
  equal(options.system_trust, false)
  equal(assert(ssl.options { mode = "client" }).system_trust, nil)
end)

test("versions", function()
  for _, more in ipairs { { protocol = "tlsv1_2" }, { options = { "all", "no_tlsv1_3" } } } do
    equal(pair(more):info "protocol", "TLSv1.2")
  end
  equal(pair({ options = "no_tlsv1_2" }):info "protocol", "TLSv1.3")
end)

test("a server demands certificates as it is told", function()
  local identity = { key = helper.pki "client.key", certificate = helper.pki "client.pem" }
  local asking = { cafile = helper.pki "ca.pem", verify = { "peer", "fail_if_no_peer_cert" } }
  local _, server, _, second = pair(nil, asking)
  equal(second[1], false)
  _, server, _, second = pair(identity, asking)
  equal(second[1], true)
  local subject = server:getpeercertificate():subject()
  matches(subject[#subject].value, "client")
  _, server, _, second = pair(nil, { cafile = helper.pki "ca.pem", verify = "peer" })
  equal(second[1], true)
  equal(server:getpeercertificate(), nil)
end)

test("contexts by name, on the server", function()
  local other = assert(ssl.newcontext(server_parameters {
    key = helper.pki "server-rsa.key", certificate = helper.pki "server-rsa.pem" }))
  local client, server = pair(nil, nil, function(client, server)
    client:sni "server.test"
    server:sni { ["server.test"] = other }
  end)
  equal(client:exportkeyingmaterial("EXPERIMENTAL x", 32), server:exportkeyingmaterial("EXPERIMENTAL x", 32))
  assert(client:getpeercertificate():pem() ~= pair():getpeercertificate():pem())
  equal(server:getsniname(), "server.test")
  local _, _, first, second = pair(nil, nil, function(a, b)
    a:sni "server.test"
    b:sni({ ["other.test"] = other }, true)
  end)
  equal(second[1], false)
  matches(second[2], "no context for the name server%.test")
  equal(first[1], false)
end)

test("a chain that is too deep is refused", function()
  local _, _, first = pair { depth = 0 }
  equal(first[1], false)
  _, _, first = pair { depth = 1 }
  equal(first[1], true)
end)

test("ciphers and curves", function()
  equal(pair({ protocol = "tlsv1_2", ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384" }):info "bits", 256)
  equal(pair({ ciphersuites = "TLS_AES_128_GCM_SHA256" }):info "cipher", "TLS_AES_128_GCM_SHA256")
  equal(Socket.info((pair { curve = "P-384" })).group, "secp384r1")
  equal(Socket.info((pair({ curveslist = "P-521:P-384" }, { curveslist = "P-521" }))).group, "secp521r1")
end)

test("protocols of applications", function()
  local client = pair({ alpn = { "h2", "http/1.1" } }, { alpn = { "http/1.1" } })
  equal(client:getalpn(), "http/1.1")
end)

test("what is not supported is refused, with its name", function()
  for name, value in pairs {
    dane = true, verifyext = "lsec_continue", mode = "both", protocol = "sslv3", options = "no_such",
    verify = "perhaps", alpn = 42, certificate = helper.pki "server.pem", password = {},
    certificates = { {}, {} }, capath = helper.pki "nowhere", ciphers = "no_such", curve = "no_such",
    cafile = helper.pki "nowhere.pem", key = helper.pki "garbage.pem",
  } do
    local parameters = server_parameters { [name] = value }
    if name == "certificate" then parameters.key = nil end
    local context, message = ssl.newcontext(parameters)
    equal(context, nil, name)
    assert(type(message) == "string" and #message > 0, name)
  end
  matches(select(2, ssl.newcontext {}), "invalid mode")
  matches(select(2, ssl.newcontext "nonsense"), "not a table")
  matches(select(2, ssl.wrap(connected(), { mode = "nonsense" })), "invalid mode")
end)

test("an encrypted key takes a password, or a function for it", function()
  for _, password in ipairs { "secret", function() return "secret" end } do
    assert(ssl.newcontext(server_parameters {
      key = helper.pki "server-encrypted.key", password = password }))
  end
  equal(ssl.newcontext(server_parameters { key = helper.pki "server-encrypted.key" }), nil)
end)

-- ---- what is told ----

test("words of a connection that does not wait", function()
  local left, right = connected()
  local client = assert(ssl.wrap(left, client_parameters()))
  client:settimeout(0)
  local ok, word = client:dohandshake()
  equal(ok, false)
  equal(word, "wantread")
  equal(client:want(), "read")
  right:close()
  local both = pair()
  both:settimeout(0)
  local data, timeout, partial = both:receive(5)
  equal(data, nil)
  equal(timeout, "wantread")
  equal(partial, "")
end)

test("info, statistics, certificates are LuaSec's", function()
  local client, server = pair(nil, nil, nil, original)
  local own = client:info()
  local theirs = server:info()
  equal(own.protocol, theirs.protocol, "protocol")
  equal(own.cipher, theirs.cipher, "cipher")
  equal(own.bits, theirs.bits, "bits")
  equal(own.export, false)
  equal(client:info "cipher", own.cipher)
  assert(client:send "12345")
  equal(server:receive(5), "12345")
  equal(select(2, client:getstats()), 5)
  local pem = helper.read "server-direct.pem"
  local mine, reference = assert(ssl.loadcertificate(pem)), assert(original.loadcertificate(pem))
  equal(mine:pem(), reference:pem(), "pem")
  equal(mine:digest "sha256", reference:digest "sha256", "digest")
  equal(mine:serial(), reference:serial(), "serial")
  equal(mine:notbefore(), reference:notbefore(), "notbefore")
  equal(mine:notafter(), reference:notafter(), "notafter")
  local early = require("rfctls.luasec.certificate").new { not_after = function() return 86399 end }
  equal(early:notafter(), "Jan  1 23:59:59 1970 GMT", "a day of one digit")
  equal(mine:validat(os.time()), true)
  equal(mine:validat(0), false)
  for _, name in ipairs { "subject", "issuer" } do
    local a, b = mine[name](mine), reference[name](reference)
    equal(#a, #b, name)
    for i in ipairs(a) do
      equal(a[i].oid, b[i].oid)
      equal(a[i].name, b[i].name)
      equal(a[i].value, b[i].value)
    end
  end
  local names, others = mine:extensions()["2.5.29.17"], reference:extensions()["2.5.29.17"]
  equal(table.concat(names.dNSName, " "), table.concat(others.dNSName, " "))
  equal(ssl.loadcertificate "nonsense", nil)
  equal(#client:getpeerchain() >= 1, true)
  equal(client:getpeercertificate(2) and client:getpeercertificate(2):pem(),
        client:getpeerchain()[2] and client:getpeerchain()[2]:pem())
end)

-- What no program asks for that does not do DANE, or its own channel binding.
local missing = { getfinished = true, getpeerfinished = true, setdane = true, settlsa = true }

test("this end's certificates are told", function()
  local client, server = pair()
  equal(client:getlocalcertificate(), nil)
  equal(#client:getlocalchain(), 0)
  equal(server:getlocalcertificate():digest "sha256", client:getpeercertificate():digest "sha256")
  equal(#server:getlocalchain(), #client:getpeerchain())
end)

test("a connection has the methods of LuaSec's", function()
  local client, theirs = pair(nil, nil, nil, original)
  for name in pairs(getmetatable(theirs).__index) do
    if not missing[name] then
      equal(type(client[name]), "function", name)
    end
  end
  equal(getmetatable(Socket), nil)
end)

-- ---- LuaSocket ----

test("LuaSocket's select sees our sockets, and ours its", function()
  local client, server = pair()
  equal(#(socket.select({ server }, nil, 0)), 0)
  assert(client:send "0123456789")
  equal(socket.select({ server }, nil, 10)[1], server)
  equal(server:receive(4), "0123")
  equal(socket.select({ server }, nil, 0)[1], server, "decrypted bytes")
  local left, right = connected()
  right:send "x"
  equal(require("rfctls").select({ left }, nil, 10)[1], left)
end)

os.remove(samples.rfctls)
helper.finish()
