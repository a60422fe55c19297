-- LuaSec's interface: a program that has `require "ssl"` changes it into `require "rfctls.luasec"`.
--
-- What differs is meant to: a client checks the chain and the host name unless verify says "none". The
-- name is what sni() was given, else server_name among the parameters, else the IP address that the
-- socket is connected to. A parameter that would have no effect here is refused, not passed over.
local native = require "rfctls.library"
local credentials = require "rfctls.credentials"
local Config = require "rfctls.config"
local Socket = require "rfctls.socket"
local Certificate = require "rfctls.luasec.certificate"

local luasec = {}

-- ---- parameters ----

local function set_of(text)
  local set = {}
  for word in text:gmatch "%S+" do set[word] = true end
  return set
end

local function refuse(text, ...)
  error(text:format(...), 0)
end

-- A parameter that is one word or a list of words.
local function words(name, value)
  local list, count = type(value) == "table" and value or { value }, 0
  for _ in pairs(list) do count = count + 1 end
  for i = 1, count do
    if type(list[i]) ~= "string" then refuse("%s is neither a word nor a list of words", name) end
  end
  return list
end

local protocols = {
  any = {}, sslv23 = {},
  tlsv1 = { "1.0", "1.0" }, tlsv1_1 = { "1.1", "1.1" },
  tlsv1_2 = { "1.2", "1.2" }, tlsv1_3 = { "1.3", "1.3" },
}

-- What each of LuaSec's options does to ours; any other one is refused.
local effects = {}

-- These are so whatever a program says. "all" stands for the workarounds of OpenSSL for faulty peers,
-- none of which TLS 1.2 needs.
for name in pairs(set_of [[
  all enable_middlebox_compat no_compression no_renegotiation no_session_resumption_on_renegotiation
  no_sslv2 no_sslv3 single_dh_use single_ecdh_use
]]) do
  effects[name] = function() end
end

function effects.no_ticket(options) options.session_cache = false end
function effects.ignore_unexpected_eof(options) options.allow_truncation = true end

local suites = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"

-- A server with a list of its own chooses by its own order.
function effects.cipher_server_preference(options)
  if options.role == "server" and not (options.ciphers or options.groups) then
    options.ciphersuites = options.ciphersuites or suites
  end
end

-- No protocol but the default has more than one version: 1.2 and 1.3.
for name, version in pairs {
  no_tlsv1 = "1.0", no_tlsv1_1 = "1.1", no_tlsv1_2 = "1.2", no_tlsv1_3 = "1.3",
} do
  effects[name] = function(options)
    local least, most = options.min_version or "1.2", options.max_version or "1.3"
    if version < least or version > most then return end
    if least == most then refuse("option %s leaves no version to speak", name) end
    if version == least then options.min_version = most else options.max_version = least end
  end
end

-- Whether the peer's certificate is asked for, and checked.
local function verifies(options)
  if options.role == "client" then return not options.insecure_skip_verify end
  local demand = options.peer_certificate or (options.cafile or options.capath) and "optional"
  return demand == "optional" or demand == "required"
end

local readers = {}

function readers.mode(options, mode)
  if mode ~= "client" and mode ~= "server" then refuse("invalid mode (%s)", tostring(mode)) end
  options.role = mode
  options.session_cache = mode == "server" -- LuaSec's clients resume nothing, and its servers break on it
end

function readers.protocol(options, name)
  local range = protocols[name] or refuse("invalid protocol (%s)", tostring(name))
  options.min_version, options.max_version = range[1], range[2]
end

function readers.options(options, names)
  for _, name in ipairs(words("options", names)) do
    local effect = effects[name] or refuse("invalid option (%s): it would have no effect", tostring(name))
    effect(options)
  end
end

local verify_words = set_of "none peer client_once fail_if_no_peer_cert"

function readers.verify(options, names)
  local chosen, last = {}, nil
  for _, name in ipairs(words("verify", names)) do
    if not verify_words[name] then refuse("invalid verify option (%s)", tostring(name)) end
    chosen[name], last = true, name
  end
  if chosen.none and (chosen.peer or chosen.client_once or chosen.fail_if_no_peer_cert) then
    refuse "verify option (none) has no effect beside others"
  end
  if options.role == "client" then
    options.insecure_skip_verify = chosen.none
  elseif chosen.peer then
    options.peer_certificate = chosen.fail_if_no_peer_cert and "required" or "optional"
  elseif chosen.none then
    options.peer_certificate = "ignored"
  elseif last then
    refuse("verify option (%s) has no effect without peer", last)
  end
