#!/bin/sh
# asn1js gives 0 as the decimal value of every INTEGER of four bytes and more, from 8,388,608 on, and no error.
#
# Versions: asn1js 4.0.0 (npm).
# Guess: valueDec is right for what fits 32 bits (four bytes), or for whatever a JavaScript number holds exactly, and
#   only beyond that one needs toBigInt().
# Behaviour: three bytes are the limit, so an iteration count of ten million is 0. The error of the object is empty; a
#   warning stands on its value block. isEqual() with a number is false then, but an Integer made from the number is
#   equal to the parsed one.
# Seen:
#   02037fffff: valueDec 8388607, toBigInt 8388607
#   020400800000: valueDec 0, toBigInt 8388608
#   0204ffffffff: valueDec 0, toBigInt -1
#   error '', parsed.isEqual(8388608) false, made.isEqual(parsed) true
# Source: asn1js, src/internals/LocalIntegerValueBlock.ts, setValueHex(); asn1-schema's issue 75, where this met a
#   caller that had guessed the same.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 npm install --silent --no-save --prefix "$dir" asn1js@4.0.0 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat >it.mjs <<'J'
import assert from 'node:assert';
import * as asn1js from 'asn1js';

const parse = (hex) => asn1js.fromBER(Buffer.from(hex, 'hex')).result;
const seen = ['02037fffff', '020400800000', '0204ffffffff'].map((hex) => {
    const value = parse(hex);
    return `${hex}: valueDec ${value.valueBlock.valueDec}, toBigInt ${value.toBigInt()}`;
});
const parsed = parse('020400800000');
const made = new asn1js.Integer({ value: 8388608 });
seen.push(`error '${parsed.error}', parsed.isEqual(8388608) ${parsed.isEqual(8388608)}, made.isEqual(parsed) ${made.isEqual(parsed)}`);
console.log(seen.join('\n'));
assert.deepStrictEqual(seen, [
    '02037fffff: valueDec 8388607, toBigInt 8388607',
    '020400800000: valueDec 0, toBigInt 8388608',
    '0204ffffffff: valueDec 0, toBigInt -1',
    "error '', parsed.isEqual(8388608) false, made.isEqual(parsed) true",
], 'this has changed');
J
timeout 60 node it.mjs
