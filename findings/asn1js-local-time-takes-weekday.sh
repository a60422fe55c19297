#!/bin/sh
# asn1js puts the number of a weekday where the day of the month belongs, in every GeneralizedTime that does not end in Z.
#
# Versions: asn1js 4.0.0 (npm). The script sets TZ=UTC.
# Guess: without Z it is local time, here UTC; 20240615120000+0100 is 11:00 UTC; a UTCTime with an offset is read
#   likewise, or toDate() throws.
# Behaviour: the days come out between 0 and 6, the offset is added instead of taken off, and there is no error. A
#   UTCTime with an offset leaves a text in the object's error, which nothing throws, and toDate() answers with 1899.
# Seen:
#   GeneralizedTime 20240615120000Z: 2024-06-15T12:00:00.000Z, error ''
#   GeneralizedTime 20240615120000: 2024-06-01T12:00:00.000Z, error ''
#   GeneralizedTime 20240615120000+0100: 2024-06-01T13:00:00.000Z, error ''
#   UTCTime 240615120000+0100: 1899-11-30T00:00:00.000Z, error 'Wrong input string for conversion'
# Source: X.680, 46.3 and 47.3 (both forms are valid in BER; DER and RFC 5280 ask for Z); asn1js 4.0.0, build/index.js,
#   GeneralizedTime.fromString(), which takes getUTCDay() of a date made with the month unshifted, and UTCTime.fromString().
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 npm install --silent --no-save --prefix "$dir" asn1js@4.0.0 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat >it.mjs <<'J'
import assert from 'node:assert';
import * as asn1js from 'asn1js';

const seen = [
    [0x18, 'GeneralizedTime', '20240615120000Z'],
    [0x18, 'GeneralizedTime', '20240615120000'],
    [0x18, 'GeneralizedTime', '20240615120000+0100'],
    [0x17, 'UTCTime', '240615120000+0100'],
].map(([tag, type, text]) => {
    const { result } = asn1js.fromBER(Buffer.from([tag, text.length, ...Buffer.from(text)]));
    return `${type} ${text}: ${result.toDate().toISOString()}, error '${result.error}'`;
});
console.log(seen.join('\n'));
assert.deepStrictEqual(seen, [
    "GeneralizedTime 20240615120000Z: 2024-06-15T12:00:00.000Z, error ''",
    "GeneralizedTime 20240615120000: 2024-06-01T12:00:00.000Z, error ''",
    "GeneralizedTime 20240615120000+0100: 2024-06-01T13:00:00.000Z, error ''",
    "UTCTime 240615120000+0100: 1899-11-30T00:00:00.000Z, error 'Wrong input string for conversion'",
], 'this has changed');
J
TZ=UTC timeout 60 node it.mjs
