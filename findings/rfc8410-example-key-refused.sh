#!/bin/sh
# The Ed25519 private key that RFC 8410 prints as its example is refused by cryptography, and read by the smaller libraries.
#
# Versions: cryptography 50.0.2, pycryptodomex 3.24.2, ecdsa 0.19.2, asn1crypto 1.5.1.
# Guess: a library that has had Ed25519 for years reads the example of the RFC that defines the key, with the public
#   key and the attribute in it (PKCS #8 version 2, RFC 5958).
# Behaviour: cryptography names neither version nor field, only that the data may be malformed; it takes the same
#   key once the public key and the attribute are cut out and the version is 0.
# Seen:
#   cryptography: ValueError
#   cryptography, as version 1: same public key
#   pycryptodomex: same public key
#   ecdsa: same public key
# Source: RFC 8410, 10.3 (second key), and the note in 7 on functions that have not picked up the new structure;
#   cryptography's issue 15631 (since 45.0.0) and pull request 15635, not in a release yet.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" \
    cryptography==50.0.2 pycryptodomex==3.24.2 ecdsa==0.19.2 asn1crypto==1.5.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import ecdsa
from asn1crypto import keys, pem
from Cryptodome.PublicKey import ECC
from cryptography.hazmat.primitives.serialization import load_der_private_key

KEY = b"""-----BEGIN PRIVATE KEY-----
MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB
Z9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PRIVATE KEY-----
"""
der = pem.unarmor(KEY)[2]
public = der[-32:]  # the key ends with it
whole = keys.PrivateKeyInfo.load(der)
plain = keys.PrivateKeyInfo({
    "version": 0,
    "private_key_algorithm": whole["private_key_algorithm"],
    "private_key": whole["private_key"],
}).dump()
seen = {}


def attempt(name, read):
    try:
        seen[name] = "same public key" if read() == public else "another public key"
    except ValueError:
        seen[name] = "ValueError"
    print(f"{name}: {seen[name]}")


attempt("cryptography", lambda: load_der_private_key(der, None).public_key().public_bytes_raw())
attempt("cryptography, as version 1", lambda: load_der_private_key(plain, None).public_key().public_bytes_raw())
attempt("pycryptodomex", lambda: ECC.import_key(KEY).public_key().export_key(format="raw"))
attempt("ecdsa", lambda: ecdsa.SigningKey.from_pem(KEY).verifying_key.to_string())
assert seen.pop("cryptography") == "ValueError", "this has changed"
assert set(seen.values()) == {"same public key"}, "this has changed"
PY
