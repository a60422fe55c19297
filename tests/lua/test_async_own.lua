-- Do coroutines work under a scheduler that a program brings itself?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local async = require "rfctls.async"
local helper = require "helper"
local test, raises = helper.test, helper.raises

-- A scheduler in forty lines: a coroutine yields what it waits for, rfctls.select waits for all of it.
-- What is yielded reaches the scheduler through whatever coroutines lie between, as on Lua 5.1, where a
-- verifier has one of its own.
local ready, waiting = {}, {}

local function wait(reads, writes)
  return function(fd, seconds)
    coroutine.yield {
      fd = fd, reads = reads, writes = writes, deadline = seconds and rfctls.clock() + seconds,
    }
  end
end

local function spawn(f)
  ready[#ready + 1] = coroutine.create(f)
end

local function advance(thread)
  local ok, entry = coroutine.resume(thread)
  assert(ok, entry)
  if coroutine.status(thread) == "suspended" then waiting[thread] = entry end
end

local function fds(what)
  local list = {}
  for _, entry in pairs(waiting) do
    if entry[what] then list[#list + 1] = entry.fd end
  end
  return list
end

local function nearest()
  local left = 0.05
  for _, entry in pairs(waiting) do
    if entry.deadline then left = math.min(left, math.max(entry.deadline - rfctls.clock(), 0)) end
  end
  return left
end

local function run(finished)
  while not finished() do
    local now = ready
    ready = {}
    for _, thread in ipairs(now) do advance(thread) end
    local readable, writable = rfctls.select(fds "reads", fds "writes", #ready > 0 and 0 or nearest())
    assert(readable, writable)
    for thread, entry in pairs(waiting) do
      if (entry.reads and readable[entry.fd]) or (entry.writes and writable[entry.fd])
         or (entry.deadline and entry.deadline <= rfctls.clock()) then
        ready[#ready + 1] = thread
      end
    end
    for _, thread in ipairs(ready) do waiting[thread] = nil end
  end
end

local scheduler = {
  wait_read = wait(true, false),
  wait_write = wait(false, true),
  cancel = function(fd)
    for thread, entry in pairs(waiting) do
      if entry.fd == fd then
        ready[#ready + 1] = thread
        waiting[thread] = nil
      end
    end
  end,
}

require "schedulers"(async.new(scheduler), spawn, run)

test("a scheduler that is none is a mistake", function()
  raises("table of functions", async.new, 42)
  raises("no function wait_", async.new, {})
  raises("no function wait_write", async.new, { wait_read = print })
  raises("has no sleep", async.new, { wait_read = print, wait_write = print, sleep = print })
end)

helper.finish()
