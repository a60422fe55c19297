-- TLS sockets with LuaSocket's and LuaSec's methods and words.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local guard = require "rfctls.guard"
local wait = require "rfctls.wait"
local talk = require "rfctls.talk"
local credentials = require "rfctls.credentials"
local Config = require "rfctls.config"
local Plain = require "rfctls.plain"

local OK, WANT_READ = native.OK, native.WANT_READ
local WANT_VERIFY, WANT_IDENTITY = native.WANT_VERIFY, native.WANT_IDENTITY
local tell, check = failure.tell, failure.check
local is_blocking = wait.is_blocking

local Socket = { __name = "rfctls.socket" }
Socket.__index = Socket

talk.methods(Socket, "socket")

-- What another event loop has to watch the descriptor for, until a call that answered want is made again.
function Socket:wait_events(want)
  return native.socket_wait_events(self.handle, want)
end

-- ---- agree ----

-- Puts the findings, from the root to the leaf, to the verifier; the first refusal ends it.
local function decide(self)
  local handle, verifier = self.handle, self.config.verifier
  if not verifier then return false end -- a question that a C host wanted, and nobody here can answer
  local verdict
  for index = 0, native.socket_finding_count(handle) - 1 do
    verdict = verifier(native.socket_finding_depth(handle, index),
                       native.socket_finding_trusted(handle, index),
                       native.socket_finding_cert(handle, index),
                       native.socket_finding_text(handle, index))
    if verdict ~= true then break end
  end
  return verdict
end

-- What the program's function answers, which may yield. Its error goes on as it came, after fail(self)
-- has ended the connection.
local function ask(self, fail, f, ...)
  local ok, result = guard.call(f, ...)
  if ok then return result end
  fail(self.handle)
  error(result, 0)
end

-- Refuses, lets the alert leave, and closes.
local function refuse_peer(handle)
  native.socket_answer_verify(handle, false)
  native.socket_handshake(handle)
  native.socket_close(handle)
end

local answers = {}

answers[WANT_VERIFY] = function(self)
  return native.socket_answer_verify(self.handle, (ask(self, refuse_peer, decide, self)))
end

-- The program's identity, or nil for none: anything else is a mistake.
local function own_identity(self)
  local identity = self.identity_source(self)
  if identity and not credentials.is_identity(identity) then
    error("rfctls: the function for the identity answered a " .. type(identity), 0)
  end
  return identity or {}
end

answers[WANT_IDENTITY] = function(self)
  local identity = ask(self, native.socket_abort, own_identity, self)
  return native.socket_answer_identity(self.handle, identity.chain, identity.key)
end

-- Does the handshake, or goes on with it: true, or nil, "wantread" | "wantwrite" | message, code.
function Socket:dohandshake()
  local status = wait.finish(self, native.socket_handshake)
  while answers[status] do
    status = answers[status](self)
    if status == OK then status = wait.finish(self, native.socket_handshake) end
  end
  return talk.done(self, status)
end

-- ---- make ----

local function new(handle, config)
  local self = talk.state(handle, config.timeout, config.scheduler)
  self.config = config
  self.identity_source = config.identity_source
  return setmetatable(self, Socket)
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
  if status == OK and config.session then
    status = native.socket_set_session(handle, config.session)
  end
  if status ~= OK then return nil, tell(status) end
  local socket = new(handle, config)
  if is_blocking(socket) then
    socket, message, code = talk.connected(socket)
    if not socket then return nil, message, code end
  end
  return begin(socket)
end

-- A listener on one address; nil or "*" is all of them, port 0 any free one.
Socket.listen = failure.protect(function(host, port, options)
  local config = failure.try(Config.of(options, "server"))
  if host == "*" then host = nil end
  local listener = new(failure.must(native.socket_listen(host, port, config.handle)), config)
  if config.timeout > 0 then listener.block = -1 end -- it is for the connections
  return listener
end)

