-- Sockets without TLS, with the methods of those with it: for what is said before TLS, or instead.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local wait = require "rfctls.wait"
local talk = require "rfctls.talk"
local checks = require "rfctls.options"

local OK, WANT_READ = native.OK, native.WANT_READ
local EVENT_READ, EVENT_WRITE = native.EVENT_READ, native.EVENT_WRITE
local tell, check = failure.tell, failure.check

local Plain = { __name = "rfctls.plain" }
Plain.__index = Plain

talk.methods(Plain, "raw")

function Plain:wait_events(want)
  return want == WANT_READ and EVENT_READ or EVENT_WRITE
end

-- Whether a value is such a socket.
function Plain.is(value)
  return getmetatable(value) == Plain
end

function Plain.is_memory(value)
  return Plain.is(value) and value.over_memory == true
end

-- ---- make ----

local types = { timeout = "number", family = "string", scheduler = "table" }
local families = {
  any = native.FAMILY_ANY, inet = native.FAMILY_IPV4, inet6 = native.FAMILY_IPV6,
}

-- The options of a maker, none at worst, and the number of their family.
local function checked(options)
  options = options or {}
  checks.check(options, types)
  return options, checks.choose(families, "family", options.family or "any")
end

local function new(status, handle, options, host, port)
  if status ~= OK then return nil, tell(status) end
  local self = setmetatable(talk.state(handle, -1, options.scheduler), Plain)
  self.host, self.port = host, port and tostring(port)
  local seconds = options.timeout
  if not (seconds or self.scheduler) then return self end
  local ok, message, code = self:settimeout(seconds)
  if not ok then return nil, message, code end
  return self
end

-- A connection to the first address of a host that accepts. Options: timeout (seconds; 0: never wait, see
-- finishconnect), family ("inet", "inet6"), scheduler.
function Plain.connect(host, port, given)
  local options, family = checked(given)
  local waits = options.timeout ~= 0
  local limit = waits and options.timeout and wait.milliseconds(options.timeout) or native.DEFAULT_CONNECT
  local here = waits and not options.scheduler
  local status, handle = native.raw_connect(host, port, family, here, limit)
  local self, message, code = new(status, handle, options, host, port)
  if not (self and waits) then return self, message, code end
  return talk.connected(self)
end

-- A listener on the first address of a host that can be listened on; nil or "*" is all addresses, port
-- 0 any free one.
function Plain.listen(host, port, given)
  local options, family = checked(given)
  if host == "*" then host = nil end
  local status, found = native.addresses_resolve(host, port, family, true)
  local handle
  for index = 0, status == OK and native.addresses_count(found) - 1 or -1 do
    status, handle = native.raw_listen(native.addresses_at(found, index), 0)
    if status == OK then break end
  end
  return new(status, handle, options, host, port)
end

-- The same for the Unix-domain socket at a path.
function Plain.connect_unix(path, options)
  options = checked(options)
  local status, handle = native.raw_connect_unix(path, wait.milliseconds(options.timeout))
  return new(status, handle, options)
end

function Plain.listen_unix(path, options)
  options = checked(options)
  local status, handle = native.raw_listen_unix(path, 0)
  return new(status, handle, options)
end

-- The socket of a descriptor; owned: closing it closes the descriptor.
function Plain.adopt(fd, owned, options)
  options = checked(options)
  local status, handle = native.raw_adopt(fd, owned)
  return new(status, handle, options)
end

-- The socket for a native handle, as the transport below a TLS socket is.
function Plain.of_handle(handle)
  return new(OK, handle, {})
end

-- A transport without a descriptor, see feed and drain: TLS over it never waits.
function Plain.memory()
  local status, handle = native.raw_memory()
  local self, message, code = new(status, handle, {})
  if not self then return nil, message, code end
  self.block, self.over_memory = 0, true
  return self
end

-- ---- use ----

-- The next connection of a listener.
function Plain:accept()
  local handle, message, code = talk.accepted(self, native.raw_accept)
  if not handle then return nil, message, code end
  return setmetatable(talk.state(handle, self.block, self.scheduler), Plain)
end

-- Closes at once; what was sent still arrives. A second call does nothing.
function Plain:close()
  wait.cancel(self)
  return talk.done(self, native.raw_close(self.handle), 1)
end

-- The descriptor; -1 once closed, and of memory.
function Plain:getfd()
  return native.raw_fd(self.handle)
end

-- Whether we closed it.
function Plain:isclosed()
  return not self.over_memory and self:getfd() == -1
end

-- The host and the port as they were given; nil for what was not made by a name.
function Plain:node()
  return self.host
end

function Plain:service()
  return self.port
end

-- Whether bytes wait in it that a descriptor does not tell of: those of unread.
function Plain:dirty()
  return native.raw_pending(self.handle) > 0
end

-- Gives bytes back that were received and not used: the next receive, also that of TLS over this socket,
-- finds them first.
function Plain:unread(data)
  return check(native.raw_unread(self.handle, data))
end

local stream_of = Plain.stream

function Plain:stream(...)
  local stream = stream_of(self, ...)
  self.streams = self.streams or {}
  table.insert(self.streams, stream)
  return stream
end

-- The native transport for TLS, which begins with what streams have read ahead.
function Plain:transport()
  local status = OK
  for _, stream in ipairs(self.streams or {}) do
    if status == OK then status = native.raw_unread(self.handle, stream:give_up()) end
  end
  return status, self.handle
end

-- ---- memory ----

-- Bytes that came from the peer.
function Plain:feed(data)
  return check(native.raw_feed(self.handle, data))
end

-- The peer sends no more.
function Plain:feedend()
  return check(native.raw_feed_end(self.handle))
end

-- At most so many bytes (all, without a number) that are for the peer; nil, "wantread" when there are
-- none now, nil, "closed" when there will be none any more.
function Plain:drain(most)
  local parts, size = {}, 0
  local status, data
  repeat
    status, data = native.raw_drain(self.handle, (most or 2 ^ 52) - size)
    if status == OK and data ~= "" then
      parts[#parts + 1] = data
      size = size + #data
    end
  until status ~= OK or data == "" or (most and size >= most)
  if size > 0 then return table.concat(parts) end
  if most == 0 then return "" end
  if status == OK then return nil, "closed" end
  return nil, tell(status)
end

return Plain
