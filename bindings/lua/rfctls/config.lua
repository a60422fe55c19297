-- What a socket should be: options by name, made once into a native config that any number of
-- sockets may use.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local credentials = require "rfctls.credentials"
local milliseconds = require "rfctls.wait".milliseconds
local checks = require "rfctls.options"

local try, must = failure.try, failure.must
local choose, wrong = checks.choose, checks.wrong

local Config = {}
Config.__index = Config

local roles = { client = native.CLIENT, server = native.SERVER }

local versions = {
  ["1"] = native.TLS_1_0, -- TLSv1
  ["1.0"] = native.TLS_1_0,
  ["1.1"] = native.TLS_1_1,
  ["1.2"] = native.TLS_1_2,
  ["1.3"] = native.TLS_1_3,
}

local families = { inet = native.FAMILY_IPV4, inet6 = native.FAMILY_IPV6 }

local demands = {
  ignored = native.PEER_CERT_IGNORED,
  optional = native.PEER_CERT_OPTIONAL,
  required = native.PEER_CERT_REQUIRED,
}

-- Every option and the types that it may have.
local types = {
  role = "string", identity = "table function",
  certificate = "string userdata table", key = "string userdata", passphrase = "string",
  certfile = "string", keyfile = "string",
  ca = "string userdata table", cafile = "string", system_trust = "boolean",
  partial_chain = "boolean",
  verify = "boolean function", peer_certificate = "string", server_name = "string",
  alpn = "string table", min_version = "string", max_version = "string", family = "string",
  timeout = "number", handshake = "boolean", owned = "boolean", allow_truncation = "boolean",
  insecure_skip_verify = "boolean", insecure_skip_name_check = "boolean",
  session = "userdata", session_cache = "boolean", scheduler = "table", hello_extensions = "table",
  capath = "string", ciphers = "string", ciphersuites = "string", groups = "string",
  insecure_log_keys = "string", crl = "string table", crlfile = "string",
}

local function load_identity(options)
  if options.identity then return options.identity end
  local chain = options.certfile and try(credentials.chain_file(options.certfile))
                or try(credentials.chain(options.certificate))
  local key = options.keyfile and try(credentials.key_file(options.keyfile, options.passphrase))
              or try(credentials.key(options.key, options.passphrase))
  return try(credentials.pair(chain, key))
end

local function set_identity(handle, options)
  if type(options.identity) == "function" then return end
  if options.identity and not credentials.is_identity(options.identity) then
    wrong("identity", "is not an identity")
  end
  local certificate, key = options.certificate or options.certfile, options.key or options.keyfile
  if (certificate == nil) ~= (key == nil) then
    wrong(certificate and "certificate" or "key", "stands without its other half")
  end
  if not (options.identity or certificate) then return end
  local identity = load_identity(options)
  must(native.config_set_identity(handle, identity.chain, identity.key))
end

local function set_ca(handle, options)
  if options.cafile then must(native.config_add_trust_file(handle, options.cafile, nil)) end
  if not options.ca then return end
  for _, cert in ipairs(try(credentials.chain(options.ca)):certificates()) do
    must(native.config_add_authority(handle, cert))
  end
end

-- Options that are what a native setter takes, or a list of that, in the order in which they are set.
local setters = {
  { "capath", "add_trust_dir" }, { "crl", "add_crls" }, { "crlfile", "add_crl_file" },
  { "ciphers", "set_ciphers" }, { "ciphersuites", "set_cipher_suites" }, { "groups", "set_groups" },
  { "alpn", "add_protocol" }, { "insecure_log_keys", "insecure_log_keys" },
  { "server_name", "set_server_name" }, { "system_trust", "set_system_trust" },
  { "partial_chain", "set_partial_chain" }, { "allow_truncation", "set_allow_truncation" },
  { "session_cache", "set_session_cache" },
}

local function set_plain(handle, options)
  for _, setter in ipairs(setters) do
    local value = options[setter[1]]
    for _, each in ipairs(type(value) == "table" and value or { value }) do
      must(native["config_" .. setter[2]](handle, each))
    end
  end
end

local function version(name, value)
  if value == nil then return native.TLS_ANY end
  return choose(versions, name, (value:gsub("^TLSv", "")))
end

local function set_versions(handle, options)
  must(native.config_set_versions(handle, version("min_version", options.min_version),
                                  version("max_version", options.max_version)))
end

-- verify: true is the default of a client, and makes a server demand a certificate; a function is
-- asked by the handshake; false is a client's insecure_skip_verify, and a server's default.
local function set_verification(handle, options, role)
  local verify, demand = options.verify, options.peer_certificate
  if role == native.SERVER and verify == true then demand = demand or "required" end
  if demand then
    must(native.config_set_peer_cert(handle, choose(demands, "peer_certificate", demand)))
  end
  must(native.config_set_asking(handle, type(verify) == "function", type(options.identity) == "function"))
  if options.insecure_skip_verify or (role == native.CLIENT and verify == false) then
    must(native.config_insecure_skip_verify(handle))
  end
  if options.insecure_skip_name_check then must(native.config_insecure_skip_name_check(handle)) end
end

-- A list of { type = number, data = bytes }.
local function set_extensions(handle, options)
  for _, extension in ipairs(options.hello_extensions or {}) do
    if type(extension) ~= "table" then wrong("hello_extensions", "has what is no extension") end
    must(native.config_add_hello_extension(handle, extension.type, extension.data))
  end
end

local function set_transport(handle, options)
  if options.timeout == 0 or options.scheduler then must(native.config_set_blocking(handle, false)) end
  if options.timeout and options.timeout ~= 0 then
    for _, timer in ipairs { "CONNECT", "HANDSHAKE", "READ", "WRITE" } do
      must(native.config_set_timeout(handle, native["TIMER_" .. timer], milliseconds(options.timeout)))
    end
  end
  if options.family then
    must(native.config_set_family(handle, choose(families, "family", options.family)))
  end
end

-- A config of the options; its role is theirs, else the one given. nil, message, code if the library
-- refuses one of them.
Config.new = failure.protect(function(options, role)
  options = options or {}
  checks.check(options, types)
  role = choose(roles, "role", options.role or role)
  local handle = must(native.config_new(role))
  set_identity(handle, options)
  set_ca(handle, options)
  set_plain(handle, options)
  set_versions(handle, options)
  set_verification(handle, options, role)
  set_extensions(handle, options)
  set_transport(handle, options)
  return setmetatable({
    handle = handle,
    verifier = type(options.verify) == "function" and options.verify or nil,
    identity_source = type(options.identity) == "function" and options.identity or nil,
    session = options.session,
    scheduler = options.scheduler,
    timeout = milliseconds(options.timeout),
    handshake = options.handshake ~= false,
    owned = options.owned,
  }, Config)
end)

-- What a maker was given, as a config: options, a config, or nothing.
function Config.of(options, role)
  if getmetatable(options) == Config then return options end
  return Config.new(options, role)
end

-- Of a socket that C made: it knows its config, this side does not.
Config.foreign = setmetatable({ handshake = false, timeout = -1 }, Config)

return Config
