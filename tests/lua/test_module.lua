-- Is the module what Lua expects of a module, and does it refuse wrong arguments without harm?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path

local before = {}
for name in pairs(_G) do before[name] = true end
local rfctls = require "rfctls"
local left_behind = {}
for name in pairs(_G) do
  if not before[name] then left_behind[#left_behind + 1] = name end
end

local helper = require "helper"
local test, equal, raises, matches = helper.test, helper.equal, helper.raises, helper.matches

test("require leaves no globals behind", function()
  equal(table.concat(left_behind, " "), "", "globals")
end)

test("a global that was there before stays", function()
  local loaded = {}
  for name in pairs(package.loaded) do
    if name:match "^rfctls" and name ~= "rfctls.native" then
      loaded[name], package.loaded[name] = package.loaded[name], nil
    end
  end
  swig_type = "mine"
  require "rfctls"
  equal(swig_type, "mine", "swig_type")
  swig_type = nil
  for name, module in pairs(loaded) do package.loaded[name] = module end
end)

test("version and engine are told", function()
  matches(rfctls._VERSION, "^rfctls %d+%.%d+%.%d+$")
  equal("rfctls " .. rfctls.version(), rfctls._VERSION)
  matches(rfctls.engine(), "openssl")
end)

test("the clock goes on", function()
  local start = rfctls.clock()
  assert(rfctls.clock() >= start)
end)

local cert = assert(rfctls.certificate(helper.read "ca.pem"))
local key = assert(rfctls.key(helper.read "server.key"))
local client = helper.pair()

-- ---- what the errors say ----

test("handles of the wrong kind raise an error", function()
  raises("rfctls.cert expected", cert.subject, key)
  raises("rfctls.cert expected", cert.subject, io.stdout)
  raises("rfctls.cert expected", cert.subject, nil)
  raises("rfctls.cert expected", cert.subject, 42)
  raises("rfctls.socket expected", client.send, { block = 1, total = -1, handle = cert }, "data")
end)

test("numbers out of range raise an error", function()
  raises("invalid receive pattern", client.receive, client, -1)
  raises("invalid receive pattern", client.receive, client, 1.5)
  raises("invalid receive pattern", client.receive, client, math.huge)
  raises("whole numbers", client.send, client, "data", 1.5)
end)

test("an unknown option is a mistake, and raised", function()
  raises("option 'verfy' is unknown", rfctls.config, { verfy = false })
  raises("option 'verify' is a string instead of a boolean or function", rfctls.config,
         { verify = "none" })
  raises("option 'min_version' cannot be '1.4'", rfctls.config, { min_version = "1.4" })
end)

test("a name with a NUL inside is refused before anything is sent", function()
  raises("nul byte", rfctls.connect, "server.test\0.evil.test", 443)
  raises("nul byte", rfctls.config, { server_name = "server.test\0.evil.test" })
end)

test("names and ports that cannot be are told as such", function()
  for _, port in ipairs { "-1", "65536", "", "443x" } do
    local s, message, code = rfctls.connect("127.0.0.1", port, { timeout = 1 })
    equal(s, nil, "socket for port " .. port)
    assert(type(message) == "string" and #message > 0)
    assert(code == "E_ARGUMENT" or code == "E_RESOLVE", code)
  end
  local s, _, code = rfctls.connect("", 443)
  equal(s, nil)
  equal(code, "E_ARGUMENT", "code for an empty host")
  raises(".", rfctls.connect, nil, nil, 42)
end)

helper.finish()
