-- A failure says what to do about it, in Lua's words; and an option of another library, what it is called here.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local hints = require "rfctls.hints"
local test, equal, raises = helper.test, helper.equal, helper.raises

local function has(text, part)
  if not tostring(text):find(part, 1, true) then
    error(("'%s' does not have '%s'"):format(tostring(text), part), 2)
  end
end

-- What failed with nil, message, code: the message ends in the hint, which has a part.
local function hinted(part, code, value, message, got)
  equal(value, nil, "value")
  equal(got, code, "code of " .. tostring(message))
  local last = rfctls.last_error()
  has(last.hint, part)
  has(message, "(" .. last.hint .. ")")
end

local refused = {
  { "wrong-ca", {}, 'cafile = "ca.pem"' }, { "self-signed", {}, 'cafile = "cert.pem"' },
  { "wrong-name", {}, 'server_name = "..."' }, { "expired", {}, "renew" }, { "not-yet-valid", {}, "clock" },
}

for _, case in ipairs(refused) do
  test(("a server whose certificate is %s: what to do"):format(case[1]), function()
    local s, peer, message, code = helper.to_peer(case[2], "echo", case[1])
    hinted(case[3], "E_VERIFY", s, message, code)
    peer:close()
  end)
end

test("a truncated end names the option that takes it", function()
  local s, peer = helper.to_peer({}, "say", "5", "cut")
  local _, word, _, code = s:receive(100)
  equal(word, "truncated")
  equal(code, "E_TRUNCATED")
  has(s:lasterror().hint, "allow_truncation = true")
  s:abort()
  peer:close()
end)

test("a handshake that is still to come is named", function()
  local client = helper.strangers()
  local value, message, _, code = client:send("early")
  hinted("dohandshake()", "E_STATE", value, message, code)
  client:abort()
end)

test("a peer without TLS says where to look", function()
  local listener = assert(rfctls.plain.listen("127.0.0.1", 0))
  local _, port = listener:getsockname()
  local client = assert(rfctls.connect("127.0.0.1", port, { handshake = false }))
  local server = assert(listener:accept())
  assert(server:send "220 mail.test ESMTP\r\n")
  hinted("STARTTLS", "E_PROTOCOL", client:dohandshake())
  server:close()
end)

test("a key that does not fit, and a server without any", function()
  hinted("first certificate", "E_IDENTITY", rfctls.listen("127.0.0.1", 0, {
    certfile = helper.pki "server.pem", keyfile = helper.pki "client.key" }))
  hinted("certfile =", "E_IDENTITY", rfctls.listen("127.0.0.1", 0, {}))
  hinted("keyfile =", "E_IDENTITY", rfctls.identity_file(helper.pki "server.pem"))
end)

test("a passphrase that is missing or wrong", function()
  for name, load in pairs { ["server.p12"] = rfctls.identity_file, ["server-encrypted.key"] = rfctls.key_file } do
    hinted("passphrase =", "E_PARSE", load(helper.pki(name)))
    hinted("encoding", "E_PARSE", load(helper.pki(name), "wrong"))
  end
end)

test("PEM text where a path is due, and a path where bytes are due", function()
  for _, load in ipairs { rfctls.chain_file, rfctls.key_file, rfctls.identity_file } do
    local value, message, code = load(helper.read "server.key")
    hinted("PEM text as ca", "E_ARGUMENT", value, message, code)
    if message:find("BEGIN", 1, true) then error("a key is shown: " .. message) end
  end
  for _, load in ipairs { rfctls.chain, rfctls.key, rfctls.identity } do
    hinted("cafile, certfile, keyfile", "E_PARSE", load(helper.pki "server.pem"))
  end
  hinted("cafile, certfile, keyfile", "E_PARSE", rfctls.config { ca = helper.pki "ca.pem" })
end)

test("what is clear without one has no hint", function()
  local _, message = rfctls.chain_file "/no/such/file"
  equal(rfctls.last_error().hint, nil)
  if message:find("(", 1, true) then error(message) end
end)

test("an option of another library is told what it is called here", function()
  for option, part in pairs { password = "passphrase =", ssl = "leave it out", servername = "server_name =",
                              authorities = "cafile =", check_hostname = "insecure_skip_name_check = true" } do
    raises("option '" .. option .. "' is unknown.*" .. part:gsub("%p", "%%%0"), rfctls.config, { [option] = "x" })
    raises("option '" .. option .. "' is unknown.*" .. part:gsub("%p", "%%%0"),
           rfctls.connect, "127.0.0.1", 1, { [option] = "x" })
    raises("option '" .. option .. "' is unknown", rfctls.plain.connect, "127.0.0.1", 1, { [option] = "x" })
  end
  raises("option 'no_such' is unknown$", rfctls.config, { no_such = 1 })
end)

test("what the hints name is there", function()
  local all = {}
  for _, hint in ipairs(hints.failures) do all[#all + 1] = hint[4] end
  for name, hint in pairs(hints.habits) do
    raises("is unknown", rfctls.config, { [name] = "x" })
    all[#all + 1] = hint
  end
  for _, hint in ipairs(all) do
    for option in hint:gmatch "([%l_]+) = " do
      local _, told = pcall(rfctls.config, { [option] = io.stdout })
      if tostring(told):find("is unknown", 1, true) then error(option .. " is no option: " .. hint) end
    end
    for name in hint:gmatch "rfctls%.([%l_]+)" do
      if rfctls[name] == nil then error(name .. " is not there: " .. hint) end
    end
  end
end)

helper.finish()
