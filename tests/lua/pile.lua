-- pile.lua KIND [MODE]: drops 500 pairs of sockets of a kind (tls, plain), and prints the most descriptors
-- that were open meanwhile beyond those at the start. MODE is one of the collector's; for test_collect.lua,
-- which asks in a process that holds nothing else.
local kind, mode = ...
package.path = ((arg and arg[0] or ""):match("^(.*)/") or ".") .. "/?.lua;" .. package.path
if mode then collectgarbage(mode) end
local rfctls = require "rfctls"

local function open()
  local pid = io.open("/proc/self/stat"):read("*n")
  local files = io.popen("ls /proc/" .. pid .. "/fd | wc -l")
  local count = tonumber(files:read("*l"))
  files:close()
  return count
end

local make
if kind == "tls" then
  local pki = os.getenv "RFCTLS_TEST_PKI"
  local server = assert(rfctls.config {
    role = "server", handshake = false, identity = assert(rfctls.identity_file(pki .. "/both.pem")),
  })
  local client = assert(rfctls.config { server_name = "server.test", handshake = false })
  local listener = assert(rfctls.listen("127.0.0.1", 0, server))
  local _, port = listener:getsockname()
  function make()
    assert(rfctls.connect("127.0.0.1", port, client))
    assert(listener:accept())
  end
else
  local listener = assert(rfctls.plain.listen("127.0.0.1", 0))
  local _, port = listener:getsockname()
  function make()
    assert(rfctls.plain.connect("127.0.0.1", port))
    assert(listener:accept())
  end
end

local before, most = open(), 0
for i = 1, 500 do
  make()
  if i % 20 == 0 then most = math.max(most, open() - before) end
end
print(most)
return most
