-- A first program: says one line to a TLS server, and prints the line that it answers.
--
--   first.lua HOST [PORT [CAFILE]]
local rfctls = require "rfctls"

local host, port, cafile = arg[1] or "localhost", arg[2] or "443", arg[3]
local s = assert(rfctls.connect(host, port, { cafile = cafile }))
assert(s:send("GET / HTTP/1.0\r\n\r\n"))
print(assert(s:receive("*l")))
assert(s:close())
