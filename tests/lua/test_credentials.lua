-- Are certificates, keys and identities read from every form, and damaged ones refused?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local rfctls = require "rfctls"
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches
local read, pki = helper.read, helper.pki

local function refused(code, value, message, got)
  equal(value, nil, "value")
  assert(type(message) == "string" and #message > 0, "a message")
  equal(got, code, "code of '" .. message .. "'")
end

test("a certificate is read from PEM and from DER, and is the same", function()
  local pem = assert(rfctls.certificate(read "server.pem"))
  local der = assert(rfctls.certificate(read "server.der"))
  equal(pem:der(), read "server.der", "der")
  equal(der:subject(), pem:subject(), "subject")
  matches(pem:subject(), "cn=")
  matches(pem:issuer(), "cn=")
  assert(pem:not_before() < os.time() and os.time() < pem:not_after())
end)

test("dates are whole numbers", function()
  local cert = assert(rfctls.certificate(read "server.pem"))
  matches(cert:not_after(), "^%d+$")
end)

test("damaged certificates are refused", function()
  refused("E_PARSE", rfctls.certificate "")
  refused("E_PARSE", rfctls.certificate "garbage")
  refused("E_PARSE", rfctls.certificate(read "server.der" .. "x"))
  refused("E_PARSE", rfctls.chain(read "truncated.pem"))
  refused("E_PARSE", rfctls.chain(read "garbage.pem"))
  refused("E_PARSE", rfctls.chain(read "one-bad-ca.pem"))
end)

test("a chain keeps its order, and takes certificates too", function()
  local chain = assert(rfctls.chain(read "server.pem"))
  local list = chain:certificates()
  equal(list[1]:der(), read "server.der", "leaf")
  local single = assert(rfctls.chain(list[1]))
  equal(#single:certificates(), 1, "length")
  equal(rfctls.chain(chain), chain, "a chain of a chain")
  equal(#assert(rfctls.chain_file(pki "server.pem")):certificates(), #list, "length from the file")
  equal(#assert(rfctls.chain_file(pki "server.der")):certificates(), 1, "length from DER")
end)

test("keys are read from every form", function()
  for _, name in ipairs {
    "server.key", "server.key.der", "server-traditional.key", "server-traditional.key.der",
    "server-rsa-traditional.key", "server-rsa-traditional.key.der", "server-ed25519.key",
  } do
    assert(rfctls.key(read(name)), name)
    assert(rfctls.key_file(pki(name)), name)
  end
end)

test("encrypted keys need their passphrase, and never ask a terminal", function()
  for _, name in ipairs { "server-encrypted.key", "server-traditional-encrypted.key" } do
    assert(rfctls.key(read(name), "secret"))
    assert(rfctls.key_file(pki(name), "secret"))
    refused("E_PARSE", rfctls.key(read(name)))
    refused("E_PARSE", rfctls.key(read(name), "wrong"))
  end
  assert(rfctls.key_file(pki "server-encrypted.key.der", "secret"))
end)

test("an identity is read from PKCS#12 and from one PEM text", function()
  assert(rfctls.identity(read "server.p12", "secret"))
  assert(rfctls.identity_file(pki "server.p12", "secret"))
  assert(rfctls.identity(read "server-nopass.p12"))
  local both = assert(rfctls.identity_file(pki "both.pem"))
  equal(both.chain:certificates()[1]:der(), read "server.der", "leaf")
  refused("E_PARSE", rfctls.identity(read "server.p12", "wrong"))
  refused("E_PARSE", rfctls.identity(read "server.p12"))
  refused("E_IDENTITY", rfctls.identity(read "server.pem"))
end)

test("a throw-away identity is made for a name", function()
  local identity = assert(rfctls.self_signed "server.test")
  matches(identity.chain:certificates()[1]:subject(), "server.test")
end)

test("files that cannot be read say so, in time", function()
  refused("E_SYSTEM", rfctls.chain_file(pki "no-such-file.pem"))
  matches(select(2, rfctls.chain_file(pki "no-such-file.pem")), "no%-such%-file")
  refused("E_SYSTEM", rfctls.chain_file(pki ""))
  refused("E_SYSTEM", rfctls.key_file(pki "no-such-file.key"))
  refused("E_SYSTEM", rfctls.identity_file(pki "no-such-file.p12"))
end)

test("a key that is not the certificate's is refused at once", function()
  refused("E_IDENTITY", rfctls.config {
    certfile = pki "server.pem", keyfile = pki "client.key", role = "server",
  })
end)

-- The rows of tests/parity/loading.tsv, each as a list of its cells; "-" is nil.
local function rows()
  local lines = io.lines(os.getenv "RFCTLS_SOURCE_DIR" .. "/tests/parity/loading.tsv")
  lines()
  return function()
    local line, row, place = lines(), {}, 0
    for cell in (line or ""):gmatch "[^\t]+" do
      place = place + 1
      row[place] = cell ~= "-" and cell or nil
    end
    return line and row
  end
end

local loaders = {
  chain = { rfctls.chain, rfctls.chain_file }, key = { rfctls.key, rfctls.key_file },
  identity = { rfctls.identity, rfctls.identity_file },
}

local ways_out = { legacy = "openssl-provider-legacy", ["ml-dsa"] = "ML-DSA-44, which needs OpenSSL 3.5" }

test("files of every maker are what the table says", function()
  local seen = 0
  for row in rows() do
    local name, kind, passphrase, alias, answer, count, words, needs = (table.unpack or unpack)(row, 1, 8)
    for way, source in ipairs { read(name), pki(name) } do
      local value, message, code = loaders[kind][way](source, passphrase, alias)
      if value then
        equal(answer, "OK", name)
        local chain = value.chain or value
        if count then equal(#chain:certificates(), tonumber(count), name) end
      elseif not (needs and ways_out[needs] and message:find(ways_out[needs], 1, true)) then
        equal(code, answer, name .. ": " .. message)
        assert(not words or message:find(words, 1, true), message)
      end
    end
    seen = seen + 1
  end
  assert(seen > 60, seen)
end)

test("authorities come from a truststore", function()
  assert(rfctls.config { ca = assert(rfctls.chain_file(pki "ca.p12", "secret")) })
  assert(rfctls.config { cafile = pki "ca.p7b" })
  refused("E_PARSE", rfctls.config { cafile = pki "ca.p12" })
  local both = assert(rfctls.chain { read "server.pem", read "ca.p7b" })
  equal(#both:certificates(), 3, "a list keeps all of each")
end)

test("options take credentials as files, bytes and objects", function()
  local chain, key = assert(rfctls.chain(read "server.pem")), assert(rfctls.key(read "server.key"))
  for _, options in ipairs {
    { certfile = pki "server.pem", keyfile = pki "server.key" },
    { certfile = pki "server.pem", keyfile = pki "server-encrypted.key", passphrase = "secret" },
    { certificate = read "server.pem", key = read "server.key" },
    { certificate = chain, key = key },
    { identity = assert(rfctls.identity_file(pki "server.p12", "secret")) },
  } do
    options.role = "server"
    assert(rfctls.config(options))
    assert(rfctls.config(options)) -- and once more
  end
  for _, ca in ipairs { read "ca.pem", assert(rfctls.certificate(read "ca.pem")), chain } do
    assert(rfctls.config { ca = ca })
  end
end)

test("half an identity is a mistake, and raised", function()
  helper.raises("other half", rfctls.config, { certfile = pki "server.pem" })
  helper.raises("other half", rfctls.config, { key = read "server.key" })
end)

test("a server without an identity says so", function()
  refused("E_IDENTITY", rfctls.listen("127.0.0.1", 0))
end)

helper.finish()
