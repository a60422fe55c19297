#!/bin/sh
# A cipher list that OpenSSL refuses has nevertheless set the security level.
#
# Versions: pyOpenSSL 26.4.0 on cryptography 50.0.2 (its wheel carries OpenSSL 4.0.3), trustme 1.2.1.
# Guess: SSL_CTX_set_cipher_list("@SECLEVEL=4") either keeps the ciphers and sets the level, or fails and
#   leaves the context as it was.
# Behaviour: it fails with «no cipher match», since the string selects no cipher; but
#   the level is 4 from then on, so a P-256 certificate that was welcome before is too weak.
# Seen:
#   before: certificate taken
#   refused: no cipher match
#   after: ee key too small
# Source: openssl-ciphers(1) on @SECLEVEL; SSL_CTX_set_cipher_list(3), RETURN VALUES, says nothing of a partial effect;
#   ssl/ssl_ciph.c, ssl_cipher_process_rulestr() writes sec_level while it reads, ssl_lib.c's SSL_CTX_set_cipher_list() counts after.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" pyOpenSSL==26.4.0 cryptography==50.0.2 trustme==1.2.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
import trustme
from OpenSSL import SSL

leaf = trustme.CA().issue_cert("server.test")
context = SSL.Context(SSL.TLS_METHOD)
seen = []


def attempt(when, done, step):
    try:
        step()
        seen.append(f"{when}: {done}")
    except SSL.Error as error:
        seen.append(f"{when}: {error.args[0][0][2]}")


attempt("before", "certificate taken", lambda: leaf.configure_cert(context))
attempt("refused", "list taken", lambda: context.set_cipher_list(b"@SECLEVEL=4"))
attempt("after", "certificate taken", lambda: leaf.configure_cert(context))
print(*seen, sep="\n")
assert seen == [
    "before: certificate taken",
    "refused: no cipher match",
    "after: ee key too small",
], "this has changed"
PY
