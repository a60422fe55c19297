-- Does every function of the module survive wrong arguments of every kind: one bad one at a time, the
-- others good? An error, or nil and a message, or a value: all but a crash or a hang.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local native = require "rfctls.library"
local rfc = require "rfctls.rfc"
local async = require "rfctls.async"
local luasec = require "rfctls.luasec"
local helper = require "helper"
local test, equal = helper.test, helper.equal

local unpack = table.unpack or unpack

-- ---- good arguments ----

local cert = assert(rfctls.certificate(helper.read "ca.pem"))
local chain = assert(rfctls.chain(cert))
local key = assert(rfctls.key(helper.read "server.key"))
local identity = assert(rfctls.identity_file(helper.pki "both.pem"))
local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
local client, server = helper.pair()
local session
do
  assert(server:send "x")
  client:receive(1)
  session = assert(client:getsession())
end
local fresh, other = helper.strangers()
local plain = assert(rfctls.plain.listen("127.0.0.1", 0))
local memory = assert(rfctls.plain.memory())
local path = os.tmpname() -- a file that is no socket

-- A timeout that one call set would make all later ones wait.
local function wait_for_nothing()
  for _, s in ipairs { listener, client, server, fresh, other, plain } do s:settimeout(0) end
end

local quick = { timeout = 0.05 }
local never = { wait_read = function() end, wait_write = function() end }
local layer = async.new(never)
local context = assert(luasec.newcontext { mode = "client" })
local certificate = assert(luasec.loadcertificate(helper.read "ca.pem"))

-- Closed or ended by what is called: made anew for every call.
local function throw_away()
  local s = assert(rfctls.plain.memory())
  return assert(rfctls.wrap(s, helper.client_options()))
end

local function stream()
  local s = client:stream(false)
  s:setvbuf "full"
  return s
end

