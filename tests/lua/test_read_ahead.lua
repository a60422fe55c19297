-- Does TLS begin with the bytes that were received before it, whoever holds them?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

local socket = helper.need "socket"
local rfctls = require "rfctls"

local LINE = "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"

-- A client whose hello leaves in one segment with a line, and what it takes to go on with it.
local function glued_client(port)
  local wire = assert(socket.connect("127.0.0.1", port))
  local memory = rfctls.plain.memory()
  local client = assert(rfctls.wrap(memory, helper.client_options()))
  equal(select(2, client:dohandshake()), "wantread")
  assert(wire:send(LINE .. memory:drain()))
  wire:settimeout(0)
  -- Moves what there is to move in both directions.
  local function move()
    local out = memory:drain()
    if out then assert(wire:send(out)) end
    local all, _, part = wire:receive(65536)
    local came = all or part
    if came ~= "" then memory:feed(came) end
  end
  return client, move, wire
end

-- Both ends shake hands, and talk.
local function finish(server, client, move)
  server:settimeout(0)
  local limit = rfctls.clock() + 10
  local ours, theirs
  while not (ours and theirs) and rfctls.clock() < limit do
    local word
    if not ours then
      ours, word = server:dohandshake()
      assert(ours or word == "wantread" or word == "wantwrite", word)
    end
    move()
    if not theirs then
      theirs, word = client:dohandshake()
      assert(theirs or word == "wantread" or word == "wantwrite", word)
    end
  end
  assert(ours and theirs, "the handshake did not end")
  server:settimeout(10)
  assert(client:send "hello\n")
  move()
  equal(server:receive "*l", "hello")
end

local function server_options()
  return helper.server_options(nil, { role = "server", handshake = false })
end

local function luasocket_listener()
  local listener = assert(socket.bind("127.0.0.1", 0))
  return listener, (select(2, listener:getsockname()))
end

test("LuaSocket's buffer is taken over", function()
  local listener, port = luasocket_listener()
  local client, move = glued_client(port)
  local server = listener:accept()
  equal(server:receive "*l", (LINE:gsub("\r\n", "")))
  equal(server:dirty(), true)
  local secure = assert(rfctls.wrap(server, server_options()))
  equal(secure:dirty(), true, "a select that asks would wait")
  finish(secure, client, move)
end)

test("and by luasec.wrap", function()
  local luasec = require "rfctls.luasec"
  local listener, port = luasocket_listener()
  local client, move = glued_client(port)
  local server = listener:accept()
  server:receive "*l"
  finish(assert(luasec.wrap(server, { mode = "server", certificate = helper.pki "server.pem",
                                      key = helper.pki "server.key" })), client, move)
end)

test("LuaSocket's buffer is taken over where the object keeps its descriptor", function()
  local listener, port = luasocket_listener()
  local client, move = glued_client(port)
  local server = listener:accept()
  server:receive "*l"
  local options = server_options()
  options.owned = false
  local secure = assert(rfctls.wrap(server, options))
  equal(server:getfd(), secure:getfd())
  finish(secure, client, move)
end)

test("a blocking handshake finds it, too", function()
  local listener, port = luasocket_listener()
  local _, _, wire = glued_client(port)
  local server = listener:accept()
  server:receive "*l"
  local options = server_options()
  options.handshake, options.timeout = true, 10
  wire:shutdown "send"
  local seconds, made, word = helper.timed(rfctls.wrap, server, options)
  equal(made, nil)
  equal(word, "truncated", "the hello was not seen")
  assert(seconds < 5)
end)

test("what was said in the clear is refused at once", function()
  local listener, port = luasocket_listener()
  local client = assert(socket.connect("127.0.0.1", port))
  local server = listener:accept()
  server:send "220 go ahead\r\n250 injected\r\n"
  client:receive "*l"
  local seconds, made, message = helper.timed(rfctls.wrap, client, helper.client_options { timeout = 10 })
  equal(made, nil)
  matches(message, "not tls")
  assert(seconds < 5)
end)

-- ---- our own sockets ----

local function plain_pair()
  local listener = assert(rfctls.plain.listen("127.0.0.1", 0))
  local client, move = glued_client((select(2, listener:getsockname())))
  local server = assert(listener:accept())
  server:settimeout(10)
  return server, client, move
end

test("a stream's buffer is taken over", function()
  local server, client, move = plain_pair()
  equal(server:stream(false):read "l", (LINE:gsub("\n", "")))
  finish(assert(rfctls.wrap(server, server_options())), client, move)
end)

test("bytes are given back", function()
  local server, client, move = plain_pair()
  local got = server:receivesome(65536)
  equal(got:sub(1, #LINE), LINE)
  equal(server:dirty(), false)
  equal(server:unread(got:sub(#LINE + 1)), true)
  equal(server:dirty(), true)
  equal(rfctls.select({ server }, nil, 0)[1], server)
  equal(#socket.select({ server }, nil, 0), 1)
  finish(assert(rfctls.wrap(server, server_options())), client, move)
end)

test("bytes that were given back come first, and the later ones before the earlier", function()
  local server = plain_pair()
  server:receive "*l"
  assert(server:unread "cd\n")
  assert(server:unread "ab")
  equal(server:receive "*l", "abcd")
end)

test("nothing is given back to a listener or below TLS", function()
  local listener = assert(rfctls.plain.listen("127.0.0.1", 0))
  equal(select(3, listener:unread "x"), "E_STATE")
  local server = plain_pair()
  assert(rfctls.wrap(server, server_options()))
  equal(select(3, server:unread "x"), "E_STATE")
end)

test("a listener of LuaSocket is wrapped as before", function()
  local listener = luasocket_listener()
  assert(rfctls.wrap(listener, server_options()))
end)

helper.finish()
