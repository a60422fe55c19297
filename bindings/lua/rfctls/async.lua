-- Sockets under a scheduler of coroutines: where others wait, these let the scheduler run the other
-- coroutines meanwhile. Ready ones: rfctls.async.copas, rfctls.async.cqueues, rfctls.async.luv.
--
-- A listener's accept leaves the handshake to the coroutine that serves the connection. Many coroutines may
-- use one socket: one receives while another sends and a third closes.
local Config = require "rfctls.config"
local Socket = require "rfctls.socket"
local Plain = require "rfctls.plain"

local async = {}

local wanted = { wait_read = true, wait_write = true }
local known = { wait_read = true, wait_write = true, wait_both = true, cancel = true }

local function check_scheduler(scheduler)
  if type(scheduler) ~= "table" then error("rfctls: a scheduler is a table of functions", 3) end
  for name in pairs(wanted) do
    if type(scheduler[name]) ~= "function" then
      error(("rfctls: the scheduler has no function %s"):format(name), 3)
    end
  end
  for name, value in pairs(scheduler) do
    if not known[name] or type(value) ~= "function" then
      error(("rfctls: a scheduler has no %s"):format(tostring(name)), 3)
    end
  end
end

-- The options, or the config, of a maker under a scheduler.
local function with(scheduler, options)
  if getmetatable(options) == Config then
    if options.scheduler ~= scheduler then error("rfctls: the config is of another scheduler", 3) end
    return options
  end
  local all = {}
  for name, value in pairs(options or {}) do all[name] = value end
  all.scheduler = scheduler
  return all
end

-- The makers of rfctls, for sockets under a scheduler, which has these functions:
--
--   wait_read(fd, seconds), wait_write(fd, seconds)
--       return when the descriptor is ready, and at the latest after so many seconds (nil: no limit);
--       earlier does no harm. They let other coroutines run.
--   wait_both(fd, seconds)
--       optional: returns when the descriptor is ready for either
--   cancel(fd)
--       optional: the descriptor will be closed, the waits for it are to return soon (not in this call)
function async.new(scheduler)
  check_scheduler(scheduler)

  -- A maker whose options are its argument number place.
  local function under(make, place)
    return function(...)
      local arguments = { ... }
      arguments[place] = with(scheduler, arguments[place])
      return make(arguments[1], arguments[2], arguments[3])
    end
  end

  return {
    scheduler = scheduler, -- for the option scheduler
    connect = under(Socket.connect, 3),
    listen = under(Socket.listen, 3),
    wrap = under(Socket.wrap, 2),
    config = function(options) return Config.new(with(scheduler, options), "client") end,
    plain = {
      connect = under(Plain.connect, 3),
      listen = under(Plain.listen, 3),
      connect_unix = under(Plain.connect_unix, 2),
      listen_unix = under(Plain.listen_unix, 2),
      adopt = under(Plain.adopt, 3),
    },
  }
end

return async
