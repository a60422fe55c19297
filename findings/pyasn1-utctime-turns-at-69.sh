#!/bin/sh
# pyasn1 reads the two digits of a UTCTime's year as C's strptime does, so a certificate of 1950 to 1968 is of 2050 to 2068.
#
# Versions: pyasn1 0.6.5, asn1crypto 1.5.1.
# Guess: an ASN.1 library whose UTCTime knows asDateTime turns the century at 50, as RFC 5280 has it and others do;
#   and fromDateTime() refuses a year that UTCTime cannot hold.
# Behaviour: the turn is at 69, the rule of POSIX, so 50 to 68 are a hundred years late, and fromDateTime() writes 2050 as 50
#   without an error, which every reader of RFC 5280 takes for 1950.
# Seen:
#   491231235959Z: pyasn1 2049, asn1crypto 2049
#   500101000000Z: pyasn1 2050, asn1crypto 1950
#   680101000000Z: pyasn1 2068, asn1crypto 1968
#   690101000000Z: pyasn1 1969, asn1crypto 1969
#   written by pyasn1 for 2050: 500101000000Z
# Source: RFC 5280, 4.1.2.5.1; POSIX, strptime(), %y; pyasn1, pyasn1/type/useful.py, TimeMixIn.asDateTime and UTCTime.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" pyasn1==0.6.5 asn1crypto==1.5.1
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
from datetime import datetime, timezone

from asn1crypto import core
from pyasn1.codec.der.decoder import decode
from pyasn1.type.useful import UTCTime

seen = {}
for text in (b"491231235959Z", b"500101000000Z", b"680101000000Z", b"690101000000Z"):
    der = bytes([0x17, len(text)]) + text
    seen[text.decode()] = decode(der)[0].asDateTime.year, core.UTCTime.load(der).native.year
    print("{}: pyasn1 {}, asn1crypto {}".format(text.decode(), *seen[text.decode()]))
written = str(UTCTime.fromDateTime(datetime(2050, 1, 1, tzinfo=timezone.utc)))
print(f"written by pyasn1 for 2050: {written}")
assert list(seen.values()) == [(2049, 2049), (2050, 1950), (2068, 1968), (1969, 1969)], "this has changed"
assert written == "500101000000Z", "this has changed"
PY
