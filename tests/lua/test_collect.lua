-- Does the collector free what is dropped, at every moment, once, and nothing else?
local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal = helper.test, helper.equal
local unpack = table.unpack or unpack

local function collect()
  collectgarbage()
  collectgarbage()
end

-- A parameter of the collector, by the name that Lua 5.5 has for it.
local function set(name, value)
  if _VERSION >= "Lua 5.5" then
    return collectgarbage("param", name, value)
  end
  return collectgarbage("set" .. name, value)
end

local modes = _VERSION >= "Lua 5.4" and { "incremental", "generational" } or {}

-- Runs f while the collector never rests, in each way that this Lua has.
local function tortured(f)
  local pause, step = set("pause", 0), set("stepmul", 10000)
  f()
  set("pause", pause)
  set("stepmul", step)
  if #modes > 0 then
    collectgarbage("generational")
    f()
    collectgarbage("incremental")
  end
end

test("a session lives under a collector that never rests", function()
  tortured(function()
    for _ = 1, 3 do
      local client, server = helper.pair {
        verify = function(_, trusted, cert) return trusted and #cert:der() > 0 end,
      }
      for i = 1, 50 do
        assert(client:send("line " .. i .. "\n"))
        equal(server:receive(), "line " .. i)
        assert(server:send(helper.bytes(5000)))
        equal(#client:receive(5000), 5000)
      end
      equal(client:getpeerchain()[1]:der(), client:getpeercertificate():der())
    end
  end)
end)

test("what a getter lent outlives its socket", function()
  local client = helper.pair()
  local cert, chain = client:getpeercertificate(), client:getpeerchain()
  client = nil
  collect()
  equal(cert:der(), chain[1]:der())
end)

test("a verifier that only its config holds survives", function()
  local calls = 0
  local client, server = helper.strangers { verify = function() calls = calls + 1 return true end }
  collect()
  assert(helper.shake(client, server)[1])
  assert(calls > 0)
end)

test("a verifier that holds its own socket is collected with it", function()
  local before = helper.descriptors()
  for _ = 1, 5 do
    local client, server
    client, server = helper.strangers { verify = function() return client ~= nil end }
    assert(helper.shake(client, server)[1])
  end
  equal(helper.descriptors(), before, "descriptors")
end)

test("a socket dropped in the middle of its handshake is closed once", function()
  local before = helper.descriptors()
  for _ = 1, 20 do
    local client = helper.strangers()
    client:settimeout(0)
    client:dohandshake()
  end
  equal(helper.descriptors(), before, "descriptors")
end)

test("2,000 sockets made and dropped with a handshake: descriptors and memory stay flat", function()
  local identity = assert(rfctls.identity_file(helper.pki "both.pem"))
  local server_config = assert(rfctls.config {
    role = "server", identity = identity, handshake = false,
  })
  local client_config = assert(rfctls.config(helper.client_options { handshake = false }))
  local listener = assert(rfctls.listen("127.0.0.1", 0, server_config))
  local _, port = listener:getsockname()
  local function one()
    local client = assert(rfctls.connect("127.0.0.1", port, client_config))
    local server = assert(listener:accept())
    assert(helper.shake(client, server)[1])
  end
  for _ = 1, 200 do one() end
  local descriptors, resident = helper.descriptors(), helper.resident()
  local most = 0
  for i = 1, 1000 do -- two sockets each
    one()
    if i % 100 == 0 then most = math.max(most, helper.open_now()) end
  end
  assert(helper.descriptors() < descriptors + 400, "dropped sockets pile up")
  assert(most < descriptors + 400, "dropped sockets pile up: " .. most)
  equal(helper.descriptors(), descriptors, "descriptors")
  assert(helper.resident() < resident + 1024, "resident memory grows")
end)

test("100,000 sockets made and dropped without a handshake: the same", function()
  local config = assert(rfctls.config(helper.client_options { handshake = false }))
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options(nil, { handshake = false })))
  local _, port = listener:getsockname()
  local function over_memory()
    for _ = 1, 18 do assert(rfctls.wrap(assert(rfctls.plain.memory()), config)) end
  end
  local function over_tcp()
    local client = assert(rfctls.connect("127.0.0.1", port, config))
    return assert(listener:accept()), client
  end
  for _ = 1, 100 do over_memory() over_tcp() end
  local descriptors, resident = helper.descriptors(), helper.resident()
  local most = 0
  for i = 1, 5000 do -- twenty each, two of them with descriptors
    over_memory()
    over_tcp()
    if i % 500 == 0 then most = math.max(most, helper.open_now()) end
  end
  assert(most < descriptors + 400, "dropped sockets pile up: " .. most)
  equal(helper.descriptors(), descriptors, "descriptors")
  assert(helper.resident() < resident + 1024, "resident memory grows")
end)

test("few of many dropped sockets are open, in each way to collect", function()
  local interpreter = arg[-1]
  for _, mode in ipairs { "", unpack(modes) } do
    for _, kind in ipairs { "tls", "plain" } do
      local program = io.popen(("%s %s/pile.lua %s %s"):format(interpreter, here, kind, mode))
      local most = program:read("*n")
      program:close()
      assert(most and most <= 40, ("%s %s: %s are open"):format(kind, mode, tostring(most)))
    end
  end
end)

test("an error in the middle of making leaves nothing open", function()
  local before = helper.descriptors()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
  local _, port = listener:getsockname()
  for _ = 1, 20 do
    pcall(rfctls.connect, "127.0.0.1", port, { server_name = "server.test", timeout = 0.01 })
    pcall(rfctls.connect, "127.0.0.1", port, 42)
  end
  listener = nil
  equal(helper.descriptors(), before, "descriptors")
end)

test("a program that ends with open sockets ends well", function()
  local peer = helper.lua_peer("drop")
  equal(peer:read("*l"), "dropped")
  equal(peer:read("*l"), nil)
  local ok = peer:close()
  equal(ok, true, "its end")
end)

helper.finish()
