#!/bin/sh
# jsrsasign splits the first octet of an object identifier at 40 under the root 2 as well: it reads 2.47.1 as 3.7.1.
#
# Versions: jsrsasign 11.1.5, node-forge 1.4.3 (npm).
# Guess: a library of that age has this right: second numbers end at 39 under the roots 0 and 1 only, and under 2
#   there are arcs in use beyond, such as 2.49 and 2.51.
# Behaviour: reading makes a root 3 or 4 that there is not. Writing 2.100.3 gives one octet with the continuation bit
#   set instead of two octets, and 2.999.3 throws over an odd number of hex digits. node-forge is right.
# Seen:
#   2.47.1: forge writes 7f01, jsrsasign 7f01 and reads it as 3.7.1
#   2.100.3: forge writes 813403, jsrsasign b403
#   2.999.3: forge writes 883703, jsrsasign throws and reads forge's as 3.16.55.3
# Source: X.690, 8.19.4; jsrsasign, ASN1HEX.hextooidstr() and oidtohex() in lib/jsrsasign.js;
#   the same in other libraries: forge's pull request 1148, wolfSSL's 10648.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 npm install --silent --no-save --prefix "$dir" jsrsasign@11.1.5 node-forge@1.4.3 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat >it.cjs <<'J'
const assert = require('node:assert');
const forge = require('node-forge');
const { ASN1HEX, KJUR } = require('jsrsasign');

const byForge = (oid) => forge.asn1.oidToDer(oid).toHex();
const write = (oid) => new KJUR.asn1.DERObjectIdentifier({ oid }).tohex().slice(4);
let thrown = false;
try {
    write('2.999.3');
} catch (error) {
    thrown = true;
}
const seen = [
    `2.47.1: forge writes ${byForge('2.47.1')}, jsrsasign ${write('2.47.1')} and reads it as ${ASN1HEX.hextooidstr('7f01')}`,
    `2.100.3: forge writes ${byForge('2.100.3')}, jsrsasign ${write('2.100.3')}`,
    `2.999.3: forge writes ${byForge('2.999.3')}, jsrsasign ${thrown ? 'throws' : 'writes'} and reads forge's as ${ASN1HEX.hextooidstr('883703')}`,
];
console.log(seen.join('\n'));
assert.deepStrictEqual(seen, [
    '2.47.1: forge writes 7f01, jsrsasign 7f01 and reads it as 3.7.1',
    '2.100.3: forge writes 813403, jsrsasign b403',
    "2.999.3: forge writes 883703, jsrsasign throws and reads forge's as 3.16.55.3",
], 'this has changed');
J
timeout 60 node it.cjs
