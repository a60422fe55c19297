-- TLS sockets with LuaSocket's and LuaSec's methods and words.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local guard = require "rfctls.guard"
local Config = require "rfctls.config"

local OK, E_TIMEOUT = native.OK, native.E_TIMEOUT
local WANT_READ, WANT_WRITE = native.WANT_READ, native.WANT_WRITE
local recv, recv_line = native.socket_recv, native.socket_recv_line
local send_range = native.socket_send_range
local tell, check = failure.tell, failure.check

local Socket = { __name = "rfctls.socket" }
Socket.__index = Socket

local wants = { [WANT_READ] = "read", [WANT_WRITE] = "write" }

-- Remembers what the call waits for, then tells it.
local function unfinished(self, status)
  self.wanted = wants[status]
  return tell(status)
end

-- nil, word, what was done so far, code: how send and receive fail.
local function partly(self, status, done)
  local word, code = unfinished(self, status)
  return nil, word, done, code
end

-- ---- time ----

local function is_blocking(self)
  return self.block ~= 0 and self.total ~= 0
end

-- When a call that begins now must end; nil without a total.
local function deadline_of(self)
  if self.total > 0 then return native.clock() + self.total end
end

-- Sets a timer to what is left until the deadline, if there is one.
local function arm(self, timer, deadline)
  if not deadline then return end
  local left = math.max(deadline - native.clock(), 0)
  if self.block >= 0 then left = math.min(left, self.block) end
  native.socket_set_timeout(self.handle, timer, left)
end

-- Seconds for each wait ("b", the default) or for each call ("t"); nil or negative: for ever; 0: never
-- waits. The handshake's own timer follows, but is never taken away.
function Socket:settimeout(seconds, mode)
  local limit = Config.milliseconds(seconds)
  if mode == nil or mode == "b" then
    self.block = limit
  elseif mode == "t" or mode == "r" then
    self.total = limit
  else
    error("bad argument #2 to 'settimeout' (invalid timeout mode)", 2)
  end
  local handle = self.handle
  local status = native.socket_set_blocking(handle, is_blocking(self) and 1 or 0)
  for _, timer in ipairs { native.TIMER_READ, native.TIMER_WRITE, native.TIMER_ACCEPT } do
    if status == OK then status = native.socket_set_timeout(handle, timer, self.block) end
  end
  if status == OK and limit > 0 then
    status = native.socket_set_timeout(handle, native.TIMER_HANDSHAKE, limit)
  end
  if status ~= OK then return nil, tell(status) end
  return 1
end

-- ---- agree ----

-- Puts the findings, from the root to the leaf, to the verifier; the first refusal ends it.
local function decide(self)
  local handle = self.handle
  local count = native.socket_finding_count(handle)
  for index = 0, count - 1 do
    local verdict = self.config.verifier(native.socket_finding_depth(handle, index),
                                         native.socket_finding_trusted(handle, index) == 1,
                                         native.socket_finding_cert(handle, index),
                                         native.socket_finding_text(handle, index))
    if verdict ~= true then return false end
  end
  return count > 0
end

-- Answers the handshake's question. A verifier that raised an error refuses, the alert leaves, and
-- the error goes on as it came.
local function answer(self)
  local ok, verdict = guard.call(decide, self)
  native.socket_answer_verify(self.handle, ok and verdict and 1 or 0)
  if ok then return end
  native.socket_handshake(self.handle)
  native.socket_close(self.handle)
  error(verdict, 0)
end

-- Does the handshake, or goes on with it: true, or nil, "wantread" | "wantwrite" | message, code.
function Socket:dohandshake()
  local status = native.socket_handshake(self.handle)
  while status == native.WANT_VERIFY do
    answer(self)
    status = native.socket_handshake(self.handle)
  end
  if status ~= OK then return nil, unfinished(self, status) end
  self.wanted = nil
  return true
end

-- ---- make ----

local function new(handle, config)
  return setmetatable({
    handle = handle,
    config = config,
    block = config.timeout, -- milliseconds for each wait, -1 none
    total = -1,             -- milliseconds for each call, -1 none
  }, Socket)
end

