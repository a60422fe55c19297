-- Do the operations of (rfc tls) do under their own names what its documentation says?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local rfc = require "rfctls.rfc"
local helper = require "helper"
local test, equal, matches, raises = helper.test, helper.equal, helper.matches, helper.raises

local function certificates(name)
  return assert(rfctls.chain_file(helper.pki(name .. ".pem"))):certificates()
end

local function key(name)
  return helper.read(name .. ".key")
end

local function port_of(socket)
  return tostring(rfc.tls_socket_info(socket).port)
end

local function client_to(listener, more)
  local options = { handshake = false, authorities = { helper.read "ca.pem" }, system_trust = false }
  for name, value in pairs(more or {}) do options[name] = value end
  return assert(rfc.make_client_tls_socket("localhost", port_of(listener), options))
end

-- A client and a server of (rfc tls)'s makers, after their handshake; and the listener.
local function pair(client_options, server_options)
  server_options = server_options or {}
  server_options.private_key = key "server"
  local listener = assert(rfc.make_server_tls_socket("0", certificates "server", server_options))
  local client = client_to(listener, client_options)
  local server = assert(rfc.tls_socket_accept(listener, { handshake = false }))
  local first, second = helper.shake(client, server)
  assert(first[1], first[2])
  assert(second[1], second[2])
  return client, server, listener
end

test("makers, send, recv, shutdown, close", function()
  local client, server, listener = pair()
  assert(rfc.is_tls_socket(client) and rfc.is_tls_socket(listener))
  equal(rfc.is_tls_socket(42), false)
  equal(rfc.tls_socket_send(client, "hello"), 5)
  equal(rfc.tls_socket_recv(server, 100), "hello")
  equal(rfc.tls_socket_send_range(client, "0123456789", 2, 3), 3)
  equal(rfc.tls_socket_send_range(client, "0123456789", 8), 2)
  equal(server:receive(5), "23489")
  raises("range", rfc.tls_socket_send_range, client, "abc", 2, 5)
  raises("range", rfc.tls_socket_send_range, client, "abc", -1)
  equal(rfc.tls_socket_closed(client), false)
  assert(rfc.tls_socket_shutdown(client, rfc.SHUT_WR))
  equal(rfc.tls_socket_recv(server, 10), "", "the polite end")
  equal(rfc.tls_socket_send(server, "answer"), 6)
  equal(rfc.tls_socket_recv(client, 3), "ans")
  equal(rfc.tls_socket_pending(client), true)
  equal(rfc.tls_socket_recv(client, 10), "wer")
  equal(rfc.tls_socket_close(client), 1)
  equal(rfc.tls_socket_closed(client), true)
  equal(select(3, rfc.tls_socket_recv(client, 1)), "E_CLOSED")
end)

test("what does not wait answers -1 and false", function()
  local client, server = pair()
  equal(rfc.is_nonblocking_tls_socket(client), false)
  rfc.tls_socket_nonblocking(client)
  equal(rfc.is_nonblocking_tls_socket(client), true)
  equal(rfc.tls_socket_recv(client, 10), false)
  equal(rfc.tls_socket_recv_into(client, {}, 0, 10), -1)
  local count
  repeat count = rfc.tls_socket_send(client, helper.bytes(100000)) until count == -1 or not count
  equal(count, -1)
  rfc.tls_socket_blocking(client)
  equal(rfc.tls_socket_recv(client, 10, rfc.MSG_DONTWAIT), false, "by a flag")
  server:close()
end)

test("flags that are unknown are refused", function()
  local client, server = pair()
  equal(select(3, rfc.tls_socket_recv(client, 10, 64)), "E_ARGUMENT")
  equal(select(3, rfc.tls_socket_send(server, "x", 64)), "E_ARGUMENT")
  equal(rfc.tls_socket_send(server, "x"), 1)
  equal(rfc.tls_socket_recv(client, 1), "x")
end)

test("recv into a table, and peek", function()
  local client, server = pair()
  rfc.tls_socket_send(client, "abc")
  equal(rfc.tls_socket_recv(server, 2, rfc.MSG_PEEK), "ab")
  local bytes = { 1, 2, 3, 4, 5 }
  equal(rfc.tls_socket_recv_into(server, bytes, 1, 3), 3)
  equal(table.concat(bytes, " "), "1 97 98 99 5")
end)