-- name = { function, good arguments… }; a function among the arguments makes one.
local calls = {
  rfctls = {
    certificate = { rfctls.certificate, helper.read "ca.pem" },
    chain = { rfctls.chain, helper.read "ca.pem" },
    chain_file = { rfctls.chain_file, helper.pki "ca.pem" },
    key = { rfctls.key, helper.read "server-encrypted.key", "secret" },
    key_file = { rfctls.key_file, helper.pki "server-encrypted.key", "secret" },
    identity = { rfctls.identity, helper.read "server.p12", "secret" },
    identity_file = { rfctls.identity_file, helper.pki "server.p12", "secret" },
    self_signed = { rfctls.self_signed, "server.test" },
    session = { rfctls.session, session:bytes() },
    config = { rfctls.config, quick },
    connect = { rfctls.connect, "127.0.0.1", 1, quick },
    listen = { rfctls.listen, "127.0.0.1", 0, helper.server_options() },
    wrap = { rfctls.wrap, throw_away, helper.client_options(quick) },
    select = { rfctls.select, { client, plain }, { client }, 0 },
    last_error = { rfctls.last_error }, clock = { rfctls.clock },
    version = { rfctls.version }, engine = { rfctls.engine },
  },
  plain = {
    connect = { rfctls.plain.connect, "127.0.0.1", 1, quick },
    listen = { rfctls.plain.listen, "127.0.0.1", 0, quick },
    connect_unix = { rfctls.plain.connect_unix, path, quick },
    listen_unix = { rfctls.plain.listen_unix, path, quick },
    adopt = { rfctls.plain.adopt, 99999, true, quick },
    memory = { rfctls.plain.memory },
    is = { require("rfctls.plain").is, plain }, is_memory = { require("rfctls.plain").is_memory, plain },
    of_handle = { require("rfctls.plain").of_handle, plain.handle },
    accept = { plain.accept, plain }, close = { memory.close, rfctls.plain.memory },
    feed = { memory.feed, memory, "data" }, drain = { memory.drain, memory, 10 },
    feedend = { memory.feedend, rfctls.plain.memory }, unread = { plain.unread, plain, "data" },
    stream = { plain.stream, plain, false }, transport = { plain.transport, plain },
    wait_events = { plain.wait_events, plain, native.WANT_READ },
    node = { plain.node, plain }, service = { plain.service, plain },
  },
  socket = {
    connect = { client.connect, "127.0.0.1", 1, quick },
    listen = { client.listen, "127.0.0.1", 0, helper.server_options() },
    wrap = { client.wrap, memory, helper.client_options(quick) },
    of_handle = { client.of_handle, client.handle },
    accept = { listener.accept, listener, false },
    reload = { listener.reload, listener, helper.server_options() },
    dohandshake = { client.dohandshake, client },
    abort = { client.abort, throw_away }, detach = { client.detach, throw_away },
    unwrap = { client.unwrap, throw_away }, close = { client.close, throw_away },
    keyupdate = { client.keyupdate, client },
    getpeercertificate = { client.getpeercertificate, client },
    getpeerchain = { client.getpeerchain, client },
    info = { client.info, client, "protocol" }, sni = { fresh.sni, fresh, "server.test" },
    getalpn = { client.getalpn, client }, setalpn = { fresh.setalpn, fresh, { "h2" } },
    node = { client.node, client }, service = { client.service, client },
    getsession = { client.getsession, client }, setsession = { fresh.setsession, fresh, session },
    setidentity = { fresh.setidentity, fresh, type },
    exportkey = { client.exportkey, client, "EXPERIMENTAL x", 32, "context" },
    channelbinding = { client.channelbinding, client, "tls-exporter" },
    addextension = { fresh.addextension, throw_away, 65280, "data" },
    dirty = { client.dirty, client },
    wait_events = { client.wait_events, client, native.WANT_READ },
  },
  shared = {
    arm = { client.arm, client, native.TIMER_READ, 0 },
    finishconnect = { client.finishconnect, client }, wait_timeout = { client.wait_timeout, client },
    settimeout = { client.settimeout, fresh, 0.1, "b" }, gettimeout = { client.gettimeout, client },
    send = { client.send, client, "data", 1, 4 }, receive = { client.receive, client, 0, "prefix" },
    receivesome = { client.receivesome, client, 10 }, shutdown = { client.shutdown, throw_away, "both" },
    getpeername = { client.getpeername, client }, getsockname = { client.getsockname, client },
    getfd = { client.getfd, client }, dirty = { client.dirty, client }, want = { client.want, client },
    getstats = { client.getstats, client }, setstats = { fresh.setstats, fresh, 1, 2, 3 },
    lasterror = { client.lasterror, client }, isclosed = { client.isclosed, client },
    stream = { client.stream, client, false }, __close = { client.__close, throw_away },
  },
  stream = {
    new = { stream().new, client, false }, read = { stream().read, stream, 0 },
    lines = { stream().lines, stream, "l" }, write = { stream().write, stream, "data" },
    flush = { stream().flush, stream }, setvbuf = { stream().setvbuf, stream, "full", 10 },
    close = { stream().close, stream }, __close = { stream().__close, stream },
    __tostring = { stream().__tostring, stream }, give_up = { stream().give_up, stream },
  },
  certificates = {
    der = { cert.der, cert }, subject = { cert.subject, cert }, issuer = { cert.issuer, cert },
    not_before = { cert.not_before, cert }, not_after = { cert.not_after, cert },
    serial = { cert.serial, cert }, fingerprint = { cert.fingerprint, cert }, names = { cert.names, cert },
    matches = { cert.matches, cert, "server.test" }, certificates = { chain.certificates, chain },
    bytes = { session.bytes, session },
  },
  luasec = {
    newcontext = { luasec.newcontext, { mode = "client" } }, options = { luasec.options, { mode = "client" } },
    wrap = { luasec.wrap, throw_away, context }, loadcertificate = { luasec.loadcertificate, helper.read "ca.pem" },
    pem = { certificate.pem, certificate }, digest = { certificate.digest, certificate, "sha256" },
    validat = { certificate.validat, certificate, 0 }, subject = { certificate.subject, certificate },
    extensions = { certificate.extensions, certificate }, serial = { certificate.serial, certificate },
    notafter = { certificate.notafter, certificate }, notbefore = { certificate.notbefore, certificate },
    issuer = { certificate.issuer, certificate },
  },
  async = {
    new = { async.new, never }, connect = { layer.connect, "127.0.0.1", 1, quick },
    listen = { layer.listen, "127.0.0.1", 0, helper.server_options() },
    wrap = { layer.wrap, throw_away, helper.client_options(quick) }, config = { layer.config, quick },
  },
  rfc = {
    make_client_tls_socket = { rfc.make_client_tls_socket, "127.0.0.1", "1", quick },
    make_server_tls_socket = { rfc.make_server_tls_socket, "0", identity.chain:certificates(),
                               { private_key = key } },
    make_server_tls_sockets = { rfc.make_server_tls_sockets, "0", {}, {} },
    socket_to_tls_socket = { rfc.socket_to_tls_socket, memory, { handshake = false } },
    tls_client_handshake = { rfc.tls_client_handshake, client, { hello_extensions = {} } },
    tls_server_handshake = { rfc.tls_server_handshake, server, { raise_error = false } },
    tls_socket_accept = { rfc.tls_socket_accept, listener, { handshake = false } },
    make_hello_extension = { rfc.make_hello_extension, 65280, "data" },
    make_server_name_indication = { rfc.make_server_name_indication, { "server.test" } },
    make_protocol_name_list = { rfc.make_protocol_name_list, { "h2" } },
    is_tls_socket = { rfc.is_tls_socket, client }, is_socket = { rfc.is_socket, plain },
    send = { rfc.tls_socket_send, client, "data", 0 },
    send_range = { rfc.tls_socket_send_range, client, "data", 0, 4, 0 },
    recv = { rfc.tls_socket_recv, client, 10, 0 },
    recv_into = { rfc.tls_socket_recv_into, client, {}, 0, 10, 0 },
    pending = { rfc.tls_socket_pending, client }, shutdown = { rfc.tls_socket_shutdown, throw_away, "both" },
    close = { rfc.tls_socket_close, throw_away }, closed = { rfc.tls_socket_closed, client },
    call_with_tls_socket = { rfc.call_with_tls_socket, throw_away, type },
    peer_certificate = { rfc.tls_socket_peer_certificate, client },
    selected_alpn = { rfc.tls_socket_selected_alpn, client },
    callback = { rfc.tls_socket_client_certificate_callback_set, throw_away, type },
    peer = { rfc.tls_socket_peer, client }, info = { rfc.tls_socket_info, client },
    name = { rfc.tls_socket_name, client }, info_values = { rfc.tls_socket_info_values, client, "info" },
    node = { rfc.tls_socket_node, client }, service = { rfc.tls_socket_service, client },
    nonblocking = { rfc.tls_socket_nonblocking, fresh }, blocking = { rfc.tls_socket_blocking, throw_away },
    is_nonblocking = { rfc.is_nonblocking_tls_socket, client },
    set_read_timeout = { rfc.tls_socket_set_read_timeout, other, 100 },
    get_read_timeout = { rfc.tls_socket_get_read_timeout, client },
    raw_socket = { rfc.tls_socket_raw_socket, client }, port = { rfc.tls_socket_port, client, false },
    input_port = { rfc.tls_socket_input_port, client },
    make_client_socket = { rfc.make_client_socket, "127.0.0.1", 1, quick },
    make_server_socket = { rfc.make_server_socket, "0", quick },
    socket_read_select = { rfc.socket_read_select, 0, client, plain },
    socket_write_select = { rfc.socket_write_select, 0, client },
    socket_error_select = { rfc.socket_error_select, 0, client },
  },
}

