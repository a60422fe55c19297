-- Does every misuse end in an error that says so, and leave a socket that can be closed?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

-- nil, a message, and the code last.
local function refused(code, value, message, ...)
  equal(value, nil, "value")
  assert(type(message) == "string" and #message > 0, "a message")
  local last = select("#", ...)
  equal((select(last, ...)), code, "code of '" .. message .. "'")
end

test("a second handshake is an error, and the connection goes on", function()
  local client, server = helper.pair()
  refused("E_STATE", client:dohandshake())
  refused("E_STATE", server:dohandshake())
  assert(client:send("still\n"))
  equal(server:receive(), "still")
end)

test("sending and receiving before the handshake", function()
  local client, server = helper.strangers()
  for _, s in ipairs { client, server } do
    refused("E_STATE", s:send("x"))
    refused("E_STATE", s:receive(1))
    refused("E_STATE", s:shutdown())
    equal(s:info("protocol"), nil)
    equal(s:getpeercertificate(), nil)
  end
  assert(helper.shake(client, server)[1])
end)

test("a listener does not talk, a connection does not accept", function()
  local client, server, listener = helper.pair()
  refused("E_STATE", listener:send("x"))
  refused("E_STATE", listener:receive(1))
  refused("E_STATE", listener:dohandshake())
  refused("E_STATE", client:accept())
  refused("E_STATE", server:accept())
  assert(client:send("still\n"))
  equal(server:receive(), "still")
end)

test("a config of the wrong role", function()
  local client = assert(rfctls.config(helper.client_options()))
  local server = assert(rfctls.config(helper.server_options(nil, { role = "server" })))
  refused("E_ARGUMENT", rfctls.listen("127.0.0.1", 0, client))
  refused("E_ARGUMENT", rfctls.connect("127.0.0.1", 1, server))
end)

test("nobody listens", function()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
  local _, port = listener:getsockname()
  listener:close()
  refused("E_CONNECT", rfctls.connect("127.0.0.1", port, helper.client_options()))
end)

test("an address that is taken", function()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
  local _, port = listener:getsockname()
  refused("E_SYSTEM", rfctls.listen("127.0.0.1", port, helper.server_options()))
  assert(rfctls.last_error().system_code > 0)
end)

test("a descriptor that is none", function()
  refused("E_SYSTEM", rfctls.wrap(9999, helper.client_options()))
  helper.raises(".", rfctls.wrap, nil, helper.client_options())
  helper.raises(".", rfctls.wrap, -1.5, helper.client_options())
end)

test("server names that cannot be", function()
  for _, name in ipairs { "b\195\188cher.test", ("x"):rep(300), ".", "a..b" } do
    refused("E_ARGUMENT", rfctls.config { server_name = name })
  end
  local _, message = rfctls.config { server_name = "b\195\188cher.test" }
  matches(message, "a%-label")
end)

test("protocols that cannot be", function()
  for _, name in ipairs { "", ("x"):rep(256) } do
    refused("E_ARGUMENT", rfctls.config { alpn = name })
    refused("E_ARGUMENT", rfctls.config { alpn = { "h2", name } })
  end
end)

test("too late for a server name", function()
  local client = helper.pair()
  refused("E_STATE", client:sni("localhost"))
end)

test("a plain client at our port: that connection fails, the listener lives", function()
  local client, server, listener = helper.strangers()
  local _, port = listener:getsockname()
  assert(rfctls.connect("127.0.0.1", port, helper.client_options { handshake = false })):close()
  local gone = assert(listener:accept())
  gone:settimeout(5)
  local ok, message, code = gone:dohandshake()
  equal(ok, nil)
  assert(code == "E_TRUNCATED" or code == "E_RESET", tostring(message))
  equal(gone:close(), 1)
  assert(helper.shake(client, server)[1])
end)

test("an accept whose handshake fails tells why, and the next one works", function()
  local listener = assert(rfctls.listen("127.0.0.1", 0, helper.server_options()))
  local _, port = listener:getsockname()
  listener:settimeout(20)
  local stranger = assert(rfctls.connect("127.0.0.1", port, helper.client_options { handshake = false }))
  stranger:close()
  local s, message = listener:accept()
  equal(s, nil)
  assert(#message > 0)
  local peer = helper.peer("client", port, "hello")
  s = assert(listener:accept())
  equal(s:receive(), "hello")
  s:close()
  peer:close()
end)

test("details of the last failure stay until the next", function()
  local client = helper.pair()
  client:dohandshake()
  local detail = rfctls.last_error()
  equal(detail.status, "E_STATE", "status")
  equal(detail.origin, "rfctls_socket_handshake", "origin")
  matches(detail.message, "already")
  client:close()
  collectgarbage()
  equal(rfctls.last_error(), detail, "after what did not fail")
end)

test("messages are one line, and lower case", function()
  local _, message = helper.pair():dohandshake()
  matches(message, "^[^\n]+[^.]$")
end)

test("a listener on all addresses takes IPv4, and IPv6 where there is any", function()
  local listener = assert(rfctls.listen("*", 0, helper.server_options(nil, { handshake = false })))
  local _, port = listener:getsockname()
  listener:settimeout(5)
  for _, host in ipairs { "127.0.0.1", "::1" } do
    local client, _, code = rfctls.connect(host, port, helper.client_options { handshake = false })
    if host == "127.0.0.1" or client then
      local server = assert(listener:accept())
      assert(helper.shake(client, server)[1])
    else
      equal(code, "E_CONNECT", "code without IPv6")
    end
  end
end)

helper.finish()