test("read timeouts are in milliseconds", function()
  local client, server = pair()
  equal(rfc.tls_socket_get_read_timeout(client), 10000)
  assert(rfc.tls_socket_set_read_timeout(client, 200))
  equal(rfc.tls_socket_get_read_timeout(client), 200)
  local took, data, word, code = helper.timed(rfc.tls_socket_recv, client, 1)
  equal(data, nil)
  equal(word, "timeout")
  equal(code, "E_TIMEOUT")
  helper.on_time(took, 0.2)
  rfc.tls_socket_set_read_timeout(client, 0)
  server:close()
  equal(rfc.tls_socket_get_read_timeout(client), 0)
end)

test("versions pin, protocols and names are asked for", function()
  local client, server = pair({
    version = rfc.tls_version_1_2,
    hello_extensions = {
      rfc.make_hello_extension(65280, "mine"),
      rfc.make_server_name_indication { "server.test" }, rfc.make_protocol_name_list { "h2", "http/1.1" },
    },
  }, { alpn = { "http/1.1" } })
  equal(client:info "protocol", "TLSv1.2")
  equal(rfc.tls_socket_selected_alpn(client), "http/1.1")
  equal(server:sni(), "server.test")
  equal(rfc.tls_socket_selected_alpn(pair()), false)
  raises("no tls version", rfc.make_client_tls_socket, "localhost", "1", { version = 42 })
  equal(rfc.tls_version_1_3, 0x0304)
  equal(rfc.tls_version_1_1, 0x0302)
  equal(rfc.tls_version_1_0, 0x0301)
end)

test("a handshake by hand takes extensions, and raises no error when told so", function()
  local listener = assert(rfc.make_server_tls_socket("0", certificates "server", { private_key = key "server" }))
  local client = client_to(listener)
  client:settimeout(0)
  equal(select(2, rfc.tls_client_handshake(client, {
    hello_extensions = { rfc.make_server_name_indication { "other.test" } } })), "wantread")
  local server = rfc.tls_socket_accept(listener, { handshake = false })
  server:settimeout(0)
  equal(rfc.tls_server_handshake(server, { raise_error = false }), false)
  local first = helper.shake(client, server)
  equal(first[3], "E_VERIFY", "the name is checked")
  rfc.socket_nonblocking(listener)
  equal(rfc.tls_socket_accept(listener, { raise_error = false }), false)
end)