-- Joins the handshake to the making of a socket, unless told not to, or not to wait.
local function begin(socket)
  if not (socket.config.handshake and is_blocking(socket)) then return socket end
  local ok, message, code = socket:dohandshake()
  if ok then return socket end
  native.socket_close(socket.handle)
  return nil, message, code
end

-- A client, connected to the first address of the host that accepts.
function Socket.connect(host, port, options)
  local config, message, code = Config.of(options, "client")
  if not config then return nil, message, code end
  local status, handle = native.socket_connect(host, port, config.handle)
  if status ~= OK then return nil, tell(status) end
  return begin(new(handle, config))
end

-- A listener on one address; nil or "*" is all of them, port 0 any free one.
function Socket.listen(host, port, options)
  local config, message, code = Config.of(options, "server")
  if not config then return nil, message, code end
  if host == "*" then host = nil end
  local status, handle = native.socket_listen(host, port, config.handle)
  if status ~= OK then return nil, tell(status) end
  local listener = new(handle, config)
  if config.timeout > 0 then listener.block = -1 end -- it is for the connections
  return listener
end

-- The native transport over a descriptor, or over an object that has one. What can be made to forget
-- its descriptor (LuaSocket's setfd) is taken over, anything else borrowed, unless owned says so.
local function adopt(transport, owned)
  if type(transport) == "number" then return native.raw_adopt(transport, owned and 1 or 0) end
  local forgets = owned ~= false and transport.setfd ~= nil
  local status, raw = native.raw_adopt(transport:getfd(), (forgets or owned) and 1 or 0)
  if status == OK and forgets then transport:setfd(-1) end
  return status, raw
end

-- TLS over a connection, or a listener, that exists.
function Socket.wrap(transport, options)
  local config, message, code = Config.of(options, "client")
  if not config then return nil, message, code end
  local status, handle = adopt(transport, config.owned)
  if status == OK then status, handle = native.socket_wrap(handle, config.handle) end
  if status ~= OK then return nil, tell(status) end
  local socket = new(handle, config)
  socket.transport = transport -- a borrowed descriptor lives as long as its object
  if native.socket_is_listener(handle) == 1 then return socket end
  return begin(socket)
end

-- The next connection of a listener. Its handshake is done too, unless the options said not to, or
-- the listener does not wait.
function Socket:accept()
  arm(self, native.TIMER_ACCEPT, deadline_of(self))
  local status, handle = native.socket_accept(self.handle)
  if status == WANT_READ then status = E_TIMEOUT end -- LuaSocket's word
  if status ~= OK then return nil, tell(status) end
  local socket = new(handle, self.config)
  if is_blocking(self) then return begin(socket) end
  return socket
end

-- ---- talk ----

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

-- Sends the bytes i to j. The index of the last one sent is the result: j, or after nil, word.
-- A wait that got something away may wait again; only a total ends it.
function Socket:send(data, i, j)
  local first, last = range(#data, i, j)
  local done, deadline = first - 1, deadline_of(self)
  local status, sent
  repeat
    arm(self, native.TIMER_WRITE, deadline)
    status, sent = send_range(self.handle, 0, data, done, last - done)
    done = done + sent
    if status == E_TIMEOUT and sent > 0 and not deadline then status = OK end
  until done >= last or status ~= OK
  if status ~= OK then return partly(self, status, done) end
  self.wanted = nil
  return done
end

local function joined(parts)
  return parts[2] and table.concat(parts) or parts[1] or ""
end

-- Receives until there are count bytes, or until a line ends, or until all ends. The bytes, or nil,
-- the status (OK at the polite end), the bytes that came.
local function collect(self, receive, prefix, count)
  local parts, size = { prefix }, #(prefix or "")
  local deadline = deadline_of(self)
  local ended = false
  while not ended and size < count do
    arm(self, native.TIMER_READ, deadline)
    local status, data = receive(self.handle, 0, count - size)
    if status ~= OK or data == "" then return nil, status, joined(parts) end
    if receive == recv_line then
      ended = data:byte(-1) == 10
      data = data:gsub("[\r\n]", "")
    end
    size = size + #data
    parts[#parts + 1] = data
  end
  return joined(parts)
end

local without_end = 2 ^ 52

-- "*l": a line without its end and without any CR; "*a": all until the end; a number: so many bytes,
-- the prefix counted. What came before a failure follows the word: pass it as prefix to go on. The
-- peer's polite end is "closed" and has no code.
function Socket:receive(pattern, prefix)
  local data, status, came
  if pattern == nil or pattern == "*l" then
    data, status, came = collect(self, recv_line, prefix, without_end)
  elseif pattern == "*a" then
    data, status, came = collect(self, recv, prefix, without_end)
    if status == OK and #came > #(prefix or "") then data = came end
  elseif is_whole(pattern) and pattern >= 0 then
    data, status, came = collect(self, recv, prefix, math.min(pattern, without_end))
  else
    error("bad argument #1 to 'receive' (invalid receive pattern)", 2)
  end
  self.wanted = nil
  if data then return data end
  if status == OK then return nil, "closed", came end
  return partly(self, status, came)
end

local hows = {
  receive = native.SHUT_READ,
  send = native.SHUT_WRITE,
  both = native.SHUT_BOTH,
}

-- Ends "send", "receive" or "both" directions; the peer learns of the first.
function Socket:shutdown(mode)
  local how = hows[mode or "both"]
  if not how then error("bad argument #1 to 'shutdown' (invalid shutdown method)", 2) end
  local status = native.socket_shutdown(self.handle, how)
  if status ~= OK then return nil, unfinished(self, status) end
  return 1
end

-- Says goodbye, waits until the peer has all (2 s at most), and closes. A second call does nothing. A
-- socket that does not wait may answer "wantread" or "wantwrite": call again, or drop it.
function Socket:close()
  local status = native.socket_close(self.handle)
  if status ~= OK then return nil, unfinished(self, status) end
  return 1
end

Socket.__close = Socket.close

-- ---- tell ----

local family_words = { [native.FAMILY_IPV4] = "inet", [native.FAMILY_IPV6] = "inet6" }

local function name_of(status, address)
  if status ~= OK then return nil, tell(status) end
  return native.address_ip(address), native.address_port(address),
         family_words[native.address_family(address)]
end

-- IP address, port and "inet" or "inet6" of the other end.
function Socket:getpeername()
  return name_of(native.socket_peer_address(self.handle))
end

-- The same of our end.
function Socket:getsockname()
  return name_of(native.socket_local_address(self.handle))
end

-- The descriptor, for select and event loops; -1 once closed.
function Socket:getfd()
  local raw = native.socket_raw(self.handle)
  return raw and native.raw_fd(raw) or -1
end

-- Whether a receive would find something, also in what select does not see.
function Socket:dirty()
  return native.socket_pending(self.handle) > 0
         or native.socket_wait(self.handle, WANT_READ, 0) == OK
end

-- What the last call that could not end waits for: "read", "write" or "nothing".
function Socket:want()
  return self.wanted or "nothing"
end

-- The peer's certificate, or nil. The handshake's success says that it is trusted, this does not.
function Socket:getpeercertificate()
  return native.socket_peer_cert(self.handle)
end

-- The certificates that the peer sent, leaf first, or nil.
function Socket:getpeerchain()
  local chain = native.socket_peer_chain(self.handle)
  return chain and chain:certificates()
end

local protocols = {
  [native.TLS_1_0] = "TLSv1",
  [native.TLS_1_1] = "TLSv1.1",
  [native.TLS_1_2] = "TLSv1.2",
  [native.TLS_1_3] = "TLSv1.3",
}

-- What was agreed on: a table of protocol, cipher, alpn and server_name, or one of them.
function Socket:info(field)
  local handle = self.handle
  local facts = {
    protocol = protocols[native.socket_tls_version(handle)],
    cipher = native.socket_cipher(handle),
    alpn = native.socket_protocol(handle),
    server_name = native.socket_server_name(handle),
  }
  if field then return facts[field] end
  return facts
end

-- With a name, before a client's handshake: asks for it and checks it. Without: the name that a client
-- checks, or that a server was asked for.
function Socket:sni(name)
  if name == nil then return native.socket_server_name(self.handle) end
  return check(native.socket_set_server_name(self.handle, name))
end

-- The application protocol that both ends agreed on, or nil.
function Socket:getalpn()
  return native.socket_protocol(self.handle)
end

return Socket
