-- The operations of Scheme's (rfc tls) under their own names, as far as Lua can spell them: "-" is "_",
-- "->" is "_to_", "?" and "!" are left out, "*" is plural. They take TLS sockets and, as its
-- integration methods do, plain ones.
--
-- What is #f there is false here, a bytevector is a string, a failure is nil, message, code. Offsets
-- count from 0 and times in milliseconds, as there.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local guard = require "rfctls.guard"
local wait = require "rfctls.wait"
local credentials = require "rfctls.credentials"
local Socket = require "rfctls.socket"
local Plain = require "rfctls.plain"
local ready_for = require("rfctls.select").ready_for

local OK, wants = native.OK, wait.wants

local rfc = {
  tls_version_1_0 = native.TLS_1_0,
  tls_version_1_1 = native.TLS_1_1,
  tls_version_1_2 = native.TLS_1_2,
  tls_version_1_3 = native.TLS_1_3,
  SHUT_RD = "receive", SHUT_WR = "send", SHUT_RDWR = "both",
  MSG_PEEK = native.PEEK, MSG_DONTWAIT = native.DONTWAIT, MSG_WAITALL = native.WAITALL,
}

-- ---- options: (rfc tls)'s keywords, any other is an option of rfctls ----

local keywords = {}

-- An extension of the client's hello.
function rfc.make_server_name_indication(names)
  return { option = "server_name", value = names[1] }
end

function rfc.make_protocol_name_list(names)
  return { option = "alpn", value = names }
end

-- Any other, by its number and its bytes.
function rfc.make_hello_extension(number, data)
  return { type = number, data = data }
end

function keywords.hello_extensions(options, extensions)
  options.hello_extensions = {}
  for _, extension in ipairs(extensions) do
    if extension.option then options[extension.option] = extension.value
    else table.insert(options.hello_extensions, extension) end
  end
end

function keywords.certificates(options, certificates)
  if certificates[1] then options.certificate = certificates end
end

function keywords.private_key(options, key)
  options.key = key or nil
end

function keywords.authorities(options, authorities)
  if authorities[1] then options.ca = authorities end
end

-- true: the library's verdict; false: none; else a function of depth, the library's verdict, DER, whose
-- true is a yes.
function keywords.certificate_verifier(options, verifier)
  if type(verifier) == "function" then
    options.verify = function(depth, trusted, certificate)
      return verifier(depth, trusted, certificate:der())
    end
  elseif type(verifier) == "boolean" then
    options.insecure_skip_verify = not verifier
  else
    error(("rfctls: certificate_verifier is a %s instead of a boolean or function"):format(type(verifier)), 0)
  end
end

function keywords.client_certificate_required(options, required)
  if required then options.peer_certificate = "required" end
end
keywords.peer_certificate_required = keywords.client_certificate_required

function keywords.version(options, version)
  local name = type(version) == "number" and native.tls_version_name(version)
  if not name then error(("rfctls: no TLS version is %s"):format(tostring(version)), 0) end
  options.min_version, options.max_version = name, name
end

function keywords.client_socket(options, is_client)
  options.role = is_client and "client" or "server"
end

function keywords.prng() end -- the engine's own generator is used

local function translated(given)
  local options = {}
  for name, value in pairs(given or {}) do
    if keywords[name] then keywords[name](options, value) else options[name] = value end
  end
  return options
end

-- Neither certificates nor key: a throw-away identity, which a client that verifies refuses.
local function with_identity(options, certificates)
  keywords.certificates(options, certificates or {})
  if options.certificate or options.key or options.identity or options.certfile then return options end
  local identity, message, code = credentials.self_signed("localhost")
  options.identity = identity
  return identity and options, message, code
end

-- ---- making ----

function rfc.make_client_tls_socket(node, service, options)
  return Socket.connect(node, service, translated(options))
end

-- A listener on all addresses. certificates: a list, leaf first, whose key is options.private_key.
function rfc.make_server_tls_socket(service, certificates, options)
  local all, message, code = with_identity(translated(options), certificates)
  if not all then return nil, message, code end
  return Socket.listen(nil, service, all)
end

