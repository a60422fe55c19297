-- Do the example programs do what their heads say, in every Lua?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

local lua = arg[-1]
local examples = helper.here .. "/../../examples/lua/"

local function talk(s, text)
  assert(s:send(text))
  return s:receive(#text)
end

-- What a program prints, its errors with it.
local function output(name, ...)
  local words = { "sh", "-c", 'exec "$0" "$@" 2>&1', lua, examples .. name, ... }
  local program = helper.run(words)
  local text = program:read "*a"
  program:close()
  return text
end

local function serve(name)
  local program = helper.run { "sh", "-c", 'echo $$; exec "$0" "$@" 2>/dev/null', lua, examples .. name,
                               helper.pki "both.pem" }
  return program:read "*l", program:read "*l", program
end

local servers = { "echo_server.lua" }
if pcall(require, "copas") then servers[2] = "copas_echo_server.lua" end

local function use(port)
  local silent = assert(rfctls.plain.connect("127.0.0.1", port))
  local clients = {}
  for i = 1, 20 do
    clients[i] = assert(rfctls.connect("127.0.0.1", port, helper.client_options { timeout = 10 }))
  end
  for i, s in ipairs(clients) do equal(talk(s, "client " .. i), "client " .. i) end
  local big = helper.bytes(100000)
  equal(talk(clients[1], big) == big, true, "100,000 bytes")
  for _, s in ipairs(clients) do equal(s:close(), 1) end
  silent:close()
  local s = assert(rfctls.connect("127.0.0.1", port, helper.client_options { timeout = 10 }))
  equal(talk(s, "again"), "again")
  s:close()
end

for _, name in ipairs(servers) do
  test(name .. " serves many, also while one says nothing", function()
    local pid, port, program = serve(name)
    local ok, message = pcall(use, port)
    os.execute("kill " .. pid)
    program:close()
    assert(ok, message)
  end)
end

test("pinning.lua takes the certificate it knows, and no other", function()
  local fingerprint = assert(rfctls.certificate(helper.read "self-signed.pem")):fingerprint()
  local peer = helper.peer("echo", "self-signed")
  equal(output("pinning.lua", "127.0.0.1", peer:read "*l", fingerprint), "hello\n")
  equal(helper.last_words(peer), "saw 6")
  peer = helper.peer("echo", "server")
  matches(output("pinning.lua", "127.0.0.1", peer:read "*l", fingerprint), "^pinning: ")
  matches(helper.last_words(peer), "^failed")
end)

test("client_certificate.lua is known by its certificate", function()
  local function ask(name)
    local server = helper.lua_peer "demanding"
    local answer = output("client_certificate.lua", "127.0.0.1", server:read "*l", helper.pki "ca.pem",
                          "server.test", helper.pki(name .. ".pem"), helper.pki(name .. ".key"))
    server:close()
    return answer
  end
  matches(ask "client", "^you are .*client")
  matches(ask "client-other-ca", "^client_certificate: ")
end)

helper.finish()