-- ---- bad arguments ----

local bad = {
  "", "nonsense", "a\0b", -1, 1.5, 0, 2 ^ 31, 2 ^ 53, 2 ^ 63, 2 ^ 64, math.huge, -math.huge, 0 / 0, true,
  false, {}, { {} }, { handle = 42 }, type, function() error "called" end, io.stdout,
  coroutine.create(function() end), cert, chain, key, session, identity, client.handle, listener.handle,
  plain.handle, client, listener, plain, memory, context, certificate, newproxy and newproxy(true) or io.stdin,
  setmetatable({}, { __index = function() error "index" end }),
}

-- What would ask the network, wait as long as it is told, or leave something behind, is no wrong
-- argument: position and types that are left out, by function.
local asks_for = {
  connect = { 1, "string number" }, listen = { 1, "string number" }, node = { 1, "string number" },
  make_client_tls_socket = { 1, "string number" }, make_client_socket = { 1, "string number" },
  select = { 3, "number nil boolean" }, listen_unix = { 1, "string number" },
  socket_read_select = { 1, "number nil boolean" }, socket_write_select = { 1, "number nil boolean" },
  socket_error_select = { 1, "number nil boolean" }, adopt = { 1, "number" },
  pollset_wait = { 2, "number" }, socket_wait = { 3, "number" }, raw_connect = { 1, "string number" },
  addresses_resolve = { 1, "string number" }, socket_connect = { 1, "string number" },
  socket_listen = { 1, "string number" }, config_insecure_log_keys = { 2, "string number" },
  raw_listen_unix = { 1, "string number" }, raw_connect_unix = { 2, "number" }, raw_adopt = { 1, "number" },
}

