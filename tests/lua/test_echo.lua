-- Do bytes go through exactly, in both roles, against ourselves and against another implementation?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

test("our client and our server, in two processes", function()
  local server = helper.lua_peer("server", "server", 1)
  local client = helper.lua_peer("client", server:read("*l"), 300000)
  equal(helper.last_words(client), "300000", "bytes that came back")
  equal(helper.last_words(server), "saw\t300000\tclosed", "what the server saw")
end)

for _, certificate in ipairs { "server", "server-rsa", "server-ed25519" } do
  for version, word in pairs { TLSv1_2 = "TLSv1.2", TLSv1_3 = "TLSv1.3" } do
    test(("our client to a %s server of Python with %s"):format(certificate, word), function()
      local s, peer, message = helper.to_peer({}, "echo", certificate, version)
      assert(s, message)
      local data = helper.bytes(50000)
      equal(s:send(data), #data, "sent")
      equal(s:receive(#data), data, "received")
      equal(s:info("protocol"), word, "protocol")
      equal(s:close(), 1, "close")
      equal(helper.last_words(peer), "saw 50000", "what the server saw")
    end)
  end
end

test("a client of Python to our server", function()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
  local _, port = listener:getsockname()
  listener:settimeout(20)
  local peer = helper.peer("client", port, "hello")
  local s = assert(listener:accept())
  equal(s:receive("*l"), "hello", "line")
  assert(s:send("hello yourself\n"))
  local rest, word = s:receive("*a")
  equal(rest, nil)
  equal(word, "closed")
  assert(s:close())
  equal(helper.last_words(peer), "hello yourself", "answer")
end)

test("every byte value goes through", function()
  local client, server = helper.pair()
  local data = helper.bytes(256) .. "\0\0\0"
  assert(client:send(data))
  equal(server:receive(#data), data, "bytes")
end)

test("send takes a range as string.sub does, and answers the last index", function()
  local client, server = helper.pair()
  local data = "0123456789"
  for _, case in ipairs {
    { nil, nil, 10 }, { 3, nil, 10 }, { 3, 5, 5 }, { -3, nil, 10 }, { -3, -2, 9 }, { 0, 2, 2 },
    { 1, 99, 10 }, { -99, 1, 1 }, { 5, 4, 4 }, { 11, nil, 10 }, { 1, 0, 0 },
  } do
    local i, j, last = case[1], case[2], case[3]
    local expected = data:sub(i or 1, j or -1)
    equal(client:send(data, i, j), last, ("last index of %s, %s"):format(tostring(i), tostring(j)))
    equal(server:receive(#expected), expected, "bytes")
  end
end)

test("sending nothing is no error, and no end", function()
  local client, server = helper.pair()
  equal(client:send(""), 0, "sent")
  assert(client:send("x"))
  equal(server:receive(1), "x", "byte")
end)

test("receive reads lines of any ending and length", function()
  local client, server = helper.pair()
  local long = ("x"):rep(10000)
  assert(client:send("one\ntwo\r\n\r\n" .. long .. "\nlast\0line\nrest"))
  for _, line in ipairs { "one", "two", "", long, "last\0line" } do
    equal(server:receive(), line, "line")
  end
  equal(server:receive(4), "rest", "what is no line")
end)

test("a line may come in pieces", function()
  local client, server = helper.pair()
  assert(client:send("half a "))
  server:settimeout(0)
  local line, word, partial
  repeat line, word, partial = server:receive("*l") until partial ~= ""
  equal(line, nil)
  equal(word, "wantread")
  equal(partial, "half a ", "partial")
  server:settimeout(10)
  assert(client:send("line\r\n"))
  equal(server:receive("*l", partial), "half a line", "line")
end)

test("a CR that ends a piece does not stay", function()
  local client, server = helper.pair()
  assert(client:send("one\r"))
  server:settimeout(0)
  local _, partial
  repeat _, _, partial = server:receive("*l") until partial ~= ""
  server:settimeout(10)
  assert(client:send("\n"))
  equal(server:receive("*l", partial), "one", "line")
end)

test("a prefix counts among the bytes asked for", function()
  local client, server = helper.pair()
  assert(client:send("cdefg"))
  equal(server:receive(4, "ab"), "abcd", "four")
  equal(server:receive(2, "xyz"), "xyz", "nothing to read")
  equal(server:receive(5, "ab"), "abefg", "the rest")
end)

test("receive of nothing is empty at once, and no end", function()
  local client, server = helper.pair()
  equal(server:receive(0), "", "nothing")
  assert(client:send("x"))
  equal(server:receive(1), "x", "byte")
end)

test("asking for more than there can be costs no more than what comes", function()
  for _, size in ipairs { 2 ^ 31, 2 ^ 53, 2 ^ 63, 2 ^ 64 } do
    local client, server = helper.pair()
    assert(client:send("little"))
    client:close()
    local before = collectgarbage "count"
    local data, word, partial = server:receive(size)
    equal(data, nil)
    equal(word, "closed")
    equal(partial, "little", "partial")
    assert(collectgarbage "count" < before + 1280) -- once, a buffer of 1 MiB for all of the state
  end
end)

test("receive *a reads to the polite end", function()
  local client, server = helper.pair()
  assert(client:send("all of it"))
  assert(client:shutdown("send"))
  equal(server:receive("*a", "prefix: "), "prefix: all of it", "all")
  local rest, word, partial, code = server:receive("*a")
  equal(rest, nil)
  equal(word, "closed")
  equal(partial, "", "partial")
  equal(code, nil, "code of a polite end")
end)

test("a half-closed connection still goes the other way", function()
  local client, server = helper.pair()
  assert(client:send("question"))
  assert(client:shutdown("send"))
  equal(server:receive("*a"), "question")
  assert(server:send("answer"))
  equal(client:receive(6), "answer")
  local sent, message, _, code = client:send("more")
  equal(sent, nil)
  assert(type(message) == "string" and #message > 0)
  equal(code, "E_STATE", "code")
end)

test("a megabyte that is sent and closed at once arrives whole", function()
  local server = helper.lua_peer("server", "server", 1)
  local s = assert(rfctls.connect("127.0.0.1", server:read("*l"), helper.client_options()))
  s:settimeout(20)
  local data = helper.bytes(2 ^ 20)
  for from = 1, #data, 2 ^ 16 do
    assert(s:send(data, from, from + 2 ^ 16 - 1))
    equal(s:receive(2 ^ 16), data:sub(from, from + 2 ^ 16 - 1), "echo")
  end
  assert(s:close())
  equal(helper.last_words(server), "saw\t1048576\tclosed", "what the server saw")
end)

test("sockets that do not wait say what they wait for", function()
  local client, server = helper.pair()
  client:settimeout(0)
  local data, word, partial, code = client:receive(10)
  equal(data, nil)
  equal(word, "wantread")
  equal(partial, "", "partial")
  equal(code, "WANT_READ", "code")
  equal(client:want(), "read", "want")
  local big, sent = helper.bytes(2 ^ 23), 0
  local last
  last, word, sent = client:send(big)
  equal(last, nil)
  equal(word, "wantwrite")
  equal(client:want(), "write", "want")
  assert(sent < #big)
  -- what was left out goes when the other end reads
  local received, size = {}, 0
  server:settimeout(0)
  while size < #big do
    if sent < #big then
      last, word, sent = client:send(big, sent + 1)
      sent = last or sent
    end
    local more, _, some = server:receive(2 ^ 16)
    received[#received + 1] = more or some
    size = size + #received[#received]
  end
  equal(table.concat(received) == big, true, "all bytes are the same")
  equal(client:want(), "nothing", "want")
end)

test("dirty sees what select does not", function()
  local client, server = helper.pair()
  equal(server:dirty(), false, "before")
  assert(client:send("0123456789"))
  equal(server:receive(4), "0123")
  equal(server:dirty(), true, "within a record")
  equal(server:receive(6), "456789")
  equal(server:dirty(), false, "after")
end)

-- ---- what is told ----

test("both ends tell what was agreed on", function()
  local client, server = helper.pair({ alpn = { "h2", "http/1.1" } }, { alpn = "http/1.1" })
  for _, s in ipairs { client, server } do
    local facts = s:info()
    equal(facts.protocol, "TLSv1.3", "protocol")
    matches(facts.cipher, "^tls_")
    equal(facts.alpn, "http/1.1", "alpn")
    equal(s:getalpn(), "http/1.1", "getalpn")
    equal(facts.server_name, "server.test", "server name")
    equal(s:sni(), "server.test", "sni")
    equal(s:info("protocol"), facts.protocol, "one field")
  end
end)

test("versions are kept to", function()
  local client = helper.pair({ max_version = "1.2" })
  equal(client:info("protocol"), "TLSv1.2", "protocol")
  local other, server = helper.strangers({ max_version = "TLSv1.2" }, { min_version = "TLSv1.3" })
  local first, second = helper.shake(other, server)
  equal(first[1], nil)
  equal(second[1], nil)
  equal(first[3], "E_ALERT", "client's code")
end)

test("without a common protocol there is no handshake", function()
  local client, server = helper.strangers({ alpn = "h2" }, { alpn = "http/1.1" })
  local first = helper.shake(client, server)
  equal(first[3], "E_ALERT", "client's code")
  equal(rfctls.last_error() ~= nil, true, "details")
end)

test("the name to check can be given to one socket", function()
  local client, server = helper.strangers({ server_name = "localhost" })
  assert(client:sni("server.test"))
  assert(helper.shake(client, server)[1])
  equal(server:sni(), "server.test", "sni")
end)

test("addresses of both ends agree", function()
  local client, server, listener = helper.pair()
  local ip, port, family = client:getpeername()
  equal(ip, "127.0.0.1", "ip")
  equal(family, "inet", "family")
  local _, server_port = server:getsockname()
  local _, listener_port = listener:getsockname()
  equal(port, server_port, "port")
  equal(port, listener_port, "port")
  local _, client_port = client:getsockname()
  equal(select(2, server:getpeername()), client_port, "client's port")
  local none, message, code = listener:getpeername()
  equal(none, nil)
  assert(#message > 0)
  equal(code, "E_STATE", "code")
end)

test("the peer's certificate and chain are given", function()
  local client, server = helper.pair()
  equal(client:getpeercertificate():der(), helper.read "server.der", "certificate")
  equal(client:getpeerchain()[1]:der(), helper.read "server.der", "leaf of the chain")
  equal(server:getpeercertificate(), nil, "client's certificate")
  equal(server:getpeerchain(), nil, "client's chain")
end)

test("descriptors are told", function()
  local client, server = helper.pair()
  assert(client:getfd() >= 0 and server:getfd() >= 0 and client:getfd() ~= server:getfd())
  client:close()
  equal(client:getfd(), -1, "after close")
end)

-- ---- client certificates ----

test("a server that verifies demands a certificate, and gets it", function()
  local client, server = helper.pair(
    { certfile = helper.pki "client.pem", keyfile = helper.pki "client.key" },
    { verify = true, cafile = helper.pki "ca.pem" })
  matches(server:getpeercertificate():subject(), "client")
  assert(client:send("hello\n"))
  equal(server:receive(), "hello")
end)

test("a client without one is refused, and both sides know", function()
  local client, server = helper.strangers({ max_version = "1.2" },
                                          { verify = true, cafile = helper.pki "ca.pem" })
  local first, second = helper.shake(client, server)
  equal(first[3], "E_ALERT", "client's code")
  equal(second[3], "E_VERIFY", "server's code")
  equal(rfctls.last_error().reason == "MISSING" or rfctls.last_error().alert ~= nil, true, "reason")
end)

test("in TLS 1.3 that client learns of it by its first receive", function()
  local client, server = helper.strangers({}, { verify = true, cafile = helper.pki "ca.pem" })
  local first, second = helper.shake(client, server)
  equal(second[3], "E_VERIFY", "server's code")
  local _, code
  if first[1] then _, _, _, code = client:receive(1) else code = first[3] end
  equal(code, "E_ALERT", "client's code")
end)

for _, name in ipairs { "client-other-ca", "client-expired" } do
  test("a server refuses the certificate " .. name, function()
    local client, server = helper.strangers(
      { certfile = helper.pki(name .. ".pem"), keyfile = helper.pki(name .. ".key") },
      { verify = true, cafile = helper.pki "ca.pem" })
    local _, second = helper.shake(client, server)
    equal(second[3], "E_VERIFY", "server's code")
  end)
end

-- ---- wrap ----

test("a descriptor can be wrapped, and stays the program's", function()
  local client, server = helper.strangers()
  local inner = assert(rfctls.wrap(client:getfd(), helper.client_options { handshake = false }))
  assert(helper.shake(inner, server)[1])
  assert(inner:send("through\n"))
  equal(server:receive(), "through")
  assert(inner:close())
  assert(client:getfd() >= 0)
end)

test("an object with getfd can be wrapped, and is kept alive", function()
  local client, server = helper.strangers()
  local asked = 0
  local object = { getfd = function() asked = asked + 1; return client:getfd() end }
  local inner = assert(rfctls.wrap(object, helper.client_options { handshake = false }))
  equal(asked, 1, "getfd calls")
  object = nil
  collectgarbage()
  assert(helper.shake(inner, server)[1])
end)

test("an object that can forget its descriptor is taken over", function()
  local client, server = helper.strangers()
  local forgotten
  local object = {
    getfd = function() return client:getfd() end,
    setfd = function(_, fd) forgotten = fd end,
  }
  local inner = assert(rfctls.wrap(object, helper.client_options { handshake = false, owned = false }))
  equal(forgotten, nil, "a borrowed one")
  assert(helper.shake(inner, server)[1])
end)

test("a client that checks names must be told one", function()
  local client = helper.strangers()
  local options = helper.client_options()
  options.server_name = nil
  local s, message, code = rfctls.wrap(client:getfd(), options)
  equal(s, nil)
  matches(message, "name")
  equal(code, "E_STATE", "code")
end)

helper.finish()
