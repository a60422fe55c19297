-- HTTPS requests with the interface of LuaSec's ssl.https, over LuaSocket's socket.http, socket.url and
-- ltn12; but the server is verified, and its host name, unless the request says verify = "none".
local socket = require "socket"
local http = require "socket.http"
local ltn12 = require "ltn12"
local url = require "socket.url"
local rfctls = require "rfctls"
local luasec = require "rfctls.luasec"

local https = {
  _VERSION = rfctls._VERSION,
  PORT = 443,
  TIMEOUT = 60, -- seconds for connecting and each wait
}

local Connection = {}

-- Methods of the socket, once there is one.
Connection.__index = function(self, name)
  return Connection[name] or (self.socket and function(_, ...)
    return self.socket[name](self.socket, ...)
  end)
end

function Connection.settimeout()
  return 1 -- https.TIMEOUT counts, as with LuaSec
end

function Connection:connect(host, port)
  local connected, message = rfctls.connect(host, port, self.options)
  if not connected then return nil, message end
  self.socket = connected
  return 1
end

function Connection:close()
  if not self.socket then return 1 end
  return self.socket:close()
end

-- What a request has beside LuaSec's parameters: for LuaSocket's http, and our scheduler.
local of_request = {}
for _, name in ipairs {
  "url", "method", "headers", "source", "sink", "step", "proxy", "redirect", "maxredirects",
  "nredirects", "create", "uri", "scheme", "authority", "userinfo", "user", "host", "port", "path",
  "params", "query", "fragment", "scheduler",
} do
  of_request[name] = true
end

-- For LuaSocket's http: a function that makes the connections, with LuaSec's parameters, scheduler and
-- server_name among them.
function https.tcp(parameters)
  local given = { protocol = "any" }
  for name, value in pairs(parameters or {}) do
    if not of_request[name] then given[name] = value end
  end
  given.mode = "client"
  local scheduler = parameters and parameters.scheduler
  return function()
    local options = socket.try(luasec.options(given))
    options.handshake, options.timeout, options.scheduler = true, https.TIMEOUT, scheduler
    return setmetatable({ options = options, socket = false }, Connection)
  end
end

local function with_port(address)
  return url.build(url.parse(address, { port = https.PORT, scheme = "https" }))
end

-- The request of a URL, and of a body to be posted.
local function simple(address, body, parts)
  return {
    url = with_port(address),
    method = body and "POST" or "GET",
    sink = ltn12.sink.table(parts),
    source = body and ltn12.source.string(body),
    headers = body and {
      ["content-length"] = #body,
      ["content-type"] = "application/x-www-form-urlencoded",
    },
  }
end

-- The body (or 1, when the request is a table as LuaSocket's http takes it, beside LuaSec's parameters),
-- the status code, the headers, the status line; or nil, message.
function https.request(request, body)
  local parts = {}
  local simply = type(request) == "string"
  local full = {}
  for name, value in pairs(simply and simple(request, body, parts) or request) do full[name] = value end
  if http.PROXY or full.proxy then return nil, "proxy not supported" end
  if full.redirect then return nil, "redirect not supported" end
  if full.create then return nil, "create function not permitted" end
  full.url = with_port(full.url)
  full.create = https.tcp(full)
  local done, code, headers, status = http.request(full)
  if done and simply then done = table.concat(parts) end
  return done, code, headers, status
end

return https
