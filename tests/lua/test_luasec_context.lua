-- Is a context what programs take LuaSec's for? copas decides by its type whether a server speaks TLS.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local pairing = require "luasec_pairing"
local test, equal, matches = helper.test, helper.equal, helper.matches

local ssl = require "rfctls.luasec"

local function server_context()
  return assert(ssl.newcontext(pairing.server_parameters()))
end

test("a context is userdata with LuaSec's words", function()
  local context = server_context()
  equal(type(context), "userdata")
  matches(tostring(context), "^ssl context: 0x%x+$")
  assert(tostring(context) ~= tostring(server_context()), "two contexts have one name")
  equal(pcall(function() context.role = "client" end), false, "writing into a context")
  local client = pairing.pair(nil, nil, function(_, server) equal(server.context.role, "server") end)
  matches(tostring(client), "^ssl connection: 0x%x+$")
end)

test("only a context is taken for one", function()
  for _, other in ipairs { io.stdout, require("rfctls.library").proxy {}, 42, "context" } do
    local made, message = ssl.wrap(pairing.connected(), other)
    equal(made, nil)
    matches(message, "not a table")
  end
end)

test("a context that nobody holds is freed, and a connection holds its own", function()
  local held = setmetatable({}, { __mode = "k" })
  for _ = 1, 10 do held[server_context()] = true end
  local connection = assert(ssl.wrap(pairing.connected(), server_context()))
  collectgarbage()
  collectgarbage()
  equal(next(held), nil)
  equal(connection.context.role, "server")
end)

-- ---- a server that decides as copas 4 does ----

-- What copas (4.0 to 4.11, normalize_sslt) wraps a connection with; false: it speaks in the clear.
local function wrapping(given)
  local kind = type(given)
  if kind == "table" then return (given.mode or given.protocol) and given or given.wrap or false end
  return kind == "userdata" and given
end

-- As copas' handler and dohandshake; yields where they would wait.
local function serve(connection, given)
  local parameters = wrapping(given)
  connection:settimeout(0)
  if parameters then
    connection = assert(ssl.wrap(connection, parameters))
    connection:settimeout(0)
    local ok, message
    repeat
      ok, message = connection:dohandshake()
      if message == "wantread" or message == "wantwrite" then coroutine.yield() end
    until ok or not (message == "wantread" or message == "wantwrite")
    if not ok then
      connection:close()
      return message
    end
  end
  connection:send "secret answer\n"
  return "answered"
end

for name, given in pairs {
  context = server_context(),
  definition = { wrap = server_context() },
  parameters = pairing.server_parameters(),
} do
  test(("a server with TLS by a %s answers nobody in the clear"):format(name), function()
    local client, connection = pairing.connected()
    client:settimeout(10)
    assert(client:send "plain hello\n")
    local task = coroutine.wrap(serve)
    matches(task(connection, given), "not tls")
    local heard, _, part = client:receive "*l"
    equal(heard, nil)
    assert(not part:find "secret", "it answered in the clear")
  end)

  test(("and answers over TLS: %s"):format(name), function()
    local left, right = pairing.connected()
    local task = coroutine.wrap(serve)
    local client = assert(ssl.wrap(left, pairing.client_parameters()))
    client:settimeout(0)
    local done, answered
    for _ = 1, 10000 do
      done = done or client:dohandshake()
      answered = answered or task(right, given)
      if done and answered then break end
    end
    equal(answered, "answered")
    client:settimeout(10)
    equal(client:receive "*l", "secret answer")
  end)
end

helper.finish()
