#!/bin/sh
# The ML-DSA private key that Bouncy Castle writes by default is one of three legal forms, and cryptography reads only another.
#
# Versions: bcprov-jdk18on 1.87 on Java 17, cryptography 50.0.2 (OpenSSL 4.0.3 inside reads all three).
# Guess: Bouncy Castle writes the seed alone, the form that RFC 9881 recommends; and cryptography, with the seed at
#   hand in the form «both», reads that too.
# Behaviour: getEncoded() writes «both», 2626 bytes for ML-DSA-44. cryptography calls it malformed. The 54 bytes that
#   remain when the expanded key is cut out are read, and give Bouncy Castle's public key.
# Seen:
#   written by BC: 2626 bytes, form both
#   read by cryptography: ValueError
#   its seed alone: 54 bytes, same public key
# Source: RFC 9881, 6 (the three forms; the seed is recommended); cryptography's issue 14947, closed; keystore-explorer's issue 720.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.bouncycastle:bcprov-jdk18on:1.87 -DoutputDirectory="$dir" >mvn.log 2>&1 || { cat mvn.log; exit 1; }
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir/py" cryptography==50.0.2
cat >Write.java <<'J'
import java.nio.file.*;
import java.security.KeyPairGenerator;

public class Write {
    public static void main(String[] a) throws Exception {
        var bc = new org.bouncycastle.jce.provider.BouncyCastleProvider();
        var pair = KeyPairGenerator.getInstance("ML-DSA-44", bc).generateKeyPair();
        Files.write(Path.of("private.der"), pair.getPrivate().getEncoded());
        Files.write(Path.of("public.der"), pair.getPublic().getEncoded());
    }
}
J
timeout 120 java -cp bcprov-jdk18on-1.87.jar Write.java
PYTHONPATH=$dir/py timeout 60 python3 - <<'PY'
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_private_key

private, public = open("private.der", "rb").read(), open("public.der", "rb").read()
both = bytes.fromhex("04820a2a 30820a26 0420")  # privateKey holding SEQUENCE { seed, … }
at = private.index(both)
print(f"written by BC: {len(private)} bytes, form both")
try:
    load_der_private_key(private, None)
    answer = "read"
except ValueError:
    answer = "ValueError"
print(f"read by cryptography: {answer}")
head, seed = private[4:at], private[at + len(both):][:32]  # version and algorithm; seed
body = head + bytes.fromhex("0422 8020") + seed
alone = b"\x30" + bytes([len(body)]) + body
got = load_der_private_key(alone, None).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
print(f"its seed alone: {len(alone)} bytes, {'same' if got == public else 'another'} public key")
assert len(private) == 2626 and answer == "ValueError" and got == public, "this has changed"
PY
