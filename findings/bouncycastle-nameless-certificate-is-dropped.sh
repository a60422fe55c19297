#!/bin/sh
# Bouncy Castle's PKCS #12 store drops a certificate that has no name, without a word; with a name it is there, but not in the JDK's.
#
# Versions: bcprov-jdk18on 1.87 on Java 17, cryptography 50.0.2, trustme 1.2.1.
# Guess: known is that the JDK's store shows no certificate that lacks Oracle's attribute of trust. Bouncy Castle asks
#   for no such thing, so it shows the one certificate of the file, under a made-up name if it has none (as the JDK
#   makes up 1, 2, … for keys, and Bouncy Castle the key's identifier).
# Behaviour: without a friendly name the file loads, its MAC is checked, and the store is empty. With one it is there.
# Seen:
#   nameless: BC 0, JDK 0
#   named: BC 1, JDK 0
# Source: RFC 7292, 4.2 (bag attributes are optional); bc-java, PKCS12KeyStoreSpi.java, engineAliases() and engineSize(),
#   which go over the certificates and keys that have an alias.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.bouncycastle:bcprov-jdk18on:1.87 -DoutputDirectory="$dir" >mvn.log 2>&1 || { cat mvn.log; exit 1; }
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir/py" cryptography==50.0.2 trustme==1.2.1
PYTHONPATH=$dir/py timeout 60 python3 - <<'PY'
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

root = x509.load_pem_x509_certificate(trustme.CA().cert_pem.bytes())
for file, name in (("nameless", None), ("named", b"root")):
    bag = pkcs12.PKCS12Certificate(root, name)
    data = pkcs12.serialize_key_and_certificates(None, None, None, [bag], BestAvailableEncryption(b"secret"))
    open(file + ".p12", "wb").write(data)
PY
cat >Count.java <<'J'
import java.io.FileInputStream;
import java.security.KeyStore;

public class Count {
    public static void main(String[] a) throws Exception {
        var bc = new org.bouncycastle.jce.provider.BouncyCastleProvider();
        for (var file : new String[] {"nameless", "named"}) {
            var counts = new int[2];
            for (int i = 0; i < 2; i++) {
                var store = i == 0 ? KeyStore.getInstance("PKCS12", bc) : KeyStore.getInstance("PKCS12");
                store.load(new FileInputStream(file + ".p12"), "secret".toCharArray());
                counts[i] = store.size();
            }
            System.out.println(file + ": BC " + counts[0] + ", JDK " + counts[1]);
        }
    }
}
J
timeout 120 java -cp bcprov-jdk18on-1.87.jar Count.java | tee seen
printf 'nameless: BC 0, JDK 0\nnamed: BC 1, JDK 0\n' | cmp - seen
