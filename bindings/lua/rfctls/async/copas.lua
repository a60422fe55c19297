-- Sockets under copas: to be used in coroutines that copas runs (copas.addthread). It has to be required
-- before socket.http, as copas itself.
--
-- The copas of Debian waits for what LuaSocket's select takes, and knows no timers. So each wait is an
-- object with a descriptor of its own, and deadlines are seen by loop and step here, which are copas's,
-- and wake up for them; under copas.loop they are seen whenever anything else happens.
local copas = require "copas"
local socket = require "socket"
local async = require "rfctls.async"
local clock = require("rfctls").clock

local waiting = {} -- every wait that has not ended

-- Stands in for a descriptor whose wait is over: always writable.
local stand_in = (socket.udp4 or socket.udp)()

local Wait = {}
Wait.__index = Wait

local function is_over(wait)
  return wait.cancelled or (wait.deadline and clock() >= wait.deadline) or false
end

-- What select asks: the descriptor, and whether it need not wait.
function Wait:getfd()
  return is_over(self) and stand_in:getfd() or self.fd
end

function Wait:dirty()
  return is_over(self)
end

-- What copas calls, before it waits and after: only then it is done.
local function try(self)
  self.tries = self.tries + 1
  if self.tries == 1 then return nil, "timeout", 0 end
  return true
end
Wait.receive, Wait.send = try, try

-- copas closes what a coroutine waited for last (copas.autoclose): nothing that is ours to close.
function Wait.close() end

local function waiter(call)
  return function(fd, seconds)
    local wait = setmetatable({ fd = fd, deadline = seconds and clock() + seconds, tries = 0 }, Wait)
    waiting[wait] = true
    call(wait, "")
    waiting[wait] = nil
  end
end

local layer = async.new {
  wait_read = waiter(copas.receive),
  wait_write = waiter(copas.send),
  cancel = function(fd)
    for wait in pairs(waiting) do
      if wait.fd == fd then wait.cancelled = true end
    end
  end,
}

-- copas.step, which ends in time for the next deadline. seconds: at the latest.
function layer.step(seconds)
  local now = clock()
  for wait in pairs(waiting) do
    local left = wait.cancelled and 0 or wait.deadline and math.max(wait.deadline - now, 0)
    if left and (not seconds or left < seconds) then seconds = left end
  end
  return copas.step(seconds)
end

-- Steps until finished() is true; without it, for ever.
function layer.loop(finished)
  while not (finished and finished()) do layer.step() end
end

return layer
