-- What a program's verifier may answer, and what makes a socket lax: the lists of tests/parity, at every
-- entrance and in both roles.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local rfc = require "rfctls.rfc"
local helper = require "helper"
local test, equal, raises = helper.test, helper.equal, helper.raises

-- The rows of a table without its head, as lists of cells.
local function rows_of(path)
  local rows = {}
  for line in io.lines(path) do
    local cells = {}
    for cell in (line .. "\t"):gmatch "([^\t]*)\t" do cells[#cells + 1] = cell end
    rows[#rows + 1] = cells
  end
  table.remove(rows, 1)
  assert(#rows > 3)
  return rows
end

local function evaluate(text)
  return assert((loadstring or load)("return " .. text))
end

local ca = assert(rfctls.chain(helper.read "ca.pem")):certificates()

local function identity_options(name, more)
  local options = helper.server_options(name, more)
  options.handshake = false
  return options
end

-- What to call with a verifier, and for a server with the port to listen on.
local clients = {
  ["rfctls"] = function(port, verifier)
    return rfctls.connect("127.0.0.1", port, identity_options("client", helper.client_options { verify = verifier }))
  end,
  ["rfctls.rfc"] = function(port, verifier)
    return rfc.make_client_tls_socket("127.0.0.1", port, identity_options("client", {
      authorities = ca, certificate_verifier = verifier,
      hello_extensions = { rfc.make_server_name_indication { "server.test" } },
    }))
  end,
}

local servers = {
  ["rfctls"] = function(verifier)
    return rfctls.listen("127.0.0.1", 0, identity_options("server", {
      cafile = helper.pki "ca.pem", peer_certificate = "required", verify = verifier,
    }))
  end,
  ["rfctls.rfc"] = function(verifier)
    return rfc.make_server_tls_socket("0", nil, identity_options("server", {
      authorities = ca, client_certificate_required = true, certificate_verifier = verifier,
    }))
  end,
}

local function yes() return true end

-- What the end under test made of the answer: true, or its code, or "raised".
local function outcome(connect, listen, of_client, of_server, of_interest)
  local listener = assert(listen(of_server))
  local _, port = listener:getsockname()
  local client = assert(connect(port, of_client))
  local server = assert(listener:accept())
  local ok, first, second = pcall(helper.shake, client, server)
  local ends = { client = first, server = second }
  for _, s in ipairs { client, server, listener } do s:abort() end
  if not ok then return "raised" end
  return ends[of_interest][1] or ends[of_interest][3]
end

for _, row in ipairs(rows_of(helper.here .. "/../parity/answers.tsv")) do
  local answer, lua, accepted = row[1], row[3], row[6] == "yes"
  if lua ~= "-" then
    test(answer .. " is a " .. (accepted and "yes" or "no"), function()
      local verifier = evaluate(lua)
      local expected = accepted and true or answer == "raising" and "raised" or "E_VERIFY"
      for name, connect in pairs(clients) do
        equal(outcome(connect, servers[name], verifier, yes, "client"), expected, name .. ", client")
        equal(outcome(connect, servers[name], yes, verifier, "server"), expected, name .. ", server")
      end
    end)
  end
end

-- ---- laxness ----

-- Good ones, and one for each reason, the first.
local others = {
  { name = "server", role = "server" }, { name = "client", role = "client" },
  { role = "client", reason = "MISSING" }, { name = "server", role = "client", reason = "PURPOSE" },
}
local known = {}
for _, row in ipairs(rows_of(helper.pki "manifest.tsv")) do
  local kind = row[2] .. row[4]
  if row[3] == "bad" and row[2] ~= "data" and not known[kind] then
    known[kind] = true
    others[#others + 1] = { name = row[1], role = row[2], reason = row[4] }
  end
end

-- What the end in a role, which has these options, makes of the other's certificate; nil: it cannot be shown.
local function judged(role, options, other)
  local of_client = helper.client_options { handshake = false }
  local of_server = { handshake = false, cafile = helper.pki "ca.pem", peer_certificate = "required" }
  for name, value in pairs(options) do (role == "client" and of_client or of_server)[name] = value end
  for name, value in pairs(helper.server_options(role == "client" and other.name or "server")) do
    of_server[name] = value
  end
  local client_name = role == "client" and "client" or other.name
  for name, value in pairs(client_name and helper.server_options(client_name) or {}) do
    of_client[name] = value
  end
  local listener, _, code = rfctls.listen("127.0.0.1", 0, of_server)
  if not listener then
    equal(code, "E_IDENTITY", "a weak key")
    return nil
  end
  local _, port = listener:getsockname()
  local client = assert(rfctls.connect("127.0.0.1", port, of_client))
  local server = assert(listener:accept())
  local first, second = helper.shake(client, server)
  for _, s in ipairs { client, server, listener } do s:abort() end
  local result = role == "client" and first or second
  if not result[1] then equal(result[3], "E_VERIFY", result[2]) end
  return result[1] == true
end

local function accepts(what, role, other)
  return not other.reason or what == other.reason or
         (other.reason ~= "MISSING" and (what == "all" or (what == "all of servers" and role == "client")))
end

for _, row in ipairs(rows_of(helper.here .. "/../parity/laxness.tsv")) do
  if row[3] ~= "-" then
    test("a socket is lax by name only: " .. row[1], function()
      for _, other in ipairs(others) do
        local role = other.role == "server" and "client" or "server"
        local result = judged(role, evaluate("{" .. row[3] .. "}")(), other)
        if result ~= nil then
          equal(result, accepts(row[6], role, other), role .. " about " .. (other.name or "nobody"))
        end
      end
    end)
  end
end

test("what is neither a boolean nor a function is no verifier", function()
  for _, bad in ipairs { 1, "no", {}, 0 } do
    for _, connect in pairs(clients) do raises("verif", connect, 1, bad) end
    for _, listen in pairs(servers) do raises("verif", listen, bad) end
  end
end)

test("a switch is a boolean", function()
  for _, name in ipairs {
    "insecure_skip_verify", "insecure_skip_name_check", "allow_truncation", "session_cache", "system_trust",
  } do
    for _, bad in ipairs { 1, 0, "no", {} } do raises(name, rfctls.config, { [name] = bad }) end
  end
end)

helper.finish()
