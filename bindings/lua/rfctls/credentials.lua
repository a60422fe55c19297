-- Certificates, chains, private keys and identities, from memory and from files.
local native = require "rfctls.library"
local failure = require "rfctls.failure"

local must = failure.must

local credentials = {}

local Cert, Chain, Key, Session = native.cert, native.chain, native.key, native.session

-- Methods of a certificate: its DER bytes, its names as RFC 4514 text, its dates in Unix seconds, its
-- serial number and its SHA-256 in hexadecimal.
Cert.der = native.cert_der
Cert.subject = native.cert_subject
Cert.issuer = native.cert_issuer
Cert.not_before = native.cert_not_before
Cert.not_after = native.cert_not_after
Cert.serial = native.cert_serial
Cert.fingerprint = native.cert_fingerprint

-- Whether it is for a host name or an IP address. That says nothing about trust.
Cert.matches = native.cert_matches_name

local name_kinds = { [native.NAME_DNS] = "DNS", [native.NAME_IP] = "IP" }

-- Its alternative names: a list of { kind = "DNS" | "IP", name = text }.
function Cert:names()
  local list = {}
  for index = 0, native.cert_name_count(self) - 1 do
    list[index + 1] = {
      kind = name_kinds[native.cert_name_kind(self, index)], name = native.cert_name(self, index),
    }
  end
  return list
end

-- The certificates of a chain as a list, leaf first.
function Chain:certificates()
  local list = {}
  for index = 1, native.chain_count(self) do list[index] = native.chain_at(self, index - 1) end
  return list
end

-- A session as bytes to be saved. SECRET: who has them can read the session, and pretend to be its
-- client.
Session.bytes = native.session_bytes

local Identity = {}
Identity.__index = Identity

local function new_identity(status, chain, key)
  if status ~= native.OK then return nil, failure.tell(status) end
  return setmetatable({ chain = chain, key = key }, Identity)
end

-- One certificate, the first there is, from bytes of any form.
function credentials.certificate(data)
  return failure.value(native.cert_load(data))
end

-- A new chain of all certificates of a list of objects and bytes, leaf first.
local chain_of = failure.protect(function(list)
  local chain = must(native.chain_new())
  for _, source in ipairs(list) do
    local is_one = getmetatable(source) == Cert
    for _, cert in ipairs(is_one and { source } or must(native.chain_load(source, nil)):certificates()) do
      must(native.chain_add(chain, cert))
    end
  end
  return chain
end)

-- A chain, leaf first: from bytes (PEM, DER, PKCS#7, PKCS#12), a certificate, or a list of these.
function credentials.chain(source, passphrase)
  if getmetatable(source) == Chain then return source end
  if type(source) == "string" then return failure.value(native.chain_load(source, passphrase)) end
  return chain_of(type(source) == "table" and source or { source })
end

-- The same for a file.
function credentials.chain_file(path, passphrase)
  return failure.value(native.chain_from_file(path, passphrase))
end

-- A private key from bytes of any form, perhaps encrypted.
function credentials.key(source, passphrase)
  if getmetatable(source) == Key then return source end
  return failure.value(native.key_load(source, passphrase))
end

-- The same for a file.
function credentials.key_file(path, passphrase)
  return failure.value(native.key_from_file(path, passphrase))
end

-- A chain and its key, both in one PEM text or PKCS#12; alias chooses one of several keys of that.
function credentials.identity(data, passphrase, alias)
  return new_identity(native.identity_load(data, passphrase, alias))
end

-- The same for a file.
function credentials.identity_file(path, passphrase, alias)
  return new_identity(native.identity_from_file(path, passphrase, alias))
end

-- A throw-away identity, which nobody trusts unless told to.
function credentials.self_signed(name)
  return new_identity(native.identity_self_signed(name))
end

-- An identity of a chain and a key that were loaded apart.
function credentials.pair(chain, key)
  return new_identity(native.OK, chain, key)
end

-- The session that such bytes were.
function credentials.session(bytes)
  return failure.value(native.session_from_bytes(bytes))
end

function credentials.is_identity(value)
  return getmetatable(value) == Identity
end

return credentials
