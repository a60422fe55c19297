-- The works of ../c/client.c in Lua: client.lua PEER WORK HOST PORT AUTHORITY NUMBER [SIZE]
--
-- PEER is a module beside this one, peer_PEER: context(AUTHORITY), and connect(context, host, port),
-- which returns a socket with the methods of LuaSec's. Two works are not those of C:
--
--   first     one connection that trusts the system; nothing is printed, the whole process is measured
--   import    nothing at all, but that the module is loaded
--
-- Prints nanoseconds of processor time.
local name, work, host, port, authority, number, size = ...
number, size = tonumber(number), tonumber(size or 1)

local function ask(s, what, count)
  local bytes = {}
  for i = 8, 1, -1 do
    bytes[i] = string.char(count % 256)
    count = math.floor(count / 256)
  end
  assert(s:send(what .. table.concat(bytes)))
end

local function receive_all(s, at_once, left)
  while left > 0 do
    left = left - #assert(s:receive(math.min(at_once, left)))
  end
end

local function upload(s, data, count)
  ask(s, "u", count)
  while count > 0 do
    assert(s:send(count >= #data and data or data:sub(1, count)))
    count = count - #data
  end
  receive_all(s, 1, 1)
end

local function download(s, data, count)
  ask(s, "d", count)
  receive_all(s, #data, count)
end

local function echo(s, data, times)
  ask(s, "e", times * #data)
  for _ = 1, times do
    assert(s:send(data))
    receive_all(s, #data, #data)
  end
end

local function measure(do_it)
  local begin = os.clock()
  do_it()
  print(string.format("%.0f", (os.clock() - begin) * 1e9))
end

local peer = name ~= "none" and require("peer_" .. name)
local trusted = authority ~= "system" and authority or nil

local function visit(context)
  local s = peer.connect(context, host, tonumber(port))
  download(s, "x", 1)
  s:close()
end

local function do_visits(new_context)
  local context = peer.context(trusted)
  visit(context)
  measure(function()
    for _ = 1, number do
      visit(new_context and peer.context(trusted) or context)
    end
  end)
end

local function do_transfer(move, first)
  local s = peer.connect(peer.context(trusted), host, tonumber(port))
  local data = ("\0"):rep(size)
  move(s, data, first)
  measure(function() move(s, data, number) end)
  s:close()
end

local works = {
  connect = do_visits,
  resume = do_visits,
  scratch = function() do_visits(true) end,
  up = function() do_transfer(upload, 65536) end,
  down = function() do_transfer(download, 65536) end,
  echo = function() do_transfer(echo, 1) end,
  first = function() visit(peer.context(nil)) end,
  import = function() end,
}
works[work]()
