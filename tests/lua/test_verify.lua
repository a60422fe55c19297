-- Is nobody trusted who should not be, and does the program's own verdict count?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

-- ---- bad servers ----

local function refuses(name, options, reason)
  local s, peer, message, code = helper.to_peer(options, "echo", name)
  equal(s, nil, "socket")
  equal(code, "E_VERIFY", "code")
  local detail = rfctls.last_error()
  equal(detail.reason, reason, "reason of '" .. message .. "'")
  equal(detail.message, message, "message")
  equal(detail.status, "E_VERIFY", "status")
  equal(detail.origin, "rfctls_socket_handshake", "origin")
  matches(helper.last_words(peer), "^failed ") -- before any application byte
  return message
end

local bad = {
  { "expired", "EXPIRED", "expired" },
  { "not-yet-valid", "NOT_YET_VALID", "valid" },
  { "wrong-name", "NAME", "server%.test" },
  { "wrong-ca", "ISSUER", "issued by" },
  { "self-signed", "SELF_SIGNED", "self.signed" },
  { "cn-only", "NAME", "server%.test" },
  { "star", "NAME", "server%.test" },
  { "client-eku", "PURPOSE", "." },
  { "weak-rsa", "WEAK", "." },
  { "sha1", "WEAK", "." },
  { "missing-intermediate", "ISSUER", "issued by" },
  { "critical-extension", "EXTENSION", "." },
  { "leaf-as-ca", "CONSTRAINT", "ca certificate" },
  { "nul-san", "NAME", "server%.test" },
}

for _, case in ipairs(bad) do
  local name, reason, says = case[1], case[2], case[3]
  test(("a server whose certificate is %s is refused"):format(name), function()
    matches(refuses(name, {}, reason), says)
  end)
end

test("an IP address that stands as a DNS name is refused", function()
  local message = refuses("ip-under-dns", { server_name = "127.0.0.1" }, "NAME")
  matches(message, "127%.0%.0%.1")
end)

test("the host connected to is the name that is checked", function()
  local peer = helper.peer("echo", "ip-under-dns")
  local options = helper.client_options()
  options.server_name = nil
  local s, _, code = rfctls.connect("127.0.0.1", peer:read("*l"), options)
  equal(s, nil)
  equal(code, "E_VERIFY", "code")
  equal(rfctls.last_error().reason, "NAME", "reason")
  peer:close()
end)

for name, reason in pairs { ["server.crl"] = "REVOKED", ["issuer.crl"] = "REVOKED", ["outdated.crl"] = "OTHER" } do
  test(("with %s the server is refused"):format(name), function()
    refuses("server", { crl = helper.read(name) }, reason)
    refuses("server", { crlfile = helper.pki(name) }, reason)
  end)
end

test("a server that no list names is accepted", function()
  for _, options in ipairs {
    { crl = helper.read "none.crl" }, { crl = helper.read "none.crl.der" }, { crlfile = helper.pki "none.crl" },
    { crl = { helper.read "none.crl" } },
  } do
    local s, peer, message = helper.to_peer(options, "echo", "server")
    assert(s, message)
    s:close()
    peer:close()
  end
end)

test("a revocation list that is not complete is refused by name", function()
  for name, word in pairs {
    ["delta.crl"] = "deltaCRLIndicator", ["delta.crl.der"] = "deltaCRLIndicator",
    ["reasons.crl"] = "onlySomeReasons", ["critical-entry.crl"] = "1.3.6.1.4.1.55555.2",
  } do
    for option, value in pairs { crl = helper.read(name), crlfile = helper.pki(name) } do
      local config, message, code = rfctls.config { [option] = value }
      equal(config, nil, name)
      equal(code, "E_UNSUPPORTED", message)
      assert(message:find(word, 1, true), message)
    end
  end
end)

test("a chain ends at a leaf that is trusted, unless told otherwise", function()
  local leaf = helper.pki "server.pem"
  refuses("server", { cafile = leaf, partial_chain = false }, "ISSUER")
  for _, options in ipairs { { cafile = leaf }, { partial_chain = false } } do
    local s, peer, message = helper.to_peer(options, "echo", "server")
    assert(s, message)
    s:close()
    peer:close()
  end
end)

