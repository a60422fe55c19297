-- Does every way in which a connection ends have its own word, after all bytes that came?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

local function expected(size)
  local bytes = {}
  for i = 0, size - 1 do bytes[i + 1] = string.char(i % 251) end
  return table.concat(bytes)
end

for _, size in ipairs { 0, 1, 1000, 16384, 100000 } do
  test(("a cut connection is truncated, after all %d bytes"):format(size), function()
    local s, peer, message = helper.to_peer({}, "say", size, "cut")
    assert(s, message)
    local data, word, partial, code = s:receive("*a")
    equal(data, nil)
    equal(word, "truncated", "word")
    equal(partial == expected(size), true, "the bytes that came")
    equal(code, "E_TRUNCATED", "code")
    local again, same = s:receive(1)
    equal(again, nil)
    equal(same, "truncated", "word of the next receive")
    s:close()
    peer:close()
  end)

  test(("a polite end is an end, after all %d bytes"):format(size), function()
    local s, peer, message = helper.to_peer({}, "say", size, "polite")
    assert(s, message)
    local data, word, partial, code = s:receive("*a")
    equal((data or partial) == expected(size), true, "the bytes that came")
    if size == 0 then equal(word, "closed", "word") end
    equal(code, nil, "code")
    data, word, partial, code = s:receive(1)
    equal(data, nil)
    equal(word, "closed", "word")
    equal(partial, "", "partial")
    equal(code, nil, "code")
    assert(s:close())
    peer:close()
  end)
end

test("whoever knows that a peer is rude may say so", function()
  local s, peer, message = helper.to_peer({ allow_truncation = true }, "say", 10, "cut")
  assert(s, message)
  equal(s:receive("*a"), expected(10), "bytes")
  local _, word, _, code = s:receive(1)
  equal(word, "closed", "word")
  equal(code, nil, "code")
  s:close()
  peer:close()
end)

test("a line cut short is no line", function()
  local s, peer, message = helper.to_peer({}, "say", 5, "cut")
  assert(s, message)
  local line, word, partial = s:receive("*l")
  equal(line, nil)
  equal(word, "truncated", "word")
  equal(partial, expected(5), "partial")
  s:close()
  peer:close()
end)

test("a reset is told as such, and sending to nobody does not kill us", function()
  local s, peer, message = helper.to_peer({}, "say", 10, "reset")
  assert(s, message)
  equal(s:receive(10), expected(10), "bytes")
  assert(s:send("x"))
  local data, _, _, code = s:receive(1)
  equal(data, nil)
  equal(code, "E_RESET", "code")
  local last
  for _ = 1, 10 do
    local sent, _, _, why = s:send("more")
    last, code = sent, why
    if not last then break end
  end
  equal(last, nil)
  equal(code, "E_RESET", "code of send")
  s:close()
  peer:close()
end)

test("a server that speaks no TLS is named", function()
  local s, peer, message, code = helper.to_peer({ timeout = 10 }, "plain")
  equal(s, nil)
  equal(code, "E_PROTOCOL", "code of '" .. tostring(message) .. "'")
  peer:close()
end)

-- ---- our own end ----

test("close is polite: the peer sees an end, not a cut", function()
  local s, peer = helper.to_peer({}, "echo", "server")
  assert(s:send("abc"))
  equal(s:receive(3), "abc")
  equal(s:close(), 1)
  equal(helper.last_words(peer), "saw 3")
end)

test("closing twice is nothing", function()
  local client, server, listener = helper.pair()
  for _, s in ipairs { client, server, listener } do
    equal(s:close(), 1, "first")
    equal(s:close(), 1, "second")
  end
end)

test("after close verbs say closed, and getters still answer", function()
  local client = helper.pair()
  client:close()
  local sent, word, index, code = client:send("x")
  equal(sent, nil)
  equal(word, "closed")
  equal(index, 0, "last index sent")
  equal(code, "E_CLOSED")
  local data, partial
  data, word, partial, code = client:receive(1)
  equal(data, nil)
  equal(word, "closed")
  equal(partial, "", "partial")
  equal(code, "E_CLOSED")
  equal(select(2, client:dohandshake()), "closed")
  equal(select(2, client:shutdown()), "closed")
  equal(client:info("protocol"), "TLSv1.3", "protocol")
  equal(client:getpeername(), "127.0.0.1", "peer")
  equal(client:sni(), "server.test", "sni")
  matches(client:getpeercertificate():subject(), "cn=")
end)

test("a listener that is closed leaves its connections alone", function()
  local client, server, listener = helper.pair()
  listener:close()
  equal(select(2, listener:accept()), "closed")
  assert(client:send("still here\n"))
  equal(server:receive(), "still here")
end)

test("a listener that is shut down accepts nobody, and leaves its connections alone", function()
  local client, server, listener = helper.pair()
  equal(listener:shutdown("send"), 1)
  equal(listener:shutdown("both"), 1)
  equal(select(2, listener:accept()), "closed")
  equal(listener:close(), 1)
  assert(client:send("still here\n"))
  equal(server:receive(), "still here")
end)

if _VERSION >= "Lua 5.4" then
  test("a variable that is closed says goodbye", function()
    local run = assert(load([[
      local helper = ...
      local s, peer, message = helper.to_peer({}, "echo", "server")
      do
        local closing <close> = assert(s, message)
        assert(closing:send("abc"))
        assert(closing:receive(3))
      end
      return s, peer
    ]]))
    local s, peer = run(helper)
    equal(helper.last_words(peer), "saw 3")
    equal(select(2, s:send("x")), "closed")
  end)
end

helper.finish()
