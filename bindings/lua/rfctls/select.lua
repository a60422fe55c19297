-- Waits for many sockets at once: ours with and without TLS, and whatever has a descriptor.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local Plain = require "rfctls.plain"
local milliseconds = require "rfctls.wait".milliseconds

local must = failure.must
local READ, WRITE, ERROR = native.EVENT_READ, native.EVENT_WRITE, native.EVENT_ERROR

local events = { read = READ, write = WRITE, error = ERROR }

local function has(found, event)
  return math.floor(found / event) % 2 == 1
end

-- Adds an object; its place in the set. What is not ours is taken by its descriptor.
local function add(set, object, wanted)
  local handle = type(object) == "table" and object.handle
  if handle and not Plain.is(object) then return must(native.pollset_add_socket(set, handle, wanted)) end
  if not handle then
    handle = must(native.raw_adopt(type(object) == "number" and object or object:getfd(), false))
  end
  return must(native.pollset_add_raw(set, handle, wanted))
end

-- The places of a list's objects.
local function add_all(set, objects, wanted)
  local places = {}
  for i, object in ipairs(objects) do places[i] = add(set, object, wanted) end
  return places
end

local function ready(set, objects, places, wanted)
  local list = {}
  for i, index in ipairs(places) do
    local found = native.pollset_events(set, index)
    if has(found, wanted) or has(found, ERROR) then
      list[#list + 1] = objects[i]
      list[objects[i]] = #list
    end
  end
  return list
end

-- Waits for lists of objects, lists[i] for the event wanted[i], at most so many milliseconds (-1: for
-- ever): for each list those that are ready, or nil, message, code.
local wait = failure.protect(function(lists, wanted, limit)
  local set = must(native.pollset_new())
  local places, results = {}, {}
  for i, event in ipairs(wanted) do places[i] = add_all(set, lists[i], event) end
  must(native.pollset_wait(set, limit))
  for i, event in ipairs(wanted) do results[i] = ready(set, lists[i], places[i], event) end
  return results
end)

-- As LuaSocket's select: those of readers that a receive, accept or handshake can go on with, those of
-- writers that take bytes; then "timeout" if there are none. Each list has its objects as keys, too. A
-- socket with decrypted bytes is ready at once, one that failed counts as ready: its next call says why.
-- nil, message, code if the waiting itself fails.
local function select(readers, writers, seconds)
  local both, message, code = wait({ readers or {}, writers or {} }, { READ, WRITE },
                                   milliseconds(seconds))
  if not both then return nil, message, code end
  if #both[1] + #both[2] == 0 then return both[1], both[2], "timeout" end
  return both[1], both[2]
end

-- Those of the objects that one event has come for: "read", "write" or "error".
local function ready_for(event, objects, limit)
  local lists, message, code = wait({ objects }, { events[event] }, limit)
  return lists and lists[1], message, code
end

return { select = select, ready_for = ready_for }
