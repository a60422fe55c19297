-- Certificates as LuaSec's programs know them.
local Certificate = { __name = "rfctls.luasec.certificate" }
Certificate.__index = Certificate

function Certificate.new(cert)
  return setmetatable({ cert = cert }, Certificate)
end

-- ---- PEM (RFC 7468) ----

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

-- Three bytes as four characters (RFC 4648 section 4); fewer are filled up with "=".
local function base64_of(bytes)
  local a, b, c = bytes:byte(1, 3)
  local bits = a * 65536 + (b or 0) * 256 + (c or 0)
  local text = ""
  for place = 3, 0, -1 do
    local digit = math.floor(bits / 64 ^ place) % 64 + 1
    text = text .. alphabet:sub(digit, digit)
  end
  return text:sub(1, #bytes + 1) .. ("="):rep(3 - #bytes)
end

function Certificate:pem()
  local body = self.cert:der():gsub("..?.?", base64_of):gsub(("."):rep(64), "%0\n")
  return "-----BEGIN CERTIFICATE-----\n" .. body:gsub("\n$", "") .. "\n-----END CERTIFICATE-----\n"
end

-- ---- names ----

local kinds = {
  CN = { "2.5.4.3", "commonName" }, C = { "2.5.4.6", "countryName" }, L = { "2.5.4.7", "localityName" },
  ST = { "2.5.4.8", "stateOrProvinceName" }, O = { "2.5.4.10", "organizationName" },
  OU = { "2.5.4.11", "organizationalUnitName" },
  DC = { "0.9.2342.19200300.100.1.25", "domainComponent" },
  UID = { "0.9.2342.19200300.100.1.1", "userId" },
  STREET = { "2.5.4.9", "streetAddress" },
}

local function unescaped(value)
  value = value:gsub("\\(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  return (value:gsub("\\(.)", "%1"))
end

-- RFC 4514's text, which begins with the last part, as LuaSec's list, which begins with the first.
local function parts_of(text)
  local list = {}
  local hidden = text:gsub("\\([,+;\"\\])", function(c) return ("\\%02X"):format(c:byte()) end)
  for kind, value in hidden:gmatch "([%w.]+)=([^,+]*)" do
    local known = kinds[kind] or { kind, kind }
    table.insert(list, 1, { oid = known[1], name = known[2], value = unescaped(value) })
  end
  return list
end

-- The alternative names, by the identifier of their extension (RFC 5280 section 4.2.1.6).
function Certificate:extensions()
  local names = { oid = "2.5.29.17", name = "X509v3 Subject Alternative Name", dNSName = {}, iPAddress = {} }
  for _, name in ipairs(self.cert:names()) do
    table.insert(name.kind == "IP" and names.iPAddress or names.dNSName, name.name)
  end
  return { [names.oid] = names }
end

-- ---- the rest ----

-- Only SHA-256 has a digest.
function Certificate:digest(algorithm)
  if (algorithm or "sha256"):lower() ~= "sha256" then return nil, "only sha256 is supported" end
  return self.cert:fingerprint()
end

local function date(seconds)
  return (os.date("!%b %d %H:%M:%S %Y GMT", seconds):gsub("^(%a+) 0", "%1  "))
end

-- What a certificate of ours tells, in LuaSec's words.
for name, how in pairs {
  subject = { "subject", parts_of }, issuer = { "issuer", parts_of }, serial = { "serial", string.upper },
  notbefore = { "not_before", date }, notafter = { "not_after", date },
} do
  local method, written = how[1], how[2]
  Certificate[name] = function(self)
    return written(self.cert[method](self.cert))
  end
end

-- Whether it is valid now, or at a time in Unix seconds.
function Certificate:validat(time)
  time = time or os.time()
  return self.cert:not_before() <= time and time <= self.cert:not_after()
end

function Certificate:setencode()
  return true
end

return Certificate
