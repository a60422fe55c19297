-- Fetches a page over HTTPS and prints its body; the status line and the headers go to stderr.
--
--   https_get.lua HOST [PORT [PATH [CAFILE]]]
local rfctls = require "rfctls"

-- The status line and the headers, up to the empty line.
local function read_head(s)
  local head = {}
  repeat
    local line = assert(s:receive("*l"))
    head[#head + 1] = line
  until line == ""
  return head
end

local function header(head, name)
  for _, line in ipairs(head) do
    local key, value = line:match("^([^:]+):%s*(.-)%s*$")
    if key and key:lower() == name then return value end
  end
end

-- The body: as long as the server says, else until it ends politely. A cut connection is an error,
-- never a short page.
local function read_body(s, head)
  local length = tonumber(header(head, "content-length"))
  if length then return s:receive(length) end
  local body, message = s:receive("*a")
  return body or (message == "closed" and "" or nil), message
end

local function get(host, port, path, cafile)
  local s = assert(rfctls.connect(host, port, { cafile = cafile, alpn = "http/1.1", timeout = 30 }))
  local request = "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n"
  assert(s:send(request:format(path, host, rfctls._VERSION:gsub(" ", "/"))))
  local head = read_head(s)
  local body = assert(read_body(s, head))
  s:close()
  return head, body
end

if not arg[1] then
  io.stderr:write("usage: https_get.lua HOST [PORT [PATH [CAFILE]]]\n")
  os.exit(2)
end
local ok, head, body = pcall(get, arg[1], arg[2] or "443", arg[3] or "/", arg[4])
if not ok then
  io.stderr:write(tostring(head), "\n")
  os.exit(1)
end
io.stderr:write(table.concat(head, "\n"), "\n")
io.write(body)
