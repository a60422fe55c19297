-- Shows a certificate to a server that asks for one.
--
--   client_certificate.lua HOST PORT CAFILE SERVERNAME CERTFILE KEYFILE
local rfctls = require "rfctls"

local host, port, cafile, server_name, certfile, keyfile = arg[1], arg[2], arg[3], arg[4], arg[5], arg[6]
if not keyfile then
  io.stderr:write("usage: client_certificate.lua HOST PORT CAFILE SERVERNAME CERTFILE KEYFILE\n")
  os.exit(2)
end
local s, message = rfctls.connect(host, port, {
  cafile = cafile, system_trust = false, server_name = server_name, certfile = certfile, keyfile = keyfile,
})
-- In TLS 1.3 a client learns that it was refused with the first thing that it receives.
local answer
if s and s:send("who am I?\n") then answer, message = s:receive("*l") end
if not answer then
  io.stderr:write("client_certificate: ", message, "\n")
  os.exit(1)
end
print(answer)
assert(s:close())
