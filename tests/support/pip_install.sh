#!/bin/sh
# In a fresh system, as its user meets it: installs the package by pip, and fetches a page with it.
#
#   pip_install.sh SOURCE WHEELS   from a checkout, whose wheel is put into the folder WHEELS
#   pip_install.sh WHEEL           from a wheel, without a compiler
set -eu
source=$1 wheels=${2-}
apt-get update -qq
if [ -n "$wheels" ]; then
  needed="gcc libc6-dev libssl-dev python3-dev python3-venv" # as the README says
else
  needed="python3-venv"
fi
# shellcheck disable=SC2086  # words
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $needed openssl >/dev/null
work=$(mktemp -d)
python3 -m venv "$work/venv"
cd "$work"
if [ -n "$wheels" ]; then
  venv/bin/pip install --quiet "$source"
  venv/bin/pip wheel --quiet --no-deps --wheel-dir "$wheels" "$source"
else
  venv/bin/pip install --quiet --no-index "$source"
fi

# A server under an authority of its own.
openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=authority" -keyout ca.key -out ca.pem -days 2 2>log
openssl req -x509 -newkey rsa:2048 -nodes -subj "/CN=localhost" -CA ca.pem -CAkey ca.key \
  -addext "subjectAltName=DNS:localhost" -addext "basicConstraints=critical,CA:false" \
  -keyout server.key -out server.pem -days 2 2>log
cat >server.py <<'PYTHON'
import http.server, ssl

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
PYTHON
mkdir page
echo "a page of a local server" >page/index.html
mkfifo port
cp server.pem server.key page/
(cd page && exec python3 ../server.py >../port 2>/dev/null) &
server=$!
trap 'kill "$server"' EXIT
read -r number <port

cat >fetch.py <<'PYTHON'
import sys, urllib.request
import rfctls.http
url, authority = sys.argv[1:]
opener = urllib.request.build_opener(rfctls.http.HTTPSHandler(authorities=authority))
page = opener.open(url).read()
sys.stdout.buffer.write(page)
PYTHON
venv/bin/python fetch.py "https://localhost:$number/index.html" ca.pem >answer
cat answer
grep -q "a page of a local server" answer
venv/bin/python -c 'import rfctls, sys; print(f"Python {sys.version.split()[0]}, {rfctls.engine()}")'