test("a name with a trailing dot is the same name", function()
  local s, peer, message = helper.to_peer({ server_name = "server.test." }, "echo", "server")
  assert(s, message)
  s:close()
  peer:close()
end)

test("nobody is trusted without an authority", function()
  local peer = helper.peer("echo", "server")
  local s, message, code = rfctls.connect("127.0.0.1", peer:read("*l"), { server_name = "server.test" })
  equal(s, nil)
  equal(code, "E_VERIFY", message)
  matches(helper.last_words(peer), "^failed ")
end)

test("the named dangers are what they are called", function()
  local s, peer, message = helper.to_peer({ insecure_skip_verify = true }, "echo", "self-signed")
  assert(s, message)
  s:close()
  peer:close()
  s, peer, message = helper.to_peer({ verify = false }, "echo", "wrong-ca")
  assert(s, message)
  s:close()
  peer:close()
  s, peer, message = helper.to_peer({ insecure_skip_name_check = true }, "echo", "wrong-name")
  assert(s, message)
  s:close()
  peer:close()
  refuses("self-signed", { insecure_skip_name_check = true }, "SELF_SIGNED")
end)

-- ---- the program's own verdict ----

test("a verifier sees every certificate from the root to the leaf", function()
  local seen = {}
  local client = helper.pair({
    verify = function(depth, trusted, cert, text)
      seen[#seen + 1] = { depth = depth, trusted = trusted, subject = cert:subject(), text = text }
      return true
    end,
  })
  assert(#seen >= 2)
  for i, finding in ipairs(seen) do
    equal(finding.depth, #seen - i, "depth")
    equal(finding.trusted, true, "trusted")
    equal(finding.text, "", "text")
  end
  equal(seen[#seen].subject, client:getpeercertificate():subject(), "leaf")
end)

test("a verifier hears what is wrong, and may accept it", function()
  local reasons = {}
  local s, peer, message = helper.to_peer({
    verify = function(depth, trusted, _, text)
      if not trusted then reasons[#reasons + 1] = depth .. ": " .. text end
      return true
    end,
  }, "echo", "expired")
  assert(s, message)
  equal(#reasons, 1, "refusals")
  matches(reasons[1], "^0: .*expired")
  s:close()
  peer:close()
  refuses("expired", {}, "EXPIRED") -- once: the next connection is judged anew
end)

test("a certificate that a verifier was given outlives the question", function()
  local kept
  local client = helper.pair({
    verify = function(_, _, cert) kept = cert return true end,
  })
  collectgarbage()
  equal(kept:der(), client:getpeercertificate():der())
end)

for _, verdict in ipairs { false, "nothing", 1, "yes" } do
  test(("only true accepts, %s does not"):format(tostring(verdict)), function()
    local calls = 0
    local s, peer, message, code = helper.to_peer({
      verify = function()
        calls = calls + 1
        if verdict ~= "nothing" then return verdict end
      end,
    }, "echo", "server")
    equal(s, nil, "socket")
    equal(code, "E_VERIFY", message)
    equal(rfctls.last_error().reason, "REFUSED", "reason")
    equal(calls, 1, "the first refusal ends it: calls")
    matches(helper.last_words(peer), "^failed ")
  end)
end

test("a verifier that raises fails the handshake with its own error", function()
  local mine = {}
  local peer = helper.peer("echo", "server")
  local port = peer:read("*l")
  local ok, caught = pcall(rfctls.connect, "127.0.0.1", port, helper.client_options {
    verify = function() error(mine) end,
  })
  equal(ok, false, "ok")
  equal(caught, mine, "the error")
  matches(helper.last_words(peer), "^failed ")
end)

test("that socket is closed", function()
  local client, server = helper.strangers { verify = function() error "no" end }
  local ok, message = pcall(helper.shake, client, server)
  equal(ok, false, "ok")
  matches(message, "no$")
  local _, word, code = client:dohandshake()
  equal(word, "closed")
  equal(code, "E_CLOSED")
end)

test("a verifier may yield", function()
  local seen = {}
  local peer = helper.peer("echo", "server")
  local port = peer:read("*l")
  local thread = coroutine.create(function()
    local s, message = rfctls.connect("127.0.0.1", port, helper.client_options {
      verify = function(depth)
        seen[#seen + 1] = coroutine.yield("verdict for", depth)
        return true
      end,
    })
    assert(s, message)
    assert(s:send("after\n"))
    local line = s:receive()
    s:close()
    return line
  end)
  local ok, question, depth = coroutine.resume(thread)
  local asked = 0
  while coroutine.status(thread) == "suspended" do
    equal(question, "verdict for")
    asked = asked + 1
    collectgarbage()
    ok, question, depth = coroutine.resume(thread, "answer " .. depth)
  end
  equal(ok, true, tostring(question))
  equal(question, "after", "line")
  assert(asked >= 2)
  equal(seen[#seen], "answer 0", "what came back")
  peer:close()
end)

test("a verifier may yield, and then raise or refuse", function()
  for _, finish in ipairs { function() error("later", 0) end, function() return false end } do
    local client, server = helper.strangers {
      verify = function()
        coroutine.yield()
        return finish()
      end,
    }
    local thread = coroutine.create(function() return helper.shake(client, server) end)
    assert(coroutine.resume(thread))
    local ok, result = coroutine.resume(thread)
    if ok then
      equal(result[3], "E_VERIFY", "code")
    else
      equal(result, "later", "error")
    end
  end
end)

test("a socket dropped while its verifier is suspended is collected", function()
  local before = helper.descriptors()
  for _ = 1, 5 do
    local client, server = helper.strangers { verify = function() coroutine.yield() end }
    local thread = coroutine.create(function() return helper.shake(client, server) end)
    assert(coroutine.resume(thread))
  end
  equal(helper.descriptors(), before, "descriptors")
end)

test("a verifier may close its own socket", function()
  local client, server
  client, server = helper.strangers {
    verify = function()
      client:close()
      return true
    end,
  }
  local first = helper.shake(client, server)
  equal(first[1], nil)
  equal(first[2], "closed", "word")
  equal(client:close(), 1)
end)

test("two handshakes at once each get their own verdict", function()
  local yes, first = helper.strangers { verify = function() return true end }
  local no, second = helper.strangers { verify = function() return false end }
  for _, s in ipairs { yes, first, no, second } do s:settimeout(0) end
  local results, limit = {}, rfctls.clock() + 10
  repeat
    for _, s in ipairs { yes, no, first, second } do
      if not results[s] then
        local ok, word, code = s:dohandshake()
        if ok or (word ~= "wantread" and word ~= "wantwrite") then results[s] = code or "fine" end
      end
    end
  until (results[yes] and results[no]) or rfctls.clock() > limit
  equal(results[yes], "fine")
  equal(results[no], "E_VERIFY")
end)

test("a server's verifier judges its clients", function()
  local identity = { certfile = helper.pki "client.pem", keyfile = helper.pki "client.key" }
  local subject
  local _, server = helper.pair(identity, {
    cafile = helper.pki "ca.pem",
    verify = function(depth, trusted, cert)
      if depth == 0 then subject = cert:subject() end
      return trusted
    end,
  })
  matches(subject, "client")
  equal(server:getpeercertificate():subject(), subject)
  local client, refusing = helper.strangers(identity, {
    cafile = helper.pki "ca.pem", verify = function() return false end,
  })
  local _, second = helper.shake(client, refusing)
  equal(second[3], "E_VERIFY", "server's code")
end)

test("a required certificate is required though any will do", function()
  local options = { peer_certificate = "required", insecure_skip_verify = true }
  for _, name in ipairs { "client", "client-other-ca", "self-signed", "server" } do
    local client, server = helper.pair(helper.server_options(name), options)
    equal(server:getpeercertificate():der(), assert(rfctls.chain(helper.read(name .. ".pem"))):certificates()[1]:der())
    client:close()
    server:close()
  end
  local client, server = helper.strangers({}, options)
  local _, second = helper.shake(client, server)
  equal(second[3], "E_VERIFY", "server's code")
  matches(second[2], "sent no certificate")
end)

test("a config serves many sockets, one verifier each time", function()
  local calls = 0
  local config = assert(rfctls.config(helper.client_options {
    verify = function() calls = calls + 1 return true end,
  }))
  local each
  for i = 1, 3 do
    local peer = helper.peer("echo", "server")
    local s = assert(rfctls.connect("127.0.0.1", peer:read("*l"), config))
    s:close()
    peer:close()
    each = each or calls
    equal(calls, each * i, "calls")
  end
end)

helper.finish()
