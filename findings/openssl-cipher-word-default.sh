#!/bin/sh
# In OpenSSL's cipher list DEFAULT is a prefix of the string, not a word: DEFAULTX is taken, AES128-SHA:DEFAULT adds nothing.
#
# Versions: pyOpenSSL 26.4.0 on cryptography 50.0.2 (its wheel carries OpenSSL 4.0.3).
# Guess: DEFAULT is a word like ALL: after another word it adds its ciphers, or is refused as out of place;
#   ALL:-DEFAULT leaves what is not in it; DEFAULTX is an unknown word, and alone an error.
# Behaviour: only the first seven bytes of the whole string are compared with DEFAULT. Anywhere else the word is
#   passed over without an error, with ! and - too; and a first word that merely begins with it is as good as DEFAULT.
# Seen (TLS 1.2 ciphers in each list):
#   AES128-SHA            1
#   AES128-SHA:DEFAULT    1
#   AES128-SHA:ALL        as many as ALL
#   ALL:-DEFAULT          as many as ALL
#   DEFAULTX              as many as DEFAULT
#   XDEFAULT              no cipher match
# Source: openssl-ciphers(1), CIPHER STRINGS, says that DEFAULT must be the first word, not what becomes of another;
#   ssl/ssl_ciph.c, ssl_create_cipher_list() compares with strncmp(…, 7), and ssl_cipher_process_rulestr() skips what it does not know.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" pyOpenSSL==26.4.0 cryptography==50.0.2
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
from OpenSSL import SSL


def count(words):
    context = SSL.Context(SSL.TLS_METHOD)
    try:
        context.set_cipher_list(words.encode())
    except SSL.Error as error:
        return error.args[0][0][2]
    names = SSL.Connection(context, None).get_cipher_list()
    return sum(not name.startswith("TLS_") for name in names)


seen = {}
for words in ("AES128-SHA", "DEFAULT", "ALL", "AES128-SHA:DEFAULT", "AES128-SHA:ALL", "ALL:-DEFAULT", "DEFAULTX", "XDEFAULT"):
    seen[words] = count(words)
    print(f"{words:20} {seen[words]}")
assert 1 < seen["DEFAULT"] < seen["ALL"]
assert seen["AES128-SHA"] == seen["AES128-SHA:DEFAULT"] == 1, "this has changed"
assert seen["AES128-SHA:ALL"] == seen["ALL:-DEFAULT"] == seen["ALL"], "this has changed"
assert seen["DEFAULTX"] == seen["DEFAULT"], "this has changed"
assert seen["XDEFAULT"] == "no cipher match", "this has changed"
PY
