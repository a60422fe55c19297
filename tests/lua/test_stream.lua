-- Does a stream over a socket do what Lua's files do?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local test, equal, raises, matches = helper.test, helper.equal, helper.raises, helper.matches

-- Streams of both ends.
local function streams()
  local client, server = helper.pair()
  return client:stream(), server:stream(), client, server
end

-- A stream that reads what was written, up to the polite end.
local function reading(text)
  local writer, reader, client = streams()
  assert(writer:write(text):flush())
  assert(client:shutdown("send"))
  return reader, writer
end

-- The same text in a file: what Lua itself reads.
local function file_of(text)
  local file = assert(io.tmpfile())
  file:write(text)
  file:seek("set")
  return file
end

local texts = {
  "", "\n", "one\ntwo\r\n\nlast", "12 0x1F -3.5e2 .5\n7", "\1binary\2\n\255", ("x"):rep(70000) .. "\nend\n",
}
local formats = {
  { "*l" }, { "*l", "*l" }, { "*a" }, { "*a", "*a" }, { 3 }, { 0 }, { 100000 }, { "*l", 2, "*a" },
  { "*n" }, { "*n", "*n", "*n", "*n" }, { "*l", "*n", "*l" }, {},
}
if _VERSION ~= "Lua 5.1" then formats[#formats + 1] = { "*L", "*L", "*L", "*a" } end

local unpack = table.unpack or unpack

for i, text in ipairs(texts) do
  test(("text %d is read as from a file, in every format"):format(i), function()
    for j, wanted in ipairs(formats) do
      local reader, file = reading(text), file_of(text)
      for _ = 1, 3 do
        local got = { n = 0, reader:read(unpack(wanted)) }
        local expected = { n = 0, file:read(unpack(wanted)) }
        for k = 1, math.max(#wanted, 1) do
          equal(got[k], expected[k], ("format %d, result %d"):format(j, k))
        end
      end
      file:close()
    end
  end)
end

test("bytes are exact, NUL is one of them", function()
  local reader = reading "\0one\0\ntwo\0"
  equal(reader:read "l", "\0one\0")
  equal(reader:read "a", "two\0")
end)

test("numerals end where they end", function()
  local reader = reading "12abc 99"
  equal(reader:read "n", 12)
  equal(reader:read(4), "abc ")
  equal(reader:read "n", 99)
  equal(reader:read "n", nil)
end)

test("lines come one by one, without their ends", function()
  local reader = reading "one\ntwo\n\nfour"
  local seen = {}
  for line in reader:lines() do seen[#seen + 1] = line end
  equal(table.concat(seen, "|"), "one|two||four")
  local pairs_of_bytes = {}
  for a, b in reading("abcde"):lines(1, 1) do pairs_of_bytes[#pairs_of_bytes + 1] = a .. (b or "-") end
  equal(table.concat(pairs_of_bytes, "|"), "ab|cd|e-")
end)

test("writing takes strings and numbers, and waits for flush", function()
  local writer, reader, _, server = streams()
  equal(writer:write("a", 1, "b"), writer)
  server:settimeout(0)
  equal(select(2, server:receive(1)), "wantread", "before the flush")
  server:settimeout(10)
  assert(writer:flush())
  equal(reader:read(3), "a1b")
  raises("string expected, got nil", writer.write, writer, nil)
end)

test("buffering can be turned off, or end with lines", function()
  local writer, reader = streams()
  assert(writer:setvbuf "no")
  writer:write "now"
  equal(reader:read(3), "now")
  assert(writer:setvbuf "line")
  writer:write "half "
  writer:write "line\n"
  equal(reader:read "l", "half line")
  raises("invalid mode", writer.setvbuf, writer, "some")
end)

test("a full buffer is sent", function()
  local writer, reader = streams()
  local big = helper.bytes(70000)
  writer:write(big)
  equal(reader:read(70000), big)
end)

test("closing flushes, says goodbye, and is done once", function()
  local writer, reader, client = streams()
  writer:write "last words"
  equal(writer:close(), true)
  equal(writer:close(), true, "again")
  equal(reader:read "a", "last words")
  equal(select(2, client:send("x")), "closed")
  raises("closed stream", writer.read, writer)
  raises("closed stream", writer.write, writer, "x")
  equal(tostring(writer), "rfctls.stream (closed)")
end)

test("a stream that leaves its socket open", function()
  local client, server = helper.pair()
  local stream = client:stream(false)
  stream:write("through\n"):close()
  equal(server:receive(), "through")
  assert(client:send("still\n"))
  equal(server:receive(), "still")
end)

test("what a timeout interrupts is not lost", function()
  local writer, reader, _, server = streams()
  server:settimeout(0.1)
  for _, format in ipairs { "l", "n", "a", 10 } do
    assert(writer:write("12"):flush())
    local data, word, code = reader:read(format)
    equal(data, nil)
    equal(word, "timeout")
    equal(code, "E_TIMEOUT")
    assert(writer:write("345678\n9"):flush())
    server:settimeout(10)
    equal(reader:read "l", "12345678")
    equal(reader:read(1), "9")
    server:settimeout(0.1)
  end
end)

test("a cut connection is no end", function()
  local s, peer, message = helper.to_peer({}, "say", 5, "cut")
  assert(s, message)
  local stream = s:stream()
  local data, word, code = stream:read "a"
  equal(data, nil)
  equal(word, "truncated")
  equal(code, "E_TRUNCATED")
  matches(select(2, pcall(stream:lines())), "truncated")
  peer:close()
end)

test("wrong formats are mistakes", function()
  local reader = reading "x"
  for _, format in ipairs { "x", "", -1, 1.5, {}, true } do
    raises("invalid", reader.read, reader, format)
  end
end)

helper.finish()
