-- An echo server in one thread: rfctls.select says who can go on, so a slow client delays nobody else.
--
--   echo_server.lua IDENTITY [PORT]
--
-- IDENTITY is a PEM file with a certificate chain and its key. Prints the port it got (0, the default, asks
-- for any free one), then serves until it is killed.
local rfctls = require "rfctls"

local CHUNK = 16384

local listener -- everybody else in `clients` is a connection
local clients = {}

local function drop(s, why)
  if why then io.stderr:write("echo_server: ", why, "\n") end
  clients[s] = nil
  s:close()
end

-- Goes on with one connection: its handshake, then what waits to be sent, then what came. A word that
-- says what it waits for is no failure.
local function advance(s)
  local client = clients[s]
  if not client.shaken then
    local ok, word = s:dohandshake()
    if not ok then return s:want() == "nothing" and drop(s, word) end
    client.shaken = true
  end
  repeat
    if client.rest ~= "" then
      local sent, word, last = s:send(client.rest)
      client.rest = client.rest:sub((sent or last) + 1)
      if not sent then return s:want() == "nothing" and drop(s, word) end
    end
    local data, word, _, code = s:receivesome(CHUNK)
    if not data then return s:want() == "nothing" and drop(s, code and word) end
    client.rest = data
  until false
end

local function accept()
  local s, message = listener:accept()
  if not s then return io.stderr:write("echo_server: ", message, "\n") end
  s:settimeout(0)
  clients[s] = { shaken = false, rest = "" }
end

-- Who waits to read, and who to write.
local function waiting()
  local readers, writers = { listener }, {}
  for s in pairs(clients) do
    local list = s:want() == "write" and writers or readers
    list[#list + 1] = s
  end
  return readers, writers
end

if not arg[1] then
  io.stderr:write("usage: echo_server.lua IDENTITY [PORT]\n")
  os.exit(2)
end
listener = assert(rfctls.listen("*", arg[2] or 0, { identity = assert(rfctls.identity_file(arg[1])) }))
listener:settimeout(0)
print((select(2, listener:getsockname())))
io.stdout:flush()
while true do
  local readable, writable = rfctls.select(waiting())
  for _, ready in ipairs { assert(readable, writable), writable } do
    for _, s in ipairs(ready) do
      if s == listener then accept() else advance(s) end
    end
  end
end