end

function readers.depth(options, limit)
  if type(limit) ~= "number" then refuse("invalid depth (%s)", tostring(limit)) end
  if not verifies(options) then refuse "depth has no effect where nothing is verified" end
  options.verify = function(depth, trusted) return trusted and depth <= limit + 1 end
end

function readers.alpn(options, names)
  options.alpn = words("alpn", names)
  if #options.alpn == 0 then refuse "alpn is an empty list" end
end

function readers.curveslist(options, list)
  if options.groups then refuse "curve has no effect beside curveslist" end
  options.groups = list
end
readers.curve = readers.curveslist

for _, name in ipairs { "cafile", "capath", "server_name", "ciphers", "ciphersuites" } do
  readers[name] = function(options, value) options[name] = value end
end

-- In this order: some look at what others have set.
local order = {
  "mode", "protocol", "verify", "alpn", "cafile", "capath", "depth", "server_name", "ciphers",
  "ciphersuites", "curve", "curveslist", "options",
}

-- What LuaSec has, and we have not.
local missing = set_of "dane dhparam psk verifyext"

-- LuaSec takes false for nothing. A name that begins with "_" is the program's own.
local function check_names(parameters, known)
  for name, value in pairs(parameters) do
    if value and not known[name] and tostring(name):sub(1, 1) ~= "_" then
      refuse(missing[name] and "%s is not supported" or "parameter '%s' is unknown", tostring(name))
    end
  end
end

local identity_names = set_of "certificate key password"

local function load_identity(given)
  check_names(given, identity_names)
  if not (given.certificate or given.key) then return nil end
  if not (given.certificate and given.key) then
    refuse("%s stands without its other half", given.certificate and "certificate" or "key")
  end
  local password = given.password or nil
  if type(password) == "function" then password = password() end
  if password ~= nil and type(password) ~= "string" then refuse "invalid password type" end
  return credentials.pair(assert(credentials.chain_file(given.certificate)),
                          assert(credentials.key_file(given.key, password)))
end

local function identity_of(parameters)
  local own = {}
  for name in pairs(identity_names) do own[name] = parameters[name] or nil end
  local list = parameters.certificates or { own }
  if type(list) ~= "table" or next(list) and type(list[1]) ~= "table" then
    refuse "certificates is not a list of tables"
  end
  if #list > 1 then refuse "more than one certificate in certificates: a context has one" end
  if list[1] ~= own and (own.certificate or own.key) then
    refuse "certificate and key have no effect beside certificates"
  end
  return load_identity(list[1] or {})
end

local names = set_of "certificate certificates key password"
for name in pairs(readers) do names[name] = true end

local function translated(parameters)
  if type(parameters) ~= "table" then refuse "the parameters are not a table" end
  check_names(parameters, names)
  local options = { identity = identity_of(parameters), handshake = false }
  for _, name in ipairs(order) do
    local value = parameters[name]
    if value or name == "mode" then readers[name](options, value) end
  end
  if options.role == "client" and (options.cafile or options.capath) then options.system_trust = false end
  return options
end

-- The function; an error that it raises is nil, message instead.
local function catching(f)
  return function(...)
    local ok, value, message = pcall(f, ...)
    if ok then return value, message end
    return nil, tostring(value)
  end
end

-- rfctls' options for LuaSec's parameters, or nil, message.
luasec.options = catching(translated)

-- What getmetatable tells of a context.
local Context = { __name = "rfctls.luasec.context" }

-- The words of LuaSec's objects, which programs (copas) tell a wrapped socket by.
local function named(what, handle)
  return ("SSL %s: %s"):format(what, tostring(handle):match "0x%x+")
end

-- A context of LuaSec's parameters, or nil, message. A userdata, as LuaSec's: programs (copas) take a table for
-- parameters, and speak in the clear where it has none.
luasec.newcontext = catching(function(parameters)
  local options = translated(parameters)
  local config, message = Config.new(options)
  if not config then return nil, message end
  return native.proxy {
    __index = { config = config, identity = options.identity, role = options.role,
                verifies = verifies(options) },
    __tostring = function() return named("context", config.handle) end,
    __close = function() end,
    __metatable = Context,
  }
end)

-- ---- connections ----

local Connection = { __name = "rfctls.luasec.connection" }
Connection.__index = Connection
setmetatable(Connection, { __index = Socket })
Connection.__close = Socket.__close

