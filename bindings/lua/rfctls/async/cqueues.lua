-- Sockets under cqueues: to be used in coroutines that a cqueue runs (cqueue:wrap).
local cqueues = require "cqueues"
local async = require "rfctls.async"

local waits = {} -- how many coroutines wait for a descriptor

-- A cqueue goes on watching a descriptor after its poll has ended, and fails for good if it is closed
-- meanwhile. So the last one who waited tells it to forget.
local function waiter(events)
  return function(fd, seconds)
    waits[fd] = (waits[fd] or 0) + 1
    cqueues.poll({ pollfd = fd, events = events }, seconds)
    waits[fd] = waits[fd] > 1 and waits[fd] - 1 or nil
    if not waits[fd] then cqueues.cancel(fd) end
  end
end

return async.new {
  wait_read = waiter "r",
  wait_write = waiter "w",
  wait_both = waiter "rw",
  cancel = cqueues.cancel,
}
