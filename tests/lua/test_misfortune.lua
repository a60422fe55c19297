-- Bad luck and rude peers: does the program live, and hear what happened?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

local function listen(more)
  local options = helper.server_options(nil, { handshake = false })
  for name, value in pairs(more or {}) do options[name] = value end
  local listener = assert(rfctls.listen("127.0.0.1", 0, options))
  return listener, (select(2, listener:getsockname()))
end

test("64 MiB reach a peer that reads slowly, and memory stays flat", function()
  local s, peer, message = helper.to_peer({}, "drip", 1)
  assert(s, message)
  s:settimeout(20)
  local piece = helper.bytes(2 ^ 20)
  local resident = helper.resident()
  for _ = 1, 64 do equal(s:send(piece), #piece) end
  assert(helper.resident() < resident + 2048, "resident memory grows") -- pages: 8 MiB
  assert(s:close())
  equal(helper.last_words(peer), "saw 67108864")
end)

test("a program that is stopped and goes on receives what comes", function()
  local s, peer, message = helper.to_peer({}, "late", 0.6)
  assert(s, message)
  s:settimeout(20)
  local pid = helper.own_pid()
  os.execute(("(sleep 0.1; kill -STOP %d; sleep 0.1; kill -CONT %d) > /dev/null 2>&1 &"):format(pid, pid))
  equal(s:receive(), "late")
  s:close()
  peer:close()
end)

test("without descriptors connect and accept say so, and the listener lives", function()
  local peer = io.popen(("ulimit -n 30; exec '%s' '%s/peer.lua' exhaust"):format(arg[-1], helper.here))
  equal(peer:read "*l", "E_SYSTEM", "connect")
  equal(peer:read "*l", "E_SYSTEM", "accept")
  equal(peer:read "*l", "accepted")
  peer:close()
end)

test("a server sends its whole chain", function()
  local client = helper.pair()
  equal(#client:getpeerchain(), 2)
  matches(client:getpeerchain()[2]:subject(), "cn=")
  equal(client:getpeerchain()[1]:issuer(), client:getpeerchain()[2]:subject())
end)

test("plain HTTP at our TLS port: that connection fails, the listener lives", function()
  local listener, port = listen()
  local stranger = assert(rfctls.plain.connect("127.0.0.1", port))
  assert(stranger:send "GET / HTTP/1.0\r\n\r\n")
  local s = assert(listener:accept())
  s:settimeout(5)
  local ok, message, code = s:dohandshake()
  equal(ok, nil)
  equal(code, "E_PROTOCOL", message)
  equal(s:close(), 1)
  local client = assert(rfctls.connect("127.0.0.1", port, helper.client_options { handshake = false }))
  assert(helper.shake(client, assert(listener:accept()))[1])
end)

test("200 silent clients stop nobody", function()
  local listener, port = listen()
  local strangers, accepted = {}, {}
  for i = 1, 200 do
    strangers[i] = assert(rfctls.plain.connect("127.0.0.1", port))
    if i % 2 == 0 then assert(strangers[i]:send "\22") end
    accepted[i] = assert(listener:accept())
  end
  local client = assert(rfctls.connect("127.0.0.1", port, helper.client_options { handshake = false }))
  assert(helper.shake(client, assert(listener:accept()))[1])
  local last = table.remove(accepted)
  for _, s in ipairs(accepted) do
    s:settimeout(0)
    equal(select(2, s:dohandshake()), "wantread")
  end
  last:settimeout(0.2)
  local took, ok, word = helper.timed(last.dohandshake, last)
  equal(ok, nil)
  equal(word, "timeout")
  helper.on_time(took, 0.2)
end)

test("a client that goes away in mid-handshake leaves nothing", function()
  local before = helper.descriptors()
  do
    local listener, port = listen()
    for _ = 1, 20 do
      local client = assert(rfctls.connect("127.0.0.1", port, helper.client_options { timeout = 0 }))
      client:dohandshake()
      local server = assert(listener:accept())
      client:abort()
      server:settimeout(5)
      local ok, message, code = server:dohandshake()
      equal(ok, nil)
      assert(code == "E_TRUNCATED" or code == "E_RESET", message)
      server:close()
    end
    listener:close()
  end
  equal(helper.descriptors(), before, "descriptors")
end)

test("connecting and closing at once, 10,000 times", function()
  local listener, port = listen()
  local before = helper.descriptors()
  for _ = 1, 10000 do
    assert(rfctls.plain.connect("127.0.0.1", port)):close()
    local s, message, code = listener:accept()
    if s then s:abort() else equal(code, "E_RESET", message) end
  end
  equal(helper.descriptors(), before, "descriptors")
end)

test("each client of a listener gets its own verdict", function()
  local listener, port = listen { cafile = helper.pki "ca.pem", verify = function(_, trusted) return trusted end }
  local verdicts = {}
  for _, name in ipairs { "client", "client-other-ca", "client" } do
    local client = assert(rfctls.connect("127.0.0.1", port, helper.client_options {
      handshake = false, certfile = helper.pki(name .. ".pem"), keyfile = helper.pki(name .. ".key") }))
    local server = assert(listener:accept())
    local _, second = helper.shake(client, server)
    verdicts[#verdicts + 1] = second[1] and "yes" or second[3]
  end
  equal(table.concat(verdicts, " "), "yes E_VERIFY yes")
end)

test("addresses are told after close, and on IPv6", function()
  local listener, message = rfctls.listen("::1", 0, helper.server_options(nil, { handshake = false }))
  if not listener then return print("# no IPv6 here: " .. message) end
  local port = select(2, listener:getsockname())
  local client = assert(rfctls.connect("::1", port, helper.client_options { handshake = false }))
  local server = assert(listener:accept())
  local before = { client:getpeername() }
  equal(before[1], "::1")
  equal(before[3], "inet6")
  server:close()
  client:close()
  equal(table.concat({ client:getpeername() }, " "), table.concat(before, " "))
  equal((client:getsockname()), "::1")
end)

test("a stream outlives its socket without harm", function()
  local client = helper.pair()
  local stream = client:stream(false)
  client:close()
  local data, word, code = stream:read(1)
  equal(data, nil)
  equal(word, "closed")
  equal(code, "E_CLOSED")
  equal(select(2, stream:write("x"):flush()), "closed")
  equal(select(2, stream:close()), "closed", "what was written is lost, and that is told")
  equal(stream:close(), true)
end)

test("services by name and by number", function()
  local listener = assert(rfctls.listen("127.0.0.1", "0", helper.server_options()))
  assert(select(2, listener:getsockname()) > 0)
  equal(select(3, rfctls.connect("127.0.0.1", "http", helper.client_options { timeout = 1 })), "E_CONNECT")
end)

helper.finish()
