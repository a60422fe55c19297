-- Sends text to an echo server and checks what comes back.
--
--   echo_client.lua HOST PORT CAFILE SERVERNAME BYTES
--
-- Prints one line, fields set apart by tabs: language, TLS version, cipher, the peer's name as
-- verified, bytes echoed, milliseconds from connecting to the last byte.
local rfctls = require "rfctls"

local LINE, CHUNK = 64, 4096

-- One line of the text, its end counted. It reads the same backwards, so that a server which reverses
-- every line (openssl s_server -rev) serves as well.
local function line(number, size)
  local text = size - 1
  local half = {}
  for i = 1, math.ceil(text / 2) do half[i] = string.char(33 + (number * 31 + i * i) % 90) end
  local first = table.concat(half)
  return first .. first:reverse():sub(1 + text % 2) .. "\n"
end

-- The text from an offset on, at most a chunk; the last line may be shorter.
local function chunk(from, bytes)
  local lines = {}
  for offset = from, math.min(bytes, from + CHUNK) - 1, LINE do
    lines[#lines + 1] = line(offset / LINE, math.min(LINE, bytes - offset))
  end
  return table.concat(lines)
end

-- Sends the text chunk by chunk, each after the last came back: neither end has to buffer it all.
local function echo(s, bytes)
  local echoed = 0
  while echoed < bytes do
    local sent = chunk(echoed, bytes)
    assert(s:send(sent))
    if assert(s:receive(#sent)) ~= sent then
      error(("what came back differs after %d bytes"):format(echoed), 0)
    end
    echoed = echoed + #sent
  end
  return echoed
end

local function main(host, port, cafile, server_name, bytes)
  local start = rfctls.clock()
  local s = assert(rfctls.connect(host, port, {
    cafile = cafile, system_trust = false, server_name = server_name, timeout = 30,
  }))
  local echoed = echo(s, tonumber(bytes))
  local facts = s:info()
  assert(s:close())
  local language = jit and jit.version:match("^LuaJIT %d+%.%d+") or _VERSION
  local milliseconds = math.floor((rfctls.clock() - start) * 1000)
  print(table.concat({ language, facts.protocol, facts.cipher, facts.server_name, echoed,
                       milliseconds }, "\t"))
end

if #arg ~= 5 then
  io.stderr:write("usage: echo_client.lua HOST PORT CAFILE SERVERNAME BYTES\n")
  os.exit(2)
end
local ok, message = pcall(main, arg[1], arg[2], arg[3], arg[4], arg[5])
if not ok then
  io.stderr:write(tostring(message), "\n")
  os.exit(1)
end
