-- Two ends in one process, each of rfctls.luasec or of LuaSec, for its tests.
local helper = require "helper"

local socket = helper.need "socket"
local ssl = require "rfctls.luasec"

local pairing = {}

function pairing.client_parameters(more)
  local all = { mode = "client", protocol = "any", cafile = helper.pki "ca.pem" }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

function pairing.server_parameters(more)
  local all = { mode = "server", protocol = "any",
                key = helper.pki "server.key", certificate = helper.pki "server.pem" }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

-- Two connected sockets of LuaSocket, by a listener of their own if none is given.
function pairing.connected(given)
  local listener = given or assert(socket.bind("127.0.0.1", 0))
  local client = assert(socket.connect("127.0.0.1", (select(2, listener:getsockname()))))
  local server = assert(listener:accept())
  if not given then listener:close() end
  return client, server
end

-- Both ends after the handshake, or what it said: of parameters or of contexts, the server's perhaps of
-- another module.
function pairing.handshake(client_side, server_side, prepare, server_module, listener)
  local left, right = pairing.connected(listener)
  local client = assert(ssl.wrap(left, client_side))
  local server = assert((server_module or ssl).wrap(right, server_side))
  if prepare then prepare(client, server) end
  client:settimeout(0)
  server:settimeout(0)
  local ends, results = { client, server }, {}
  local limit = os.time() + 10
  while os.time() < limit and not (results[client] and results[server]) do
    for _, s in ipairs(ends) do
      if not results[s] then
        local ok, message = s:dohandshake()
        if ok or (message ~= "wantread" and message ~= "wantwrite") then results[s] = { ok, message } end
      end
    end
  end
  client:settimeout(10)
  server:settimeout(10)
  return client, server, results[client], results[server]
end

-- The same of the usual parameters with more, or others.
function pairing.pair(client_more, server_more, ...)
  return pairing.handshake(pairing.client_parameters(client_more), pairing.server_parameters(server_more), ...)
end

return pairing
