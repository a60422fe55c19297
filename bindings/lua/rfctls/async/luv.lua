-- Sockets under luv, Lua's binding of libuv: to be used in coroutines that spawn here has started, while
-- uv.run runs.
local uv = require "luv"
local async = require "rfctls.async"

-- libuv takes one poll handle a descriptor: this is who waits for it, and for which events.
local watched = {}

local has = { r = { r = true, rw = true }, w = { w = true, rw = true } }

-- The events that the waits of a descriptor want together; nil for none.
local function events_of(waits)
  local reads, writes = false, false
  for wait in pairs(waits) do
    reads, writes = reads or has.r[wait.events], writes or has.w[wait.events]
  end
  return reads and writes and "rw" or reads and "r" or writes and "w" or nil
end

local function stop_timer(wait)
  if wait.timer then
    wait.timer:stop()
    wait.timer:close()
    wait.timer = nil
  end
end

local on_event

-- Watches for what is wanted, or not at all.
local function watch(fd)
  local entry = watched[fd]
  local events = events_of(entry.waits)
  if events then
    entry.poll:start(events, function(failure, found) on_event(fd, failure and "rw" or found) end)
  else
    watched[fd] = nil
    entry.poll:stop()
    entry.poll:close()
  end
end

local function wake(fd, wait)
  stop_timer(wait)
  watched[fd].waits[wait] = nil
  watch(fd)
  wait.resume()
end

on_event = function(fd, found)
  local ready = {}
  for wait in pairs(watched[fd].waits) do
    if (found:find "r" and has.r[wait.events]) or (found:find "w" and has.w[wait.events])
       or not found:find "[rw]" then
      ready[#ready + 1] = wait
    end
  end
  for _, wait in ipairs(ready) do
    if watched[fd] and watched[fd].waits[wait] then wake(fd, wait) end
  end
end

local function begin(fd, events, seconds, resume)
  local wait = { events = events, resume = resume }
  watched[fd] = watched[fd] or { poll = assert(uv.new_poll(fd)), waits = {} }
  watched[fd].waits[wait] = true
  if seconds then
    wait.timer = uv.new_timer()
    wait.timer:start(math.ceil(seconds * 1000), 0, function() wake(fd, wait) end)
  end
  watch(fd)
end

local function later(resume)
  local timer = uv.new_timer()
  timer:start(0, 0, function()
    timer:close()
    resume()
  end)
end

-- A coroutine of spawn yields what to do with the function that resumes it.
local function waiter(events)
  return function(fd, seconds)
    coroutine.yield(function(resume) begin(fd, events, seconds, resume) end)
  end
end

local layer = async.new {
  wait_read = waiter "r",
  wait_write = waiter "w",
  wait_both = waiter "rw",
  cancel = function(fd)
    local entry = watched[fd]
    if not entry then return end
    local waits = entry.waits
    entry.waits = {}
    watch(fd)
    for wait in pairs(waits) do
      stop_timer(wait)
      later(wait.resume)
    end
  end,
}

local function advance(thread, ...)
  local ok, wait = coroutine.resume(thread, ...)
  if not ok then error(debug.traceback(thread, tostring(wait)), 0) end
  if coroutine.status(thread) == "suspended" then
    if type(wait) ~= "function" then error("rfctls: a coroutine of luv yielded something else", 0) end
    wait(function(...) return advance(thread, ...) end)
  end
end

-- Runs f(...) as a coroutine that may use sockets. It may also yield a function itself, which is called
-- with the function that resumes it: coroutine.yield(function(resume) timer:start(100, 0, resume) end)
function layer.spawn(f, ...)
  advance(coroutine.create(f), ...)
end

return layer
