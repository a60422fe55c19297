-- Is the module what Lua expects of a module, and does it refuse wrong arguments without harm?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path

local before = {}
for name in pairs(_G) do before[name] = true end
local rfctls = require "rfctls"
local left_behind = {}
for name in pairs(_G) do
  if not before[name] then left_behind[#left_behind + 1] = name end
end

local helper = require "helper"
local test, equal, raises, matches = helper.test, helper.equal, helper.raises, helper.matches

test("require leaves no globals behind", function()
  equal(table.concat(left_behind, " "), "", "globals")
end)

test("a global that was there before stays", function()
  local loaded = {}
  for name in pairs(package.loaded) do
    if name:match "^rfctls" and name ~= "rfctls.native" then
      loaded[name], package.loaded[name] = package.loaded[name], nil
    end
  end
  swig_type = "mine"
  require "rfctls"
  equal(swig_type, "mine", "swig_type")
  swig_type = nil
  for name, module in pairs(loaded) do package.loaded[name] = module end
end)

test("version and engine are told", function()
  matches(rfctls._VERSION, "^rfctls %d+%.%d+%.%d+$")
  equal("rfctls " .. rfctls.version(), rfctls._VERSION)
  matches(rfctls.engine(), "openssl")
end)

test("the clock goes on", function()
  local start = rfctls.clock()
  assert(rfctls.clock() >= start)
end)

-- ---- wrong arguments: each function, one bad value at a time ----

local cert = assert(rfctls.certificate(helper.read "ca.pem"))
local key = assert(rfctls.key(helper.read "server.key"))
local client, server, listener = helper.pair()
local fresh = helper.strangers()

local bad = {
  "", "nonsense", "a\0b", -1, 1.5, 0, 2 ^ 31, 2 ^ 63, 2 ^ 64, math.huge, -math.huge, 0 / 0, true,
  false, {}, { {} }, print, io.stdout, coroutine.create(function() end), cert, key, client.handle, client,
  listener.handle, setmetatable({}, { __index = function() error "index" end }),
}

local functions = {
  certificate = { rfctls.certificate, helper.read "ca.pem" },
  chain = { rfctls.chain, helper.read "ca.pem" },
  chain_file = { rfctls.chain_file, helper.pki "ca.pem" },
  key = { rfctls.key, helper.read "server-encrypted.key", "secret" },
  key_file = { rfctls.key_file, helper.pki "server-encrypted.key", "secret" },
  identity = { rfctls.identity, helper.read "server.p12", "secret" },
  identity_file = { rfctls.identity_file, helper.pki "server.p12", "secret" },
  self_signed = { rfctls.self_signed, "server.test" },
  config = { rfctls.config, { timeout = 1 } },
  connect = { rfctls.connect, "127.0.0.1", 1, { timeout = 0.2 } },
  listen = { rfctls.listen, "127.0.0.1", 0, helper.server_options() },
  wrap = { rfctls.wrap, 99999, helper.client_options { timeout = 0.2 } },
  ["cert.der"] = { cert.der, cert },
  ["cert.subject"] = { cert.subject, cert },
  ["cert.not_after"] = { cert.not_after, cert },
  ["chain.certificates"] = { assert(rfctls.chain(cert)).certificates, assert(rfctls.chain(cert)) },
  send = { client.send, client, "data", 1, 4 },
  receive = { client.receive, client, 0, "prefix" },
  settimeout = { client.settimeout, client, 0.1, "b" },
  shutdown = { fresh.shutdown, fresh, "both" },
  dohandshake = { client.dohandshake, client },
  getpeername = { client.getpeername, client },
  getsockname = { client.getsockname, client },
  getfd = { client.getfd, client },
  dirty = { client.dirty, client },
  want = { client.want, client },
  getpeercertificate = { client.getpeercertificate, client },
  getpeerchain = { client.getpeerchain, client },
  info = { client.info, client, "protocol" },
  sni = { fresh.sni, fresh, "server.test" },
  getalpn = { client.getalpn, client },
}

-- Hosts that are no address would be asked of the network.
local hosts = { connect = 1, listen = 1 }

local function is_asked(name, position, value)
  return hosts[name] == position and (type(value) == "number" or value == "nonsense")
end

local function describe(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

-- An error, or nil and a message, or a value: all but a crash or a hang.
local function survives(name, call, position, value)
  local arguments = {}
  for i = 2, #call do arguments[i - 1] = call[i] end
  arguments[position] = value
  client:settimeout(0.05)
  local start = rfctls.clock()
  local results = { pcall(call[1], arguments[1], arguments[2], arguments[3], arguments[4]) }
  if rfctls.clock() - start > 5 then error(name .. " hung with " .. describe(value)) end
  if results[1] and results[2] == nil and results[3] ~= nil and type(results[3]) ~= "string" then
    error(("%s: nil without a message for %s"):format(name, describe(value)))
  end
end

for name, call in pairs(functions) do
  test(name .. " survives every wrong argument", function()
    for position = 1, #call - 1 do
      survives(name, call, position, nil)
      for _, value in ipairs(bad) do
        if not is_asked(name, position, value) then survives(name, call, position, value) end
      end
    end
    pcall(call[1])
  end)
end

test("every option survives every wrong value", function()
  for _, option in ipairs {
    "role", "identity", "certificate", "key", "passphrase", "certfile", "keyfile", "ca", "cafile",
    "system_trust", "verify", "peer_certificate", "server_name", "alpn", "min_version", "max_version",
    "family", "timeout", "handshake", "owned", "allow_truncation", "insecure_skip_verify",
    "insecure_skip_name_check",
  } do
    for _, value in ipairs(bad) do
      survives(option, { rfctls.config, { [option] = value } }, 1, { [option] = value })
    end
  end
end)

-- ---- what the errors say ----

test("handles of the wrong kind raise an error", function()
  raises("rfctls.cert expected", cert.subject, key)
  raises("rfctls.cert expected", cert.subject, io.stdout)
  raises("rfctls.cert expected", cert.subject, nil)
  raises("rfctls.cert expected", cert.subject, 42)
  raises("rfctls.socket expected", client.send, { block = 1, total = -1, handle = cert }, "data")
end)

test("numbers out of range raise an error", function()
  raises("invalid receive pattern", client.receive, client, -1)
  raises("invalid receive pattern", client.receive, client, 1.5)
  raises("invalid receive pattern", client.receive, client, math.huge)
  raises("whole numbers", client.send, client, "data", 1.5)
end)

test("an unknown option is a mistake, and raised", function()
  raises("option 'verfy' is unknown", rfctls.config, { verfy = false })
  raises("option 'verify' is a string instead of a boolean or function", rfctls.config,
         { verify = "none" })
  raises("option 'min_version' cannot be '1.4'", rfctls.config, { min_version = "1.4" })
end)

test("a name with a NUL inside is refused before anything is sent", function()
  raises("nul byte", rfctls.connect, "server.test\0.evil.test", 443)
  raises("nul byte", rfctls.config, { server_name = "server.test\0.evil.test" })
end)

test("names and ports that cannot be are told as such", function()
  for _, port in ipairs { "-1", "65536", "", "443x" } do
    local s, message, code = rfctls.connect("127.0.0.1", port, { timeout = 1 })
    equal(s, nil, "socket for port " .. port)
    assert(type(message) == "string" and #message > 0)
    assert(code == "E_ARGUMENT" or code == "E_RESOLVE", code)
  end
  local s, _, code = rfctls.connect("", 443)
  equal(s, nil)
  equal(code, "E_ARGUMENT", "code for an empty host")
  raises(".", rfctls.connect, nil, nil, 42)
end)

helper.finish()