-- A list of listeners: one for IPv4, one for IPv6, where there are such.
function rfc.make_server_tls_sockets(service, certificates, options)
  local listeners, message, code = {}, nil, nil
  for _, family in ipairs { "inet", "inet6" } do
    local all = translated(options)
    all.family = family
    local listener
    listener, message, code = rfc.make_server_tls_socket(service, certificates, all)
    listeners[#listeners + 1] = listener
  end
  if not listeners[1] then return nil, message, code end
  return listeners
end

-- TLS over a connection. options.client_socket is true unless it says false. A server requires a certificate
-- where somebody could judge it, unless peer_certificate_required says otherwise.
function rfc.socket_to_tls_socket(socket, options)
  local all, message, code = translated(options), nil, nil
  if all.role == "server" then
    if options.peer_certificate_required == nil and (all.ca or type(all.verify) == "function") then
      all.peer_certificate = "required"
    end
    all, message, code = with_identity(all)
    if not all then return nil, message, code end
  end
  return Socket.wrap(socket, all)
end

local function shake_hands(socket)
  local ok, message, code = socket:dohandshake()
  if not ok then return nil, message, code end
  return socket
end

local function add_extension(socket, extension)
  if extension.option == "server_name" then return socket:sni(extension.value) end
  if extension.option == "alpn" then return socket:setalpn(extension.value) end
  return socket:addextension(extension.type, extension.data)
end

function rfc.tls_client_handshake(socket, options)
  for _, extension in ipairs(options and options.hello_extensions or {}) do
    local ok, message, code = add_extension(socket, extension)
    if not ok then return nil, message, code end
  end
  return shake_hands(socket)
end

-- With options.raise_error = false a failure is false.
function rfc.tls_server_handshake(socket, options)
  local shaken, message, code = shake_hands(socket)
  if not shaken and options and options.raise_error == false then return false end
  return shaken, message, code
end

-- options.handshake = false leaves the handshake to tls_server_handshake.
function rfc.tls_socket_accept(socket, options)
  options = options or {}
  local connection, message, code = socket:accept(options.handshake)
  if not connection and options.raise_error == false then return false end
  return connection, message, code
end

-- ---- asking ----

function rfc.is_tls_socket(value)
  return getmetatable(value) == Socket
end

rfc.is_socket = Plain.is

-- ---- talking ----

-- A verb of the native module for this kind of socket, waited for as the socket says.
local function call(socket, verb, ...)
  local noun = Plain.is(socket) and "raw_" or "socket_"
  return wait.run(socket, wait.deadline(socket), native[noun .. verb], ...)
end

-- How many bytes of a range were sent, counted from 0: all, if the socket waits; -1: none can be sent
-- now. length -1 is all to the end.
function rfc.tls_socket_send_range(socket, data, start, length, flags)
  start, length = start or 0, length or -1
  if length < 0 then length = math.max(#data - start, 0) end
  if start < 0 or start + length > #data then error("the range is not within the data", 2) end
  local status, sent = call(socket, "send_range", flags or 0, data, start, length)
  if wants[status] then return -1 end
  if status ~= OK then return nil, failure.tell(status) end
  return sent
end

function rfc.tls_socket_send(socket, data, flags)
  return rfc.tls_socket_send_range(socket, data, 0, -1, flags)
end

-- What is there, 1 to size bytes; "" at the polite end; false if the socket does not wait and nothing
-- is there.
function rfc.tls_socket_recv(socket, size, flags)
  local status, data = call(socket, "recv", flags or 0, size)
  if wants[status] then return false end
  if status ~= OK then return nil, failure.tell(status) end
  return data
end

-- The same, as numbers from bytes[start + 1] on in a table, at most length: their count, 0 at the polite
-- end, -1 if nothing is there.
function rfc.tls_socket_recv_into(socket, bytes, start, length, flags)
  local data, message, code = rfc.tls_socket_recv(socket, length, flags)
  if data == false then return -1 end
  if not data then return nil, message, code end
  for i = 1, #data do bytes[start + i] = data:byte(i) end
  return #data
end

function rfc.tls_socket_pending(socket)
  return not Plain.is(socket) and native.socket_pending(socket.handle) > 0
end

-- Those that are methods. A port is a stream; closing it closes the socket, unless its argument is false.
for name, method in pairs { shutdown = "shutdown", close = "close", closed = "isclosed", port = "stream" } do
  rfc["tls_socket_" .. name] = function(socket, ...)
    return socket[method](socket, ...)
  end
end

-- What proc(socket) returns; the socket is closed, however proc ends. proc may yield.
function rfc.call_with_tls_socket(socket, proc)
  local function finish(ok, ...)
    socket:close()
    if not ok then error((...), 0) end
    return ...
  end
  return finish(guard.call(proc, socket))
end

-- ---- who is there ----

-- What a method tells; false where that is nothing.
for name, method in pairs {
  peer_certificate = "getpeercertificate", selected_alpn = "getalpn", node = "node", service = "service",
} do
  rfc["tls_socket_" .. name] = function(socket)
    return socket[method](socket) or false
  end
end

-- callback(socket) answers a key and certificates, leaf first, or false for none; false instead of a
-- callback clears it.
function rfc.tls_socket_client_certificate_callback_set(socket, callback)
  return socket:setidentity(callback and function(asking)
    local answer = { callback(asking) }
    local key = table.remove(answer, 1)
    if not key then return nil end
    return credentials.pair(assert(credentials.chain(answer)), assert(credentials.key(key)))
  end or nil)
end

local function info(socket, side)
  local noun = Plain.is(socket) and "raw_" or "socket_"
  local status, address = native[noun .. side .. "_address"](socket.handle)
  if status ~= OK then return false end
  return {
    hostname = native.address_host(address), ip_address = native.address_ip(address),
    port = native.address_port(address),
  }
end

-- hostname, ip_address and port of the other end, or of ours, in a table; or false.
for name, side in pairs { peer = "peer", info = "local" } do
  rfc["tls_socket_" .. name] = function(socket)
    return info(socket, side)
  end
end

-- Our end as text; or false.
function rfc.tls_socket_name(socket)
  local own = info(socket, "local")
  if not own then return false end
  if own.ip_address == "" then return own.hostname end
  return (own.ip_address:find(":", 1, true) and "[%s]:%d" or "%s:%d"):format(own.ip_address, own.port)
end

-- hostname, IP address and port of the "peer" (the default), or of our end, "info".
function rfc.tls_socket_info_values(socket, which)
  if which ~= nil and which ~= "peer" and which ~= "info" then
    error("which is neither \"peer\" nor \"info\"", 2)
  end
  local found = info(socket, which == "info" and "local" or "peer")
  if not found then return false, false, false end
  return found.hostname, found.ip_address, found.port
end

-- ---- waiting ----

function rfc.tls_socket_nonblocking(socket)
  return socket:settimeout(0)
end

function rfc.tls_socket_blocking(socket)
  return socket:settimeout(nil)
end

function rfc.is_nonblocking_tls_socket(socket)
  return not wait.is_blocking(socket)
end

-- Milliseconds; 0 is for ever.
function rfc.tls_socket_set_read_timeout(socket, milliseconds)
  return socket:settimeout(milliseconds > 0 and milliseconds / 1000 or nil)
end

function rfc.tls_socket_get_read_timeout(socket)
  return math.max(socket.block, 0)
end

-- The socket below.
function rfc.tls_socket_raw_socket(socket)
  local raw = native.socket_raw(socket.handle)
  return raw and Plain.of_handle(raw) or false
end

-- ---- ports ----

function rfc.tls_socket_input_port(socket)
  return socket:stream(false)
end
rfc.tls_socket_output_port = rfc.tls_socket_input_port

-- ---- plain sockets, and the same names for both ----

rfc.make_client_socket = Plain.connect

function rfc.make_server_socket(service, options)
  return Plain.listen(nil, service, options)
end

for _, name in ipairs {
  "close", "closed", "shutdown", "send", "send_range", "recv", "recv_into", "accept", "peer", "name",
  "node", "service", "info", "info_values", "port", "input_port", "output_port", "nonblocking", "blocking",
  "set_read_timeout", "get_read_timeout",
} do
  rfc["socket_" .. name] = rfc["tls_socket_" .. name]
end
rfc.call_with_socket = rfc.call_with_tls_socket
rfc.is_nonblocking_socket = rfc.is_nonblocking_tls_socket

-- Those of the sockets, plain and TLS mixed, that are ready within so many milliseconds (nil or false:
-- for ever), as a list.
local function selector(event)
  return function(milliseconds, ...)
    return ready_for(event, { ... }, milliseconds or -1)
  end
end

rfc.socket_read_select = selector "read"
rfc.socket_write_select = selector "write"
rfc.socket_error_select = selector "error"

return rfc
