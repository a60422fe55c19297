-- Says one line to a server whose certificate is known beforehand, and trusts nobody else: a verdict of
-- one's own.
--
--   pinning.lua HOST PORT FINGERPRINT
--
-- FINGERPRINT is the certificate's SHA-256 in hexadecimal, as from
--   openssl x509 -in server.pem -noout -fingerprint -sha256
local rfctls = require "rfctls"

local host, port, pin = arg[1], arg[2], (arg[3] or ""):gsub(":", ""):lower()
if #pin ~= 64 then
  io.stderr:write("usage: pinning.lua HOST PORT FINGERPRINT\n")
  os.exit(2)
end

-- Asked from the root to the leaf, which has depth 0. The pin stands for the leaf, and for nothing else
-- that the library checks: dates, names and authorities do not matter then.
local function pinned(depth, _, certificate)
  return depth > 0 or certificate:fingerprint() == pin
end

local s, message = rfctls.connect(host, port, { verify = pinned })
if not s then
  io.stderr:write("pinning: ", message, "\n")
  os.exit(1)
end
assert(s:send("hello\n"))
print(assert(s:receive("*l")))
assert(s:close())
