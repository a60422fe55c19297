-- The other side of a connection, made with the module itself: peer.lua ROLE [ARGUMENT...]
--
--   server NAME COUNT      prints its port, echoes COUNT connections, one after the other
--   client PORT BYTES      sends BYTES bytes, prints how many came back the same
--   demanding              wants a certificate of one client, answers whose it is
--   exhaust                uses up its descriptors, tells what happens
--   drop                   leaves its sockets open at the end of the program
local here = arg[0]:match("^(.*)/") or "."
package.path = here .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"

local roles = {}

-- What is there, at least a byte; nil, word at the end.
local function receive_some(s)
  s:settimeout(20)
  local first, word = s:receive(1)
  if not first then return nil, word end
  s:settimeout(0)
  local data, _, partial = s:receive(65536, first)
  s:settimeout(20)
  return data or partial
end

local function echo(s)
  local total = 0
  while true do
    local data, word = receive_some(s)
    if not data then return total, word end
    assert(s:send(data))
    total = total + #data
  end
end

function roles.server(name, count)
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options(name)))
  local _, port = listener:getsockname()
  print(port)
  io.stdout:flush()
  listener:settimeout(20)
  for _ = 1, tonumber(count) do
    local s, message = listener:accept()
    if s then print("saw", echo(s)) else print("failed", message) end
    if s then s:close() end
    io.stdout:flush()
  end
end

function roles.client(port, bytes)
  local s = assert(rfctls.connect("127.0.0.1", port, helper.client_options()))
  local data = helper.bytes(tonumber(bytes))
  local same = 0
  for from = 1, #data, 4096 do
    local last = assert(s:send(data, from, from + 4095))
    if s:receive(last - from + 1) == data:sub(from, last) then same = last end
  end
  assert(s:close())
  print(same)
end

function roles.drop()
  kept = helper.pair() -- a global: alive until the very end
  print "dropped"
end

-- Wants a certificate of its client, and says whose it is.
function roles.demanding()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options(nil, {
    verify = true, cafile = helper.pki "ca.pem", timeout = 20 })))
  print((select(2, listener:getsockname())))
  io.stdout:flush()
  listener:settimeout(10)
  local s = listener:accept()
  if s and s:receive() then s:send("you are " .. s:getpeercertificate():subject() .. "\n") end
  if s then s:close() end
end

-- Runs out of descriptors, and tells what a connect and an accept say then, and once there are some again.
function roles.exhaust()
  local config = assert(rfctls.config(helper.client_options { handshake = false }))
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options(nil, { handshake = false })))
  local _, port = listener:getsockname()
  local waiting = assert(rfctls.plain.connect("127.0.0.1", port))
  listener:settimeout(5)
  local files, file = {}, true
  while file do
    file = io.open("/dev/null")
    files[#files + 1] = file
  end
  print(select(3, rfctls.connect("127.0.0.1", port, config)))
  print(select(3, listener:accept()))
  for _, each in ipairs(files) do each:close() end
  print(listener:accept() and "accepted")
  waiting:close()
end

roles[arg[1]](arg[2], arg[3])
