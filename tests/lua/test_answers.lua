-- What a program's verifier may answer: tests/parity/answers.tsv, at every entrance and in both roles.
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local rfc = require "rfctls.rfc"
local helper = require "helper"
local test, equal, raises = helper.test, helper.equal, helper.raises

local function columns(line)
  local cells = {}
  for cell in (line .. "\t"):gmatch "([^\t]*)\t" do cells[#cells + 1] = cell end
  return { answer = cells[1], lua = cells[3], accepted = cells[6] == "yes" }
end

local rows = {}
for line in io.lines(helper.here .. "/../parity/answers.tsv") do rows[#rows + 1] = columns(line) end
table.remove(rows, 1)
assert(#rows > 20)

local ca = assert(rfctls.chain(helper.read "ca.pem")):certificates()

local function identity_options(name, more)
  local options = helper.server_options(name, more)
  options.handshake = false
  return options
end

-- What to call with a verifier, and for a server with the port to listen on.
local clients = {
  ["rfctls.connect"] = function(port, verifier)
    return rfctls.connect("127.0.0.1", port, identity_options("client", helper.client_options { verify = verifier }))
  end,
  ["rfc.make_client_tls_socket"] = function(port, verifier)
    return rfc.make_client_tls_socket("127.0.0.1", port, identity_options("client", {
      authorities = ca, certificate_verifier = verifier,
      hello_extensions = { rfc.make_server_name_indication { "server.test" } },
    }))
  end,
}

local servers = {
  ["rfctls.listen"] = function(verifier)
    return rfctls.listen("127.0.0.1", 0, identity_options("server", {
      cafile = helper.pki "ca.pem", peer_certificate = "required", verify = verifier,
    }))
  end,
  ["rfc.make_server_tls_socket"] = function(verifier)
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

for _, row in ipairs(rows) do
  if row.lua ~= "-" then
    test(row.answer .. " is a " .. (row.accepted and "yes" or "no"), function()
      local verifier = assert((loadstring or load)("return " .. row.lua))
      local expected = row.accepted and true or row.answer == "raising" and "raised" or "E_VERIFY"
      for name, connect in pairs(clients) do
        for served_by, listen in pairs(servers) do
          local what = name .. " to " .. served_by
          equal(outcome(connect, listen, verifier, yes, "client"), expected, what .. ", client")
          equal(outcome(connect, listen, yes, verifier, "server"), expected, what .. ", server")
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