test("verifiers get depth, verdict and DER", function()
  local depths = {}
  local client = pair { certificate_verifier = function(depth, trusted, der)
    depths[#depths + 1] = depth
    return trusted and type(der) == "string"
  end }
  equal(depths[#depths], 0)
  equal(rfc.tls_socket_peer_certificate(client):der(), helper.read "server.der")
  pair { certificate_verifier = true }
  pair { certificate_verifier = false, authorities = {} }
end)

test("client certificates, given and by a callback", function()
  local asking = { authorities = { helper.read "ca.pem" }, client_certificate_required = true }
  local _, server = pair({ certificates = certificates "client", private_key = key "client" }, asking)
  matches(rfc.tls_socket_peer_certificate(server):subject(), "client")
  asking = { authorities = { helper.read "ca.pem" }, client_certificate_required = true,
             private_key = key "server" }
  local listener = assert(rfc.make_server_tls_socket("0", certificates "server", asking))
  local client = client_to(listener)
  assert(rfc.tls_socket_client_certificate_callback_set(client, function(socket)
    equal(socket, client)
    local chain = certificates "client"
    return key "client", chain[1], chain[2]
  end))
  server = rfc.tls_socket_accept(listener, { handshake = false })
  assert(helper.shake(client, server)[1])
  matches(rfc.tls_socket_peer_certificate(server):subject(), "client")
  equal(rfc.tls_socket_peer_certificate(pair()) == false, false)
end)

test("neither certificate nor key: a throw-away identity that a client refuses", function()
  local listener = assert(rfc.make_server_tls_socket("0", {}, {}))
  local client = client_to(listener)
  local server = rfc.tls_socket_accept(listener, { handshake = false })
  equal(helper.shake(client, server)[3], "E_VERIFY")
  raises("stands without", rfc.make_server_tls_socket, "0", certificates "server", {})
end)

test("a listener for each family", function()
  local listeners = assert(rfc.make_server_tls_sockets("0", certificates "server", { private_key = key "server" }))
  assert(#listeners >= 1)
  for _, listener in ipairs(listeners) do assert(rfc.tls_socket_info(listener).port > 0) end
end)

test("listeners of either kind are shut down, then closed", function()
  local plain = assert(rfc.make_server_socket("0"))
  local tls = assert(rfc.make_server_tls_socket("0", certificates "server", { private_key = key "server" }))
  for _, listener in ipairs { plain, tls } do
    assert(rfc.socket_shutdown(listener, rfc.SHUT_RDWR))
    equal(select(2, rfc.socket_accept(listener)), "closed")
    assert(rfc.socket_close(listener))
  end
end)

test("who is there", function()
  local client, server, listener = pair()
  equal(rfc.tls_socket_node(client), "localhost")
  equal(rfc.tls_socket_service(client), port_of(listener))
  equal(rfc.tls_socket_node(server), false)
  local peer, own = rfc.tls_socket_peer(client), rfc.tls_socket_info(server)
  equal(peer.port, own.port)
  equal(rfc.tls_socket_peer(listener), false)
  local host, ip, port = rfc.tls_socket_info_values(client)
  equal(ip, peer.ip_address)
  equal(port, peer.port)
  assert(host)
  equal(select(3, rfc.tls_socket_info_values(client, "info")), rfc.tls_socket_info(client).port)
  matches(rfc.tls_socket_name(client), ":" .. rfc.tls_socket_info(client).port .. "$")
  raises("neither", rfc.tls_socket_info_values, client, "both")
end)

test("call_with closes on every way out", function()
  local client = pair()
  local a, b = rfc.call_with_tls_socket(client, function(socket) return socket:node(), nil end)
  equal(a, "localhost")
  equal(b, nil)
  equal(rfc.tls_socket_closed(client), true)
  client = pair()
  local mine = {}
  local ok, message = pcall(rfc.call_with_tls_socket, client, function() error(mine) end)
  equal(ok, false)
  equal(message, mine)
  equal(rfc.tls_socket_closed(client), true)
end)

test("ports are streams", function()
  local client, server = pair()
  local output, input = rfc.tls_socket_output_port(client), rfc.tls_socket_input_port(server)
  output:write("a line\n"):close()
  equal(input:read "l", "a line")
  equal(rfc.tls_socket_closed(client), false)
  rfc.tls_socket_port(client):close()
  equal(rfc.tls_socket_closed(client), true)
end)

test("the same names work on plain sockets, and TLS begins there", function()
  local listener = assert(rfc.make_server_socket("0"))
  local client = assert(rfc.make_client_socket("127.0.0.1", tostring(rfc.socket_info(listener).port)))
  local server = assert(rfc.socket_accept(listener))
  assert(rfc.is_socket(client) and not rfc.is_tls_socket(client))
  equal(rfc.socket_send(client, "plain"), 5)
  equal(rfc.socket_recv(server, 100), "plain")
  equal(rfc.socket_peer(client).port, rfc.socket_info(server).port)
  matches(rfc.socket_name(client), "^127.0.0.1:%d+$")
  equal(rfc.socket_node(client), "127.0.0.1")
  local inner = assert(rfc.socket_to_tls_socket(client, {
    handshake = false, server_name = "server.test", authorities = { helper.read "ca.pem" },
  }))
  local outer = assert(rfc.socket_to_tls_socket(server, {
    client_socket = false, handshake = false, certificates = certificates "server", private_key = key "server",
  }))
  assert(helper.shake(inner, outer)[1])
  equal(rfc.socket_send(inner, "secret"), 6)
  equal(rfc.socket_recv(outer, 100), "secret")
  equal(rfc.is_socket(rfc.tls_socket_raw_socket(inner)), true)
  equal(rfc.socket_close(inner), 1)
  equal(rfc.call_with_socket(listener, function() return "done" end), "done")
  equal(rfc.socket_closed(listener), true)
end)

test("select over plain and TLS sockets", function()
  local client, server, listener = pair()
  equal(#rfc.socket_read_select(0, server, listener), 0)
  rfc.tls_socket_send(client, "x")
  local ready = rfc.socket_read_select(10000, server, listener)
  equal(#ready, 1)
  equal(ready[1], server)
  equal(rfc.socket_write_select(false, client)[1], client)
  equal(#rfc.socket_error_select(0, client, server), 0)
end)

helper.finish()