local function is_left_out(name, position, value)
  local rule = asks_for[name]
  return rule and rule[1] == position and rule[2]:find(type(value), 1, true) ~= nil
end

local function describe(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

local function good_arguments(call)
  local list = {}
  for i = 2, #call do
    local value = call[i]
    if value == throw_away or value == stream or value == rfctls.plain.memory then value = value() end
    list[i - 1] = value
  end
  return list
end

local calls_made = 0

local function survives(name, call, position, value)
  wait_for_nothing()
  local arguments = good_arguments(call)
  arguments[position] = value
  local start = rfctls.clock()
  local results = { pcall(call[1], unpack(arguments, 1, math.max(#call - 1, position))) }
  calls_made = calls_made + 1
  if rfctls.clock() - start > 5 then error(name .. " hung with " .. describe(value)) end
  if not results[1] and results[2] == nil then error(name .. " raised nil for " .. describe(value)) end
  if results[1] and results[2] == nil and results[3] ~= nil and type(results[3]) ~= "string" then
    error(("%s: nil without a message for %s"):format(name, describe(value)))
  end
end

local function try_all(name, call)
  for position = 1, #call - 1 do
    if not is_left_out(name, position, nil) then survives(name, call, position, nil) end
    for _, value in ipairs(bad) do
      if not is_left_out(name, position, value) then survives(name, call, position, value) end
    end
  end
  survives(name, call, #call, "one too many")
  if not asks_for[name] then pcall(call[1]) end
end

for group, functions in pairs(calls) do
  test("functions of " .. group .. " survive every wrong argument", function()
    for name, call in pairs(functions) do
      assert(type(call[1]) == "function", name)
      try_all(name, call)
    end
  end)
end

test("every option survives every wrong value", function()
  for _, option in ipairs {
    "role", "identity", "certificate", "key", "passphrase", "certfile", "keyfile", "ca", "cafile", "capath",
    "system_trust", "partial_chain", "verify", "peer_certificate", "server_name", "alpn", "min_version", "max_version",
    "family", "timeout", "handshake", "owned", "allow_truncation", "insecure_skip_verify",
    "insecure_skip_name_check", "session", "session_cache", "scheduler", "hello_extensions", "ciphers",
    "ciphersuites", "groups", "crl", "crlfile",
  } do
    for _, value in ipairs(bad) do
      survives(option, { rfctls.config, {} }, 1, { [option] = value })
      survives(option, { rfctls.wrap, memory, {} }, 2, { [option] = value })
    end
  end
end)

-- ---- no function is left out ----

-- The functions of a table that no group's call has.
local function untested(place)
  local tested = {}
  for _, functions in pairs(calls) do
    for _, call in pairs(functions) do tested[call[1]] = true end
  end
  local list = {}
  for name, value in pairs(place) do
    if type(value) == "function" and not tested[value] then list[#list + 1] = name end
  end
  table.sort(list)
  return table.concat(list, " ")
end

test("no public function is left out", function()
  local own = { unpack = true }
  equal(untested(rfctls), "", "rfctls")
  equal(untested(rfctls.plain), "", "rfctls.plain")
  equal(untested(getmetatable(cert)), "", "certificates")
  equal(untested(getmetatable(chain)), "", "chains")
  equal(untested(getmetatable(session)), "", "sessions")
  equal(untested(getmetatable(stream())), "", "streams")
  equal(untested(rfc), "", "rfctls.rfc")
  local both = {}
  for name, value in pairs(getmetatable(plain)) do both[name] = value end
  for _, call in pairs(calls.shared) do both[call[1]] = nil end
  for name, value in pairs(both) do
    if type(value) == "function" and not own[name] and not calls.shared[name] then
      assert(calls.plain[name], "plain:" .. name)
    end
  end
  for name, value in pairs(getmetatable(client)) do
    if type(value) == "function" and not calls.shared[name] then
      assert(calls.socket[name], "socket:" .. name)
    end
  end
end)

-- ---- the native functions: their good arguments are learned from their errors ----

local handles = {
  cert = cert, chain = chain, key = key, session = session, socket = client.handle, raw = memory.handle,
}
do
  local _, made = native.config_new(native.CLIENT)
  handles.config = made
  _, made = native.pollset_new()
  handles.pollset = made
  _, made = native.socket_local_address(client.handle)
  handles.address = made
  _, made = native.addresses_resolve("127.0.0.1", "1", native.FAMILY_ANY, false)
  handles.addresses = made
  _, made = native.stream_open(client.handle, false)
  handles.stream = made
end

-- One argument more, or another one, as the error asks for; nil if it asks for nothing we have.
local function mended(arguments, message)
  local lowest = message:match "expected (%d+)%.%." or message:match "at least (%d+)"
  if lowest and tonumber(lowest) ~= arguments.n then
    return { n = tonumber(lowest) }
  end
  local position = tonumber(message:match "bad argument #(%d+)")
  if not position then return nil end
  local noun = message:match "rfctls%.(%a+) expected"
  local value
  if noun then value = handles[noun]
  elseif message:find "not a whole number" then value = 0
  elseif message:find "out of range" then value = 1
  elseif message:find "string expected" then value = "127.0.0.1"
  elseif message:find "table expected" then value = {} end
  if value == nil or arguments[position] == value then return nil end
  arguments[position] = value
  return arguments
end

local function learn(f)
  local arguments = { n = 0 }
  for _ = 1, 20 do
    local ok, message = pcall(f, unpack(arguments, 1, arguments.n))
    if ok then return arguments end
    arguments = mended(arguments, tostring(message))
    if not arguments then return nil, message end
  end
  return nil, "too many tries"
end

test("native functions survive every wrong argument", function()
  local count = 0
  for name, f in pairs(native) do
    if type(f) == "function" and name ~= "raw_listen_unix" and name ~= "config_insecure_log_keys" then
      local arguments, message = learn(f)
      if not arguments then error(name .. ": " .. tostring(message)) end
      local call = { f, unpack(arguments, 1, arguments.n) }
      if arguments.n > 0 then try_all(name, call) end
      count = count + 1
    end
  end
  assert(count > 100, "functions: " .. count)
end)

test("all is as before", function()
  local a, b = helper.pair()
  assert(a:send "still\n")
  equal(b:receive(), "still")
  assert(calls_made > 20000, calls_made)
end)

os.remove(path)
helper.finish()
