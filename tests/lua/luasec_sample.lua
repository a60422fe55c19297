-- LuaSec's sample programs, oneshot and loop, as its documentation has them: luasec_sample.lua
-- server COUNT CERTIFICATE | client PORT COUNT [SERVERNAME]. Its folder of certificates is PKI.
--
-- test_luasec.lua runs it as it stands, with LuaSec, and with only the require changed.
local socket = require "socket"
local ssl = require "ssl"

local pki = os.getenv "RFCTLS_TEST_PKI"

local function server(count, certificate)
  local params = {
    mode = "server",
    protocol = "any",
    key = pki .. "/" .. certificate .. ".key",
    certificate = pki .. "/" .. certificate .. ".pem",
    cafile = pki .. "/ca.pem",
    verify = { "peer", "fail_if_no_peer_cert" },
    options = "all",
  }
  local ctx = assert(ssl.newcontext(params))
  local listener = socket.tcp()
  listener:setoption("reuseaddr", true)
  assert(listener:bind("127.0.0.1", 0))
  assert(listener:listen())
  print((select(2, listener:getsockname())))
  io.stdout:flush()
  for i = 1, tonumber(count) do
    local peer = assert(listener:accept())
    peer:settimeout(20)
    local conn = assert(ssl.wrap(peer, ctx))
    local ok, message = conn:dohandshake()
    if not ok then
      print("refused", message)
    else
      conn:send("one line " .. i .. "\n")
      print("heard", (conn:receive "*l"))
    end
    conn:close()
  end
end

local function client(port, count, name)
  local params = {
    mode = "client",
    protocol = "any",
    key = pki .. "/client.key",
    certificate = pki .. "/client.pem",
    cafile = pki .. "/ca.pem",
    verify = { "peer", "fail_if_no_peer_cert" },
    options = { "all", "no_sslv2", "no_sslv3" },
  }
  for _ = 1, tonumber(count) do
    local peer = socket.tcp()
    assert(peer:connect("127.0.0.1", tonumber(port)))
    local conn = assert(ssl.wrap(peer, params))
    if name then conn:sni(name) end
    local ok, message = conn:dohandshake()
    if not ok then
      print("refused", message)
    else
      local cert = conn:getpeercertificate()
      local subject = cert:subject()
      print(conn:info "protocol", subject[#subject].value, (conn:receive "*l"))
      conn:send "and back\n"
    end
    conn:close()
  end
end

local roles = { server = server, client = client }
roles[arg[1]](arg[2], arg[3], arg[4])
