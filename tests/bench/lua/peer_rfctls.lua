-- The client on librfctls.
local rfctls = require "rfctls"

local peer = {}

function peer.context(authority)
  return assert(rfctls.config {
    cafile = authority,
    system_trust = authority == nil,
    server_name = "server.test",
    min_version = "1.3",
  })
end

function peer.connect(config, host, port)
  return assert(rfctls.connect(host, port, config))
end

return peer
