-- What every test file needs: TAP lines, peers in other processes, pairs of sockets in this one.
local rfctls = require "rfctls"

local helper = {}

local here = arg[0]:match("^(.*)/") or "."
local interpreter = arg[-1]
local pki = os.getenv("RFCTLS_TEST_PKI") or error("RFCTLS_TEST_PKI is not set")

helper.here = here

-- A module of others; without it the whole file is skipped.
function helper.need(name)
  local ok, module = pcall(require, name)
  if ok then return module end
  print(("1..0 # SKIP %s has no module '%s'"):format(jit and "LuaJIT" or _VERSION, name))
  os.exit(77)
end

function helper.pki(name)
  return pki .. "/" .. name
end

function helper.read(name)
  local file = assert(io.open(helper.pki(name), "rb"))
  local data = file:read("*a")
  file:close()
  return data
end

-- ---- TAP ----

local count, failures = 0, 0
local cases = {} -- as JUnit's XML, for tests/support/summary.py

local function escaped(text)
  text = tostring(text):gsub("[%c\128-\255]", "?")
  return (text:gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ["\""] = "&quot;" }))
end

local function record(name, failure)
  local inside = failure and ("<failure message=\"%s\"/>"):format(escaped(failure)) or ""
  cases[#cases + 1] = ("<testcase name=\"%s\">%s</testcase>"):format(escaped(name), inside)
end

local function write_cases()
  local path = os.getenv "RFCTLS_JUNIT"
  local file = path and io.open(path, "w")
  if not file then return end
  file:write(("<testsuites><testsuite name=\"%s\" tests=\"%d\" failures=\"%d\">\n"):format(
    escaped(arg[0]:match "([^/]+)%.lua$"), count, failures))
  file:write(table.concat(cases, "\n"), "\n</testsuite></testsuites>\n")
  file:close()
end

function helper.test(name, body)
  local ok, message = xpcall(body, debug.traceback)
  count = count + 1
  record(name, not ok and message)
  print(("%s %d - %s"):format(ok and "ok" or "not ok", count, name))
  if not ok then
    failures = failures + 1
    print((tostring(message):gsub("[^\n]+", "# %0")))
  end
  io.stdout:flush()
end

function helper.finish()
  print("1.." .. count)
  write_cases()
  os.exit(failures == 0 and 0 or 1)
end

function helper.equal(got, expected, what)
  if got ~= expected then
    error(("%s: got %s, expected %s"):format(what or "value", tostring(got), tostring(expected)), 2)
  end
end

function helper.matches(text, pattern)
  if not tostring(text):lower():find(pattern) then
    error(("'%s' does not match '%s'"):format(tostring(text), pattern), 2)
  end
end

-- Calls f, which must raise an error that matches.
function helper.raises(pattern, f, ...)
  local ok, message = pcall(f, ...)
  if ok then error("no error was raised", 2) end
  helper.matches(message, pattern)
end

-- pcall for what yields, on every Lua.
helper.yielding_pcall = require("rfctls.guard").call

-- How long f takes, in seconds, and its results.
function helper.timed(f, ...)
  local start = rfctls.clock()
  local first, second, third, fourth = f(...)
  return rfctls.clock() - start, first, second, third, fourth
end

-- A wait ended when it should: never early, at most half a second late.
function helper.on_time(seconds, expected)
  if seconds < expected - 0.001 or seconds > expected + 0.5 then
    error(("took %.3f s instead of %.3f s"):format(seconds, expected), 2)
  end
end

-- ---- peers in other processes ----

local function quoted(words)
  local out = {}
  for i, word in ipairs(words) do out[i] = "'" .. tostring(word) .. "'" end
  return table.concat(out, " ")
end

-- Starts a command; the file that its output is read from.
function helper.run(words)
  return assert(io.popen("exec " .. quoted(words)))
end

-- Starts support/peer.py; the file that its lines are read from. A server's first line is its port.
function helper.peer(...)
  return helper.run { "python3", here .. "/../support/peer.py", ... }
end

-- Starts a program under the same interpreter.
function helper.start(...)
  return helper.run { interpreter, ... }
end

-- Starts peer.lua.
function helper.lua_peer(...)
  return helper.start(here .. "/peer.lua", ...)
end

-- A server of peer.py and a client's socket to it; the options go over the usual ones.
function helper.to_peer(options, ...)
  local peer = helper.peer(...)
  local port = peer:read("*l")
  local s, message, code = rfctls.connect("127.0.0.1", port, helper.client_options(options))
  return s, peer, message, code
end

-- The last line of a peer, which then has ended.
function helper.last_words(peer)
  local last
  for line in peer:lines() do last = line end
  peer:close()
  return last
end

-- ---- sockets in this process ----

local function merged(options, more)
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

function helper.server_options(name, more)
  name = name or "server"
  return merged({ certfile = helper.pki(name .. ".pem"), keyfile = helper.pki(name .. ".key") }, more)
end

function helper.client_options(more)
  return merged({ cafile = helper.pki "ca.pem", server_name = "server.test", system_trust = false },
                more)
end

-- Shakes hands at both ends by turns; what either end answered last.
function helper.shake(client, server)
  local limit = rfctls.clock() + 10
  local done, results = {}, {}
  client:settimeout(0)
  server:settimeout(0)
  while not (done[client] and done[server]) and rfctls.clock() < limit do
    for _, s in ipairs { client, server } do
      if not done[s] then
        local ok, word, code = s:dohandshake()
        done[s] = ok or (word ~= "wantread" and word ~= "wantwrite")
        results[s] = { ok, word, code }
      end
    end
  end
  client:settimeout(10)
  server:settimeout(10)
  return results[client], results[server]
end

-- A client and the accepted socket, before their handshake; and the listener.
function helper.strangers(client_options, server_options)
  local listener = assert(rfctls.listen("127.0.0.1", 0,
    helper.server_options(nil, merged({ handshake = false }, server_options))))
  local _, port = listener:getsockname()
  local client = assert(rfctls.connect("127.0.0.1", port,
    helper.client_options(merged({ handshake = false }, client_options))))
  return client, assert(listener:accept()), listener
end

-- The same after it.
function helper.pair(client_options, server_options)
  local client, server, listener = helper.strangers(client_options, server_options)
  local first, second = helper.shake(client, server)
  assert(first[1], first[2])
  assert(second[1], second[2])
  return client, server, listener
end

-- So many bytes, every value among them.
function helper.bytes(size)
  local all = {}
  for i = 0, 255 do all[i + 1] = string.char(i) end
  return table.concat(all):rep(math.ceil(size / 256)):sub(1, size)
end

-- ---- this process ----

local function own_pid()
  local file = io.open("/proc/self/stat")
  local pid = file and file:read("*n")
  if file then file:close() end
  return pid
end

-- How many descriptors this process has open.
function helper.open_now()
  local name = os.tmpname() -- io.popen has descriptors of its own
  os.execute(("ls /proc/%d/fd | wc -l > %s"):format(own_pid(), name))
  local file = assert(io.open(name))
  local open = file:read("*n")
  file:close()
  os.remove(name)
  return open
end

helper.own_pid = own_pid

-- The first wait of a thread makes the descriptor that can wake it, which is kept.
local function make_waker()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
  listener:settimeout(0.001)
  listener:accept()
  listener:close()
end

-- The same without what the collector can free.
function helper.descriptors()
  if make_waker then make_waker = make_waker() end
  collectgarbage()
  collectgarbage()
  return helper.open_now()
end

-- Resident memory in pages.
function helper.resident()
  local file = io.open("/proc/self/statm")
  local _, pages = file:read("*n", "*n")
  file:close()
  return pages
end

return helper
