#!/bin/sh
# python-mbedtls takes the text before a PEM certificate for base64, though the Mbed TLS inside reads such files.
#
# Versions: python-mbedtls 2.10.1 (its wheel carries Mbed TLS 2.28), trustme 1.2.1.
# Guess: CRT.from_PEM() hands the file to Mbed TLS, which looks for the BEGIN line: a file with explanatory text, such
#   as openssl x509 -text writes, is read.
# Behaviour: from_PEM() drops the lines that begin with dashes and decodes all the rest, so text before the
#   certificate fails as base64 or, where the length happens to fit, as DER.
# Seen:
#   plain: read
#   text of three letters before it: Error: Incorrect padding
#   text of four letters before it: TLSError
# Source: RFC 7468, 2 (data before the boundary is permitted, and parsers must not malfunction on it); python-mbedtls,
#   src/mbedtls/x509.pyx, PEM_to_DER(); Mbed TLS, library/pem.c, mbedtls_pem_read_buffer().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" python-mbedtls==2.10.1 trustme==1.2.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import trustme
from mbedtls import x509

pem = trustme.CA().cert_pem.bytes().decode()
seen = {}
for name, text in (("plain", pem), ("text of three letters before it", "abc\n" + pem), ("text of four letters before it", "abcd\n" + pem)):
    try:
        x509.CRT.from_PEM(text)
        seen[name] = "read"
    except Exception as error:
        seen[name] = f"{type(error).__name__}: {error}"
    print(f"{name}: {seen[name]}")
assert seen["plain"] == "read"
assert "Incorrect padding" in seen["text of three letters before it"], "this has changed"
assert "TLSError" in seen["text of four letters before it"], "this has changed"
PY
