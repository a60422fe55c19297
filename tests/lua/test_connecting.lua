-- Connecting: an address that does not answer, and a resolver that does not, hold nothing up for long.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local rfc = require "rfctls.rfc"
local helper = require "helper"
local test, equal, on_time = helper.test, helper.equal, helper.on_time

if rfctls.plain.connect("silent-first.test", 1, { timeout = 1 }) == nil
   and rfctls.last_error().status == "E_RESOLVE" then
  print "1..0 # SKIP the tests' names are not preloaded"
  os.exit(77)
end

local QUARTER = 0.25 -- of a second, which a silent address holds the next one up

-- Calls entrance(port), which makes a client, while peer.py serves; what it said came back.
local function echoes(entrance)
  local peer = helper.peer("echo", "server")
  local port = peer:read "*l"
  local took, s, message = helper.timed(entrance, port)
  assert(s, message)
  on_time(took, QUARTER)
  equal((s:getpeername()), "127.0.0.1")
  return s, peer
end

local function bye(s, peer)
  assert(s:send "hello\n")
  equal(s:receive(), "hello")
  assert(s:close())
  peer:close()
end

test("a first address that is silent costs a quarter of a second", function()
  for _, make in ipairs { rfctls.connect, rfc.make_client_tls_socket } do
    bye(echoes(function(port) return make("silent-first.test", port, helper.client_options()) end))
  end
end)

test("so it does without a handshake, and without TLS", function()
  local s, peer = echoes(function(port)
    return rfctls.connect("silent-first.test", port, helper.client_options { handshake = false })
  end)
  assert(s:dohandshake())
  bye(s, peer)
  for _, make in ipairs { rfctls.plain.connect, rfc.make_client_socket } do
    local below
    below, peer = echoes(function(port) return make("silent-first.test", port) end)
    bye(assert(rfctls.wrap(below, helper.client_options())), peer)
  end
end)

local has_http, https = pcall(require, "rfctls.https")
if has_http then
  test("so it does for https", function()
    local peer = helper.peer("http", "server", "HTTP/1.0 200 OK\\r\\n\\r\\nhi")
    local request = { url = "https://silent-first.test:" .. peer:read "*l" .. "/", server_name = "server.test",
                      cafile = helper.pki "ca.pem" }
    local took, done, status = helper.timed(https.request, request)
    assert(done, status)
    equal(status, 200)
    on_time(took, QUARTER)
    peer:close()
  end)
end

test("a silent resolver ends at the timeout", function()
  for _, make in ipairs { rfctls.connect, rfctls.plain.connect } do
    local took, s, word, code = helper.timed(make, "silent.test", 1, { timeout = 0.4 })
    equal(s, nil)
    equal(word, "timeout")
    equal(code, "E_TIMEOUT")
    helper.matches(rfctls.last_error().message, "the resolver did not answer in time")
    on_time(took, 0.4)
  end
end)

test("what does not wait is held up by nobody", function()
  for _, make in ipairs { rfctls.connect, rfctls.plain.connect } do
    local took, s = helper.timed(make, "silent.test", 1, { timeout = 0 })
    on_time(took, 0)
    equal(select(2, s:finishconnect()), "wantread")
    equal(s:want(), "read")
    local listener = assert(rfctls.plain.listen("127.0.0.1", 0))
    local other = assert(rfctls.plain.connect("localhost", select(2, listener:getsockname()),
                                              { timeout = 0, family = "inet" }))
    assert(rfctls.select({ s, other }, nil, 10)[1] == other)
    repeat
      local ok, word = other:finishconnect()
    until ok or word ~= "wantwrite" and word ~= "wantread"
    equal((other:getpeername()), "127.0.0.1")
    equal(select(2, s:finishconnect()), "wantread")
    for _, each in ipairs { s, other, listener } do each:close() end
  end
end)

helper.finish()
