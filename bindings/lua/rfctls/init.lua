-- TLS sockets that check whom they talk to, with LuaSocket's habits. See README.md.
local native = require "rfctls.library"
local failure = require "rfctls.failure"
local credentials = require "rfctls.credentials"
local Config = require "rfctls.config"
local Socket = require "rfctls.socket"

return {
  _VERSION = "rfctls " .. native.version(),
  version = native.version,
  engine = native.engine_version,

  connect = Socket.connect,
  listen = Socket.listen,
  wrap = Socket.wrap,

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

  last_error = failure.last_error,

  -- seconds of a clock that never goes back, for measuring and deadlines
  clock = function() return native.clock() / 1000 end,
}