function Connection:__tostring()
  return named("connection", self.handle)
end

-- The name to check, unless sni says another: the address that the descriptor is connected to.
local function name_by_address(self)
  local ip, port = self:getpeername()
  if ip then native.socket_set_peer(self.handle, ip, port and tostring(port)) end
end

-- TLS over a connected socket of LuaSocket, which it takes over; the handshake is dohandshake's.
function luasec.wrap(socket, parameters)
  local context, message = parameters, nil
  if getmetatable(parameters) ~= Context then
    context, message = luasec.newcontext(parameters)
    if not context then return nil, message end
  end
  local self
  self, message = Socket.wrap(socket, context.config)
  if not self then return nil, message end
  self.context, self.identity = context, context.identity
  if context.role == "client" and not self:sni() then name_by_address(self) end
  return setmetatable(self, Connection)
end

-- true, or false, message.
function Connection:dohandshake()
  local ok, result, message = pcall(Socket.dohandshake, self)
  if not ok then return false, tostring(result) end -- a server's names of sni() refused
  if result then return true end
  return false, message
end

-- Client: the name to ask for and to check. Server: contexts by name; strict refuses other names.
function Connection:sni(contexts, strict)
  if type(contexts) ~= "table" then return Socket.sni(self, contexts) end
  return self:setidentity(function()
    local context = contexts[Socket.sni(self)]
    if context then
      self.identity = context.identity
      return context.identity
    end
    if strict then error("no context for the name " .. tostring(Socket.sni(self)), 0) end
    return nil
  end)
end

-- The name that the client asked for.
function Connection:getsniname()
  return Socket.sni(self)
end

local function wrapped(certificate)
  return certificate and Certificate.new(certificate)
end

-- The peer's certificate, or number index of its chain, 1 the leaf; nil if there is none.
function Connection:getpeercertificate(index)
  if index == nil or index == 1 then return wrapped(Socket.getpeercertificate(self)) end
  return wrapped((Socket.getpeerchain(self) or {})[index])
end

local function wrapped_list(certificates)
  local list = {}
  for i, certificate in ipairs(certificates or {}) do list[i] = wrapped(certificate) end
  return list
end

-- The certificates that the peer sent, leaf first.
function Connection:getpeerchain()
  return wrapped_list(Socket.getpeerchain(self))
end

-- The certificates that this end has to show, leaf first; a client's go only to a server that asks.
function Connection:getlocalchain()
  return wrapped_list(self.identity and self.identity.chain:certificates())
end

-- The first of them; nil if there is none.
function Connection:getlocalcertificate()
  return self:getlocalchain()[1]
end

-- true if the peer's chain was checked, else false and LuaSec's table of reasons.
function Connection:getpeerverification()
  if self.context.verifies and Socket.getpeercertificate(self) then return true end
  return false, { { "the peer was not verified" } }
end

-- A key for another use, of so many bytes; as exportkey of rfctls.
Connection.exportkeyingmaterial = Socket.exportkey

-- What was agreed on: protocol, cipher, encryption, bits; or one of them.
function Connection:info(field)
  local facts = Socket.info(self)
  if not facts.protocol then return nil end
  local cipher = facts.cipher or ""
  local found = {
    protocol = facts.protocol, cipher = cipher, bits = facts.bits, algbits = facts.bits, export = false,
    encryption = cipher:match "WITH_(.*)_%w+$" or cipher:match "^TLS_(.*)_%w+$",
    mac = cipher:find "GCM" and "AEAD" or cipher:find "POLY1305" and "AEAD" or cipher:match "_(%w+)$",
  }
  if field then return found[field] end
  return found
end

-- ---- module ----

-- A certificate from PEM, or nil, message.
function luasec.loadcertificate(pem)
  local certificate, message = credentials.certificate(pem)
  if not certificate then return nil, message end
  return Certificate.new(certificate)
end

local function names_of(set)
  local all = {}
  for name in pairs(set) do all[name] = true end
  return all
end

-- What there is, as LuaSec tells it.
luasec.config = {
  protocols = names_of(protocols),
  options = names_of(effects),
  algorithms = { ec = true },
  curves = {},
  capabilities = { alpn = true, certificate_chain = true, curves_list = true },
}

luasec._VERSION = "rfctls " .. native.version()
luasec._COPYRIGHT = "LuaSec's interface over rfctls"

return luasec
