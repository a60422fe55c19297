-- Sending and receiving with LuaSocket's words: the methods that TLS sockets and plain ones share.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local wait = require "rfctls.wait"

local OK, E_TIMEOUT = native.OK, native.E_TIMEOUT
local wants, deadline_of, run = wait.wants, wait.deadline, wait.run

local talk = {}

-- What a new object has: see rfctls.wait, and what getstats tells.
function talk.state(handle, block, scheduler)
  return {
    handle = handle,
    block = block, total = -1,
    scheduler = scheduler,
    bytes_in = 0, bytes_out = 0, born = native.clock(),
  }
end

-- Remembers what the call waits for, or how it failed, then tells it.
local function unfinished(self, status)
  self.wanted = wants[status]
  local word, code = failure.tell(status)
  if status < 0 then self.failed = failure.last_error() end
  return word, code
end

-- The result, true if there is none; or how it failed.
function talk.done(self, status, result)
  if status ~= OK then return nil, unfinished(self, status) end
  self.wanted = nil
  return result or true
end

-- The handle of a listener's next connection, by its native verb.
function talk.accepted(self, accept)
  local deadline = deadline_of(self)
  self.arm(self, native.TIMER_ACCEPT, deadline)
  local status, handle = run(self, deadline, accept)
  if status == native.WANT_READ then status = E_TIMEOUT end -- LuaSocket's word
  return talk.done(self, status, handle)
end

-- The client, once it is connected; else it is closed.
function talk.connected(self)
  local ok, message, code = self:finishconnect()
  if ok then return self end
  self:close()
  return nil, message, code
end

-- nil, word, what was done so far, code: how send and receive fail.
local function partly(self, status, done)
  local word, code = unfinished(self, status)
  return nil, word, done, code
end

local function is_whole(value)
  return type(value) == "number" and value % 1 == 0
end

-- The range of a string's bytes that i and j mean, as string.sub reads them.
local function range(size, i, j)
  i, j = i or 1, j or -1
  if not (is_whole(i) and is_whole(j)) then error("send takes whole numbers as range", 3) end
  if i < 0 then i = math.max(size + i + 1, 1) elseif i == 0 then i = 1 end
  if j < 0 then j = size + j + 1 elseif j > size then j = size end
  return i, math.max(j, i - 1)
end

local hows = {
  receive = native.SHUT_READ,
  send = native.SHUT_WRITE,
  both = native.SHUT_BOTH,
}

local family_words = { [native.FAMILY_IPV4] = "inet", [native.FAMILY_IPV6] = "inet6" }

local function name_of(status, address)
  if status ~= OK then return nil, failure.tell(status) end
  local ip = native.address_ip(address)
  if ip == "" then return native.address_host(address), nil, "unix" end
  return ip, native.address_port(address), family_words[native.address_family(address)]
end

local without_end = 2 ^ 52

local patterns = { ["*l"] = "line", l = "line", ["*a"] = "all", a = "all" }