-- What LuaSocket has received and not given, since it reads by the block: TLS begins with it. A byte at a
-- time takes what is there, and nothing from the system.
local function read_ahead(object)
  local parts = {}
  while object.setfd and object.dirty and object:dirty() do
    parts[#parts + 1] = assert(object:receive(1))
  end
  return table.concat(parts)
end

-- The native transport over a descriptor, or over an object that has one. What can be made to forget
-- its descriptor (LuaSocket's setfd) is taken over, anything else borrowed, unless owned says so.
local function adopt(transport, owned)
  if Plain.is(transport) then return transport:transport() end
  if type(transport) == "number" then return native.raw_adopt(transport, owned) end
  local forgets = owned ~= false and transport.setfd ~= nil
  local status, raw = native.raw_adopt(transport:getfd(), forgets or owned)
  if status == OK then status = native.raw_unread(raw, read_ahead(transport)) end
  if status == OK and forgets then transport:setfd(-1) end
  return status, raw
end

-- TLS over a connection, or a listener, that exists: a descriptor, a plain socket, or any object with
-- getfd.
function Socket.wrap(transport, options)
  local config, message, code = Config.of(options, "client")
  if not config then return nil, message, code end
  local status, handle = adopt(transport, config.owned)
  if status == OK then status, handle = native.socket_wrap(handle, config.handle) end
  if status ~= OK then return nil, tell(status) end
  local socket = new(handle, config)
  socket.transport = transport -- a borrowed descriptor lives as long as its object
  if Plain.is_memory(transport) then socket.block = 0 end
  if native.socket_is_listener(handle) then return socket end
  return begin(socket)
end

-- The object for a native handle that C has handed over, its handshake done or not.
function Socket.of_handle(handle)
  local self = talk.state(handle, native.socket_timeout(handle, native.TIMER_READ))
  if not native.socket_is_blocking(handle) then self.block = 0 end
  self.config = Config.foreign
  return setmetatable(self, Socket)
end

-- The next connection of a listener. Its handshake is done too, unless the options said not to, or
-- the listener does not wait, or a scheduler waits for it: the task that serves the connection does it.
-- handshake = false leaves it out, too.
function Socket:accept(handshake)
  local handle, message, code = talk.accepted(self, native.socket_accept)
  if not handle then return nil, message, code end
  local socket = new(handle, self.config)
  if handshake == false or self.scheduler or not is_blocking(self) then return socket end
  return begin(socket)
end

-- Gives a listener other options, or a config, for what it accepts from now on. What it accepted
-- before keeps its own, and no connection is lost.
function Socket:reload(options)
  local config, message, code = Config.of(options, "server")
  if not config then return nil, message, code end
  local status = native.socket_reload(self.handle, config.handle)
  if status == OK then self.config = config end
  return talk.done(self, status)
end

-- ---- end ----

-- Says goodbye, waits until the peer has all (2 s at most), and closes. A second call does nothing. A
-- socket that does not wait may answer "wantread" or "wantwrite": call again, or drop it.
function Socket:close()
  wait.cancel(self)
  return talk.done(self, wait.finish(self, native.socket_close), 1)
end

-- Closes at once, without a goodbye: the peer finds a truncation.
function Socket:abort()
  wait.cancel(self)
  return talk.done(self, native.socket_abort(self.handle))
end

-- Ends TLS politely on both sides, to go on without it: the plain socket, which owns the descriptor.
-- What the peer sent before must have been received.
function Socket:unwrap()
  local fd, message, code = talk.done(self, wait.run(self, wait.deadline(self), native.socket_unwrap))
  if not fd then return nil, message, code end
  return Plain.adopt(fd, true, { scheduler = self.scheduler })
end

-- Ends TLS at once: the descriptor, open, which is the caller's now.
function Socket:detach()
  wait.cancel(self)
  return talk.done(self, native.socket_detach(self.handle))
end

-- Changes the keys of both directions; neither side's data notices (TLS 1.3).
function Socket:keyupdate()
  return talk.done(self, (wait.run(self, wait.deadline(self), native.socket_key_update)))
end

-- ---- tell ----

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

-- What C knows of a connection.
for name, verb in pairs {
  isclosed = "is_closed", -- whether we closed it, or both directions have ended
  -- The peer's certificate, or nil. The handshake's success says that it is trusted, this does not.
  getpeercertificate = "peer_cert",
  getalpn = "protocol", -- the application protocol that both ends agreed on, or nil
  node = "node", service = "service", -- as they were given to connect or listen; nil after a wrap
} do
  local tells = native["socket_" .. verb]
  Socket[name] = function(self)
    return tells(self.handle)
  end
end

-- The certificates that the peer sent, leaf first, or nil.
function Socket:getpeerchain()
  local chain = native.socket_peer_chain(self.handle)
  return chain and chain:certificates()
end

-- What was agreed on: a table of protocol, cipher, bits (of the cipher's key), group, alpn, server_name, resumed
-- and session_refused (why the session that was given was not resumed), or one of them.
function Socket:info(field)
  local handle = self.handle
  local facts = {
    protocol = native.tls_version_name(native.socket_tls_version(handle)),
    cipher = native.socket_cipher(handle),
    bits = native.socket_cipher_bits(handle),
    group = native.socket_group(handle),
    alpn = native.socket_protocol(handle),
    server_name = native.socket_server_name(handle),
    resumed = native.socket_is_resumed(handle),
    session_refused = native.socket_session_refused(handle),
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

-- Before the handshake: the application protocols of this socket, a name or a list.
function Socket:setalpn(names)
  local status = OK
  for _, name in ipairs(type(names) == "string" and { names } or names) do
    if status == OK then status = native.socket_add_protocol(self.handle, name) end
  end
  return talk.done(self, status)
end

-- A key for another use, of so many bytes, which both ends of this connection get for the same label and
-- context (RFC 8446 section 7.5); label: registered with IANA, or "EXPERIMENTAL…".
function Socket:exportkey(label, length, context)
  return failure.value(native.socket_export_key(self.handle, label, context, length))
end

-- What ties an authentication above to this connection: "tls-exporter" (RFC 9266),
-- "tls-server-end-point" or, in TLS 1.2, "tls-unique" (RFC 5929).
function Socket:channelbinding(kind)
  return failure.value(native.socket_channel_binding(self.handle, kind, native.LIMIT_BINDING))
end

-- Before the handshake: an extension of the client's hello, by its number and its bytes.
function Socket:addextension(number, data)
  return talk.done(self, native.socket_add_hello_extension(self.handle, number, data))
end

-- The newest session that the server gave, for the option session of another connection; nil, message,
-- code without one. In TLS 1.3 it comes with the first data.
function Socket:getsession()
  return failure.value(native.socket_session(self.handle))
end

-- Before the handshake: the session to resume.
function Socket:setsession(session)
  return talk.done(self, native.socket_set_session(self.handle, session))
end

-- Before the handshake: a function that is called with this socket when the peer asks for our
-- certificate, and answers an identity, or nil for none; nil takes it away.
function Socket:setidentity(source)
  if source ~= nil and type(source) ~= "function" then
    error("bad argument #1 to 'setidentity' (function expected)", 2)
  end
  self.identity_source = source
  local verify = self.config.verifier ~= nil
  return talk.done(self, native.socket_set_asking(self.handle, verify, source ~= nil))
end

return Socket
