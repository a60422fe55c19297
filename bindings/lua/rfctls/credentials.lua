-- Certificates, chains, private keys and identities, from memory and from files.
local native = require "rfctls.library"
local failure = require "rfctls.failure"

local credentials = {}

local Cert, Chain, Key = native.cert, native.chain, native.key

-- Methods of a certificate: its DER bytes, its names as RFC 4514 text, its dates in Unix seconds.
Cert.der = native.cert_der
Cert.subject = native.cert_subject
Cert.issuer = native.cert_issuer
Cert.not_before = native.cert_not_before
Cert.not_after = native.cert_not_after

-- The certificates of a chain as a list, leaf first.
function Chain:certificates()
  local list = {}
  for index = 1, native.chain_count(self) do list[index] = native.chain_at(self, index - 1) end
  return list
end

local Identity = {}
Identity.__index = Identity

local function is_pem(data)
  return data:find("-----BEGIN", 1, true) ~= nil
end

local function new_identity(status, chain, key)
  if status ~= native.OK then return nil, failure.tell(status) end
  return setmetatable({ chain = chain, key = key }, Identity)
end

-- One certificate from the text of a PEM or the bytes of a DER file.
function credentials.certificate(data)
  local read = is_pem(data) and native.cert_from_pem or native.cert_from_der
  return failure.value(read(data))
end

-- A chain, leaf first: from PEM, DER, or a certificate.
function credentials.chain(source)
  if getmetatable(source) == Chain then return source end
  if type(source) == "string" and is_pem(source) then
    return failure.value(native.chain_from_pem(source))
  end
  local cert, message, code = source, nil, nil
  if getmetatable(source) ~= Cert then cert, message, code = credentials.certificate(source) end
  if not cert then return nil, message, code end
  local status, chain = native.chain_new()
  if status == native.OK then status = native.chain_add(chain, cert) end
  return failure.value(status, chain)
end

-- The same for a file: PEM, or one DER certificate.
function credentials.chain_file(path)
  return failure.value(native.chain_from_file(path))
end

-- A private key from PEM, perhaps encrypted, or DER.
function credentials.key(source, passphrase)
  if getmetatable(source) == Key then return source end
  if is_pem(source) then return failure.value(native.key_from_pem(source, passphrase)) end
  return failure.value(native.key_from_der(source))
end

-- The same for a file.
function credentials.key_file(path, passphrase)
  return failure.value(native.key_from_file(path, passphrase))
end

-- A chain and its key, both in one PEM text or PKCS#12.
function credentials.identity(data, passphrase)
  return new_identity(native.identity_load(data, passphrase))
end

-- The same for a file.
function credentials.identity_file(path, passphrase)
  return new_identity(native.identity_load_file(path, passphrase))
end

-- A throw-away identity, which nobody trusts unless told to.
function credentials.self_signed(name)
  return new_identity(native.identity_self_signed(name))
end

-- An identity of a chain and a key that were loaded apart.
function credentials.pair(chain, key)
  return new_identity(native.OK, chain, key)
end

function credentials.is_identity(value)
  return getmetatable(value) == Identity
end

return credentials
