-- Does https.request do what LuaSec's does, but to verified servers only?
package.path = (arg[0]:match("^(.*)/") or ".") .. "/?.lua;" .. package.path
local helper = require "helper"
local test, equal, matches = helper.test, helper.equal, helper.matches

helper.need "socket.http"
local ltn12 = helper.need "ltn12"
local https = require "rfctls.https"

-- What a server of support/peer.py answers to one request; and what it said at its end.
local function request(answer, options, path)
  local peer = helper.peer("http", options and options.certificate or "server", answer)
  local all = { url = ("https://localhost:%s%s"):format(peer:read "*l", path or "/"), cafile = helper.pki "ca.pem" }
  local parts = {}
  all.sink = ltn12.sink.table(parts)
  for name, value in pairs(options or {}) do all[name] = value end
  all.certificate = nil
  local done, code, headers, status = https.request(all)
  local body = table.concat(parts)
  local heard = helper.last_words(peer)
  return done, code, headers, status, body, heard
end

local plain = "HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\nX-Mine: yes\\r\\n\\r\\nhello"

test("a page, its status and its headers", function()
  local done, code, headers, status, body, heard = request(plain, nil, "/a?b=c")
  equal(done, 1, code)
  equal(code, 200)
  equal(headers["x-mine"], "yes")
  equal(status, "HTTP/1.1 200 OK")
  equal(body, "hello")
  matches(heard, "^heard get /a%?b=c http/1.1")
end)

test("a page in chunks, and one that ends with the connection", function()
  local _, code, _, _, body = request("HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n" ..
                                      "3\\r\\nabc\\r\\n2\\r\\nde\\r\\n0\\r\\n\\r\\n")
  equal(code, 200)
  equal(body, "abcde")
  _, code, _, _, body = request "HTTP/1.1 200 OK\\r\\n\\r\\nuntil the end"
  equal(code, 200)
  equal(body, "until the end")
end)

test("other codes are told, and redirects within a server followed", function()
  local _, code, _, status = request "HTTP/1.1 404 Not Found\\r\\nContent-Length: 0\\r\\n\\r\\n"
  equal(code, 404)
  equal(status, "HTTP/1.1 404 Not Found")
  _, code = request "HTTP/1.1 302 Found\\r\\nLocation: http://localhost/\\r\\nContent-Length: 0\\r\\n\\r\\n"
  equal(code, 302, "never from HTTPS to HTTP")
end)

test("a URL alone, and one with a body to post", function()
  local peer = helper.peer("http", "server", plain)
  local body, message = https.request(("https://localhost:%s/"):format(peer:read "*l"))
  equal(body, nil, "nobody vouches for it")
  matches(message, "not trusted")
  matches(helper.last_words(peer), "^failed")
  local done, _, _, _, _, heard = request(plain, {
    method = "POST", source = ltn12.source.string "a=b", headers = { ["content-length"] = 3 } })
  equal(done, 1)
  matches(heard, "^heard post / http/1.1 a=b")
end)

test("a server of another name, or of nobody, is refused before the request leaves", function()
  for certificate, reason in pairs { ["wrong-name"] = "localhost", ["self-signed"] = "self" } do
    local done, message, _, _, _, heard = request(plain, { certificate = certificate })
    equal(done, nil)
    matches(message, reason)
    matches(heard, "^failed")
  end
  local done, message = request(plain, { certificate = "self-signed", verify = "none" })
  equal(done, 1, message)
end)

test("a page that was cut is an error, not a short page", function()
  local peer = helper.peer("http", "server", "HTTP/1.1 200 OK\\r\\n\\r\\nhalf", "cut")
  local done, message = https.request {
    url = ("https://localhost:%s/"):format(peer:read "*l"), cafile = helper.pki "ca.pem" }
  equal(done, nil)
  equal(message, "truncated")
end)

test("a parameter that would have no effect is refused before anything is sent", function()
  for _, name in ipairs { "cafiel", "psk" } do
    local done, message = https.request { url = "https://localhost:1/", [name] = "x", user = "u", step = 1 }
    equal(done, nil)
    matches(message, name)
  end
end)

test("what LuaSec refuses is refused", function()
  for name, reason in pairs { proxy = "proxy", redirect = "redirect", create = "create" } do
    local done, message = https.request { url = "https://localhost/", [name] = true }
    equal(done, nil)
    matches(message, reason)
  end
  local done, message = https.request { url = "https://localhost/", protocol = "sslv3" }
  equal(done, nil)
  matches(message, "invalid protocol")
end)

helper.finish()
