-- The same server under copas: every connection is a coroutine that reads as if it were alone.
--
--   copas_echo_server.lua IDENTITY [PORT]
local copas = require "copas"
local rfctls = require "rfctls"
local async = require "rfctls.async.copas"

local function serve(s)
  local ok, message = s:dohandshake()
  if not ok then return io.stderr:write("copas_echo_server: ", message, "\n") end
  local data = s:receivesome(16384)
  while data and s:send(data) do data = s:receivesome(16384) end
  s:close()
end

if not arg[1] then
  io.stderr:write("usage: copas_echo_server.lua IDENTITY [PORT]\n")
  os.exit(2)
end
local listener = assert(async.listen("*", arg[2] or 0, { identity = assert(rfctls.identity_file(arg[1])) }))
print((select(2, listener:getsockname())))
io.stdout:flush()
copas.addthread(function()
  while true do
    local s, message = listener:accept()
    if s then copas.addthread(function() serve(s) end)
    else io.stderr:write("copas_echo_server: ", message, "\n") end
  end
end)
async.loop()
