-- TLS sockets that check whom they talk to, with LuaSocket's habits. See README.md.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local credentials = require "rfctls.credentials"
local Config = require "rfctls.config"
local Socket = require "rfctls.socket"
local Plain = require "rfctls.plain"

local rfctls = {
  _VERSION = "rfctls " .. native.version(),
  version = native.version,
  engine = native.engine_version,

  connect = Socket.connect,
  listen = Socket.listen,
  wrap = Socket.wrap,
  select = function(...) return require("rfctls.select").select(...) end,

  -- options, made once for many sockets: options.role is "client" unless it says "server"
  config = function(options) return Config.new(options, "client") end,

  certificate = credentials.certificate,
  chain = credentials.chain,
  chain_file = credentials.chain_file,
  key = credentials.key,
  key_file = credentials.key_file,
  identity = credentials.identity,
  identity_file = credentials.identity_file,
  self_signed = credentials.self_signed,
  session = credentials.session,

  -- sockets without TLS
  plain = {
    connect = Plain.connect,
    listen = Plain.listen,
    connect_unix = Plain.connect_unix,
    listen_unix = Plain.listen_unix,
    adopt = Plain.adopt,
    memory = Plain.memory,
  },

  last_error = failure.last_error,

  -- seconds of a clock that never goes back, for measuring and deadlines
  clock = function() return native.clock() / 1000 end,
}

-- Modules that not every program needs are loaded when they are asked for.
local later = { rfc = true, luasec = true, https = true, async = true }

return setmetatable(rfctls, {
  __index = function(_, name)
    if not later[name] then return nil end
    rfctls[name] = require("rfctls." .. name)
    return rfctls[name]
  end,
})
