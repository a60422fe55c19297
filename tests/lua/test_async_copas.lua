-- Do coroutines work under copas, in a server of its own, too?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local copas = helper.need "copas"
local socket = helper.need "socket"
local rfctls = require "rfctls"
local layer = require "rfctls.async.copas"

local function run(finished)
  while not finished() do layer.step(0.05) end
end

require "schedulers"(layer, copas.addthread, run)

helper.test("copas accepts, and 200 clients are served", function()
  local server = assert(socket.bind("127.0.0.1", 0))
  local port = select(2, server:getsockname())
  local config = assert(layer.config(helper.server_options("server", { role = "server" })))
  local served, heard, clients = 0, 0, 200
  copas.addserver(server, function(connection)
    local s = assert(layer.wrap(connection, config))
    assert(s:send(assert(s:receive()):upper() .. "\n"))
    assert(s:close())
    served = served + 1
  end)
  local options = assert(layer.config(helper.client_options()))
  for i = 1, clients do
    copas.addthread(function()
      local s = assert(layer.connect("127.0.0.1", port, options))
      assert(s:send("client " .. i .. "\n"))
      if s:receive() == "CLIENT " .. i then heard = heard + 1 end
      assert(s:close())
    end)
  end
  local limit = rfctls.clock() + 30
  run(function() return (served == clients and heard == clients) or rfctls.clock() > limit end)
  helper.equal(served, clients, "served")
  helper.equal(heard, clients, "answers")
end)

helper.finish()
