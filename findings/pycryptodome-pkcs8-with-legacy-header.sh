#!/bin/sh
# pycryptodome: export_key(pkcs=8, passphrase=…) of an RSA key is a PRIVATE KEY block with DEK-Info, not an ENCRYPTED PRIVATE KEY; of an EC key the like is an error.
#
# Versions: pycryptodomex 3.24.2, cryptography 50.0.2; jsrsasign 11.1.5 (npm).
# Guess: PKCS #8 with a pass phrase is EncryptedPrivateKeyInfo, for both kinds of key, with some default scheme.
# Behaviour: without protection=… the RSA key is an unencrypted PKCS #8 structure in a PEM block that is encrypted as PEM
#   of 1993 was (MD5, triple DES). The label says that it is not encrypted. cryptography opens it; jsrsasign calls
#   it malformed. ECC's export_key() raises ValueError and asks for protection.
# Seen:
#   RSA: -----BEGIN PRIVATE KEY----- / Proc-Type: 4,ENCRYPTED / DEK-Info: DES-EDE3-CBC
#   RSA with protection: -----BEGIN ENCRYPTED PRIVATE KEY-----
#   ECC: ValueError
#   cryptography: reads
#   jsrsasign: refuses
# Source: RFC 7468, 10 and 11 (labels) and 2 (no headers); pycryptodome's documentation, RsaKey.export_key(), protection;
#   lib/Crypto/PublicKey/RSA.py, export_key(), and ECC.py, export_key().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" pycryptodomex==3.24.2 cryptography==50.0.2
timeout 300 npm install --silent --no-save --prefix "$dir" jsrsasign@11.1.5 >npm.log 2>&1 || { cat npm.log; exit 1; }
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
from Cryptodome.PublicKey import ECC, RSA
from cryptography.hazmat.primitives.serialization import load_pem_private_key

key = RSA.generate(2048)
pem = key.export_key(pkcs=8, passphrase="secret")
open("key.pem", "wb").write(pem)
head = [line.split(",")[0] if line.startswith("DEK") else line for line in pem.decode().splitlines()[:3]]
print("RSA:", " / ".join(head))
other = key.export_key(pkcs=8, passphrase="secret", protection="PBKDF2WithHMAC-SHA512AndAES256-CBC").decode().splitlines()[0]
print("RSA with protection:", other)
try:
    ECC.generate(curve="p256").export_key(format="PEM", passphrase="secret", use_pkcs8=True)
    ecc = "written"
except ValueError:
    ecc = "ValueError"
print("ECC:", ecc)
assert head == ["-----BEGIN PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED", "DEK-Info: DES-EDE3-CBC"], "this has changed"
assert other == "-----BEGIN ENCRYPTED PRIVATE KEY-----" and ecc == "ValueError", "this has changed"
assert load_pem_private_key(pem, b"secret").private_numbers().d == key.d, "this has changed"
print("cryptography: reads")
PY
cat >it.cjs <<'J'
const assert = require('node:assert');
const { KEYUTIL } = require('jsrsasign');
const pem = require('node:fs').readFileSync('key.pem', 'utf8');
assert.throws(() => KEYUTIL.getKey(pem, 'secret'), 'this has changed');
console.log('jsrsasign: refuses');
J
timeout 60 node it.cjs
