#!/bin/sh
# Bouncy Castle 1.87 writes PKCS #12 with 40-bit RC2, triple DES and SHA-1, though with 600,000 rounds.
#
# Versions: bcprov-jdk18on 1.87 on Java 17, asn1crypto 1.5.1.
# Guess: its "PKCS12" store has moved to PBES2 with AES and an HMAC of SHA-256, as the JDK did in 16 and OpenSSL in 3.0;
#   the counts went up since 1.84 (102,400), so somebody has looked at the defaults.
# Behaviour: the algorithms are those of RFC 7292, appendix C, so an OpenSSL 3 without its legacy provider cannot read the
#   certificates; only the counts were raised. The JDK's own "PKCS12" in the same process writes AES.
# Seen:
#   BC: MAC sha1 x 600000, certificates pkcs12_sha1_rc2_40, key pkcs12_sha1_tripledes_3key
#   JDK: MAC sha256 x 10000, certificates pbes2, key pbes2
# Source: bc-java, PKCS12KeyStoreSpi.java (the type "PKCS12" is BCPKCS12KeyStore: triple DES for keys, RC2 for
#   certificates) and its issue 2275 (AES has types of its own, as PKCS12-AES256-AES128); JDK-8153005; OpenSSL 3.0 migration guide.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.bouncycastle:bcprov-jdk18on:1.87 -DoutputDirectory="$dir" >mvn.log 2>&1 || { cat mvn.log; exit 1; }
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir/py" asn1crypto==1.5.1 cryptography==50.0.2 trustme==1.2.1
PYTHONPATH=$dir/py
export PYTHONPATH

timeout 60 python3 - <<'PY'
import trustme
from cryptography.hazmat.primitives import serialization as s

leaf = trustme.CA().issue_cert("server.test")
key = s.load_pem_private_key(leaf.private_key_pem.bytes(), None)
open("leaf.pem", "wb").write(leaf.cert_chain_pems[0].bytes())
open("key.der", "wb").write(key.private_bytes(s.Encoding.DER, s.PrivateFormat.PKCS8, s.NoEncryption()))
PY
cat >Write.java <<'J'
import java.io.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;

public class Write {
    public static void main(String[] a) throws Exception {
        var leaf = CertificateFactory.getInstance("X.509").generateCertificate(new FileInputStream("leaf.pem"));
        var key = KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of("key.der"))));
        var bc = new org.bouncycastle.jce.provider.BouncyCastleProvider();
        for (var store : new KeyStore[] {KeyStore.getInstance("PKCS12", bc), KeyStore.getInstance("PKCS12")}) {
            store.load(null, null);
            store.setKeyEntry("key", key, "secret".toCharArray(), new java.security.cert.Certificate[] {leaf});
            try (var out = new FileOutputStream(store.getProvider() == bc ? "BC.p12" : "JDK.p12")) {
                store.store(out, "secret".toCharArray());
            }
        }
    }
}
J
timeout 120 java -cp bcprov-jdk18on-1.87.jar Write.java
timeout 60 python3 - <<'PY'
from asn1crypto import pkcs12

seen = {}
for name in ("BC", "JDK"):
    pfx = pkcs12.Pfx.load(open(name + ".p12", "rb").read())
    mac = pfx["mac_data"]
    found = {}
    for part in pfx.authenticated_safe:
        if part["content_type"].native == "encrypted_data":
            info = part["content"]["encrypted_content_info"]
            found["certificates"] = info["content_encryption_algorithm"]["algorithm"].native
        else:
            for bag in pkcs12.SafeContents.load(part["content"].native):
                found["key"] = bag["bag_value"]["encryption_algorithm"]["algorithm"].native
    seen[name] = (mac["mac"]["digest_algorithm"]["algorithm"].native, mac["iterations"].native, found["certificates"], found["key"])
    print("{}: MAC {} x {}, certificates {}, key {}".format(name, *seen[name]))
assert seen["BC"] == ("sha1", 600000, "pkcs12_sha1_rc2_40", "pkcs12_sha1_tripledes_3key"), "this has changed"
assert seen["JDK"][2:] == ("pbes2", "pbes2"), "this has changed"
PY