-- Gives a class its methods. noun: "socket" or "raw", whose native verbs its handles have.
function talk.methods(class, noun)
  local verbs = setmetatable({}, { __index = function(_, verb) return native[noun .. "_" .. verb] end })
  local send_range, set_timeout = verbs.send_range, verbs.set_timeout
  local recv, recv_all, recv_line = verbs.recv, verbs.recv_all, verbs.recv_line

  -- Sets a timer to what is left until the deadline, if there is one and C waits.
  local function arm(self, timer, deadline)
    if not deadline or self.scheduler then return end
    set_timeout(self.handle, timer, wait.left(self, deadline))
  end
  class.arm = arm

  -- Seconds for each wait ("b", the default) or for each call ("t"); nil or negative: for ever; 0:
  -- never waits. The handshake's own timer follows, but is never taken away.
  function class:settimeout(seconds, mode)
    local limit = wait.milliseconds(seconds)
    if mode == nil or mode == "b" then
      self.block = limit
    elseif mode == "t" or mode == "r" then
      self.total = limit
    else
      error("bad argument #2 to 'settimeout' (invalid timeout mode)", 2)
    end
    local waits = wait.is_blocking(self) and not self.scheduler
    local status = verbs.set_blocking(self.handle, waits)
    for _, timer in ipairs { native.TIMER_READ, native.TIMER_WRITE, native.TIMER_ACCEPT } do
      if status == OK then status = set_timeout(self.handle, timer, self.block) end
    end
    if status == OK and limit > 0 and noun == "socket" then
      status = set_timeout(self.handle, native.TIMER_HANDSHAKE, limit)
    end
    if status ~= OK then return nil, unfinished(self, status) end
    return 1
  end

  -- The seconds of settimeout, "b" and "t"; nil where there is no limit.
  function class:gettimeout()
    return self.block >= 0 and self.block / 1000 or nil, self.total >= 0 and self.total / 1000 or nil
  end

  function class:wait_timeout()
    return verbs.wait_timeout(self.handle)
  end

  -- Goes on with connecting, of a client that was not to wait: true, or nil, "wantread" | "wantwrite" | message,
  -- code.
  function class:finishconnect()
    return talk.done(self, wait.finish(self, verbs.finish_connect))
  end

  local function send_some(self, deadline, data, done, count)
    if self.scheduler then return run(self, deadline, send_range, 0, data, done, count) end
    if deadline then arm(self, native.TIMER_WRITE, deadline) end
    return send_range(self.handle, 0, data, done, count)
  end

  -- Sends the bytes i to j. The index of the last one sent is the result: j, or after nil, word.
  -- A wait that got something away may wait again; only a total ends it.
  function class:send(data, i, j)
    local first, last = 1, #data
    if i or j then first, last = range(last, i, j) end
    local deadline = self.total > 0 and deadline_of(self) or nil
    local done = first - 1
    local status, sent
    repeat
      status, sent = send_some(self, deadline, data, done, last - done)
      done = done + sent
      if status == E_TIMEOUT and sent > 0 and not deadline then status = OK end
    until done >= last or status ~= OK
    self.bytes_out = self.bytes_out + done - first + 1
    if status ~= OK then return partly(self, status, done) end
    self.wanted = nil
    return done
  end

  -- Receives until there are count bytes, or until a line ends, or until all ends. The bytes, or nil,
  -- the status (OK at the polite end), the bytes that came.
  local function collect(self, receive, prefix, count)
    local deadline, scheduler = self.total > 0 and deadline_of(self) or nil, self.scheduler
    local whole, parts = prefix or "", nil
    local size, came, ended = #whole, 0, false
    local status, data = OK, nil
    while size < count and not ended do
      if scheduler then
        status, data = run(self, deadline, receive, 0, count - size)
      else
        if deadline then arm(self, native.TIMER_READ, deadline) end
        status, data = receive(self.handle, 0, count - size)
      end
      if data and data ~= "" then
        came = came + #data
        if receive == recv_line then
          ended = data:byte(-1) == 10
          data = data:gsub("[\r\n]", "")
        end
        size = size + #data
        if parts then parts[#parts + 1] = data
        elseif whole == "" then whole = data
        else parts = { whole, data } end
      elseif status == OK then
        break
      end
      if status ~= OK then break end
    end
    self.bytes_in = self.bytes_in + came
    if parts then whole = table.concat(parts) end
    if ended or size >= count then return whole end
    return nil, status, whole
  end

  -- "*l": a line without its end and without any CR; "*a": all until the end; a number: so many bytes,
  -- the prefix counted. What came before a failure follows the word: pass it as prefix to go on. The
  -- peer's polite end is "closed" and has no code.
  function class:receive(pattern, prefix)
    local data, status, came
    local some = self.scheduler and recv or recv_all -- a scheduler must not lose what came before
    local kind = pattern == nil and "line" or patterns[pattern]
    if is_whole(pattern) and pattern >= 0 then
      if pattern > without_end then pattern = without_end end
      data, status, came = collect(self, some, prefix, pattern)
    elseif kind == "line" then
      data, status, came = collect(self, recv_line, prefix, without_end)
    elseif kind == "all" then
      data, status, came = collect(self, some, prefix, without_end)
      if status == OK and #came > #(prefix or "") then data = came end
    else
      error("bad argument #1 to 'receive' (invalid receive pattern)", 2)
    end
    self.wanted = nil
    if data then return data end
    if status == OK then return nil, "closed", came end
    return partly(self, status, came)
  end

  -- Receives what is there, at least a byte, at most so many: the bytes, or as receive.
  function class:receivesome(most)
    if not (is_whole(most) and most > 0) then
      error("bad argument #1 to 'receivesome' (a number of bytes expected)", 2)
    end
    local deadline = deadline_of(self)
    arm(self, native.TIMER_READ, deadline)
    local status, data = run(self, deadline, recv, 0, math.min(most, without_end))
    if status ~= OK then return partly(self, status, "") end
    self.wanted = nil
    if data == "" then return nil, "closed", "" end
    self.bytes_in = self.bytes_in + #data
    return data
  end

  -- Ends "send", "receive" or "both" directions; the peer learns of the first.
  function class:shutdown(mode)
    local how = hows[mode or "both"]
    if not how then error("bad argument #1 to 'shutdown' (invalid shutdown method)", 2) end
    return talk.done(self, run(self, deadline_of(self), verbs.shutdown, how), 1)
  end

  -- IP address, port and "inet" or "inet6" of the other end; of a Unix-domain socket its path and "unix".
  function class:getpeername()
    return name_of(verbs.peer_address(self.handle))
  end

  -- The same of our end.
  function class:getsockname()
    return name_of(verbs.local_address(self.handle))
  end

  -- Bytes received, bytes sent, seconds since the object was made.
  function class:getstats()
    return self.bytes_in, self.bytes_out, (native.clock() - self.born) / 1000
  end

  -- Sets what getstats tells; nil leaves one as it is.
  function class:setstats(received, sent, age)
    self.bytes_in, self.bytes_out = received or self.bytes_in, sent or self.bytes_out
    if age then self.born = native.clock() - age * 1000 end
    return 1
  end

  -- What the last call that could not end waits for: "read", "write" or "nothing".
  function class:want()
    return self.wanted or "nothing"
  end

  -- A table that tells all about the last failure of this object, as rfctls.last_error; or nil.
  function class:lasterror()
    return self.failed
  end

  -- A stream of it with the methods of Lua's files. Closing the stream closes the socket, unless
  -- close_socket is false.
  function class:stream(close_socket)
    return require("rfctls.stream").new(self, close_socket)
  end

  class.__close = function(self) self:close() end
end

return talk
