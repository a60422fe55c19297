-- How long a call may take, and how it waits: in C, or by a scheduler of coroutines.
--
-- An object that waits has: handle; block, the milliseconds of each wait, and total, those of each
-- call, -1 for none; perhaps scheduler, see rfctls.async. Under one, its C socket never waits, and says in
-- wait_timeout() after how many milliseconds a call has to be made again whatever happens, -1 for never.
local native = require "rfctls.library"

local clock = native.clock
local WANT_READ, WANT_WRITE = native.WANT_READ, native.WANT_WRITE
local E_TIMEOUT = native.E_TIMEOUT
local wants = { [WANT_READ] = "read", [WANT_WRITE] = "write" }

local wait = { wants = wants }

-- Seconds as LuaSocket counts them, in milliseconds: never early; -1 is none.
function wait.milliseconds(seconds)
  if seconds == nil or seconds < 0 or seconds == math.huge then return -1 end
  return math.ceil(seconds * 1000)
end

-- Whether the program wants its calls to wait.
function wait.is_blocking(self)
  return self.block ~= 0 and self.total ~= 0
end

-- When a call that begins now must end; nil without a total.
function wait.deadline(self)
  if self.total > 0 then return clock() + self.total end
end

-- The milliseconds that are left for the next wait of a call.
function wait.left(self, deadline)
  local left = math.max(deadline - clock(), 0)
  return self.block >= 0 and math.min(left, self.block) or left
end

local EITHER = 0.01 -- seconds for one direction, when a scheduler cannot wait for both at once

-- Has the scheduler resume this coroutine when the descriptor is ready, or after some seconds, or
-- earlier: what wanted it is tried again anyway.
local function wait_for(scheduler, fd, events, seconds)
  local reads = events % 2 == native.EVENT_READ
  local writes = events >= native.EVENT_WRITE
  if reads and writes and scheduler.wait_both then return scheduler.wait_both(fd, seconds) end
  if reads and writes then seconds = seconds and math.min(seconds, EITHER) or EITHER end
  if writes then return scheduler.wait_write(fd, seconds) end
  if reads then return scheduler.wait_read(fd, seconds) end
end

local function sleep(self, status, milliseconds)
  self.sleepers = (self.sleepers or 0) + 1
  wait_for(self.scheduler, self:getfd(), self:wait_events(status), milliseconds and milliseconds / 1000)
  self.sleepers = self.sleepers - 1
end

-- Before a descriptor is closed: other coroutines that wait for it are resumed soon, to find that out.
function wait.cancel(self)
  local scheduler = self.scheduler
  if scheduler and scheduler.cancel and (self.sleepers or 0) > 0 then scheduler.cancel(self:getfd()) end
end

-- Calls verb(handle, ...) until it wants no more, or the deadline is over. Its results.
local function suspend(self, deadline, want, verb, ...)
  local status, value = want, nil
  repeat
    local left = deadline and math.max(deadline - clock(), 0)
    if left ~= 0 then
      local pause = self:wait_timeout()
      sleep(self, status, pause >= 0 and math.min(left or pause, pause) or left)
    end
    status, value = verb(self.handle, ...)
    if left == 0 and wants[status] then status = E_TIMEOUT end
  until not wants[status]
  return status, value
end

local function by_scheduler(self, status)
  return wants[status] and self.scheduler and wait.is_blocking(self)
end

-- verb(handle, ...), which may wait as long as the object says.
function wait.run(self, deadline, verb, ...)
  local status, value = verb(self.handle, ...)
  if status > 0 and by_scheduler(self, status) then
    if self.block > 0 then
      local end_of_wait = clock() + self.block
      deadline = deadline and math.min(deadline, end_of_wait) or end_of_wait
    end
    return suspend(self, deadline, status, verb, ...)
  end
  return status, value
end

-- verb(handle), which may wait as long as timers in C say.
function wait.finish(self, verb)
  local status = verb(self.handle)
  if by_scheduler(self, status) then return suspend(self, nil, status, verb) end
  return status
end

return wait
