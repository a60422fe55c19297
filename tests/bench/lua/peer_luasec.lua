-- The client on LuaSocket and LuaSec, as LuaSec's wiki has it; the host's name it cannot check. It knows
-- no place of the system's certificates: programs name the bundle.
local socket = require "socket"
local ssl = require "ssl"

local peer = {}

function peer.context(authority)
  return assert(ssl.newcontext {
    mode = "client",
    protocol = "tlsv1_3",
    verify = "peer",
    cafile = authority or os.getenv("SSL_CERT_FILE"),
  })
end

function peer.connect(context, host, port)
  local below = assert(socket.connect(host, port))
  below:setoption("tcp-nodelay", true)
  local s = assert(ssl.wrap(below, context))
  s:sni("server.test")
  assert(s:dohandshake())
  return s
end

return peer
