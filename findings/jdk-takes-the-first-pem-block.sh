#!/bin/sh
# Java's CertificateFactory reads the first PEM block whatever its label: a FOO is a certificate, and a key before the certificate an error.
#
# Versions: Java 17.0.15; bcprov-jdk18on 1.87 beside it; trustme 1.2.1.
# Guess: the label counts: a block FOO is refused, and in the usual file of key and certificate together the key is
#   passed over, as OpenSSL, Bouncy Castle and most others do.
# Behaviour: text before the block is passed over, the label is not looked at (only END must repeat it), and of a
#   key with a certificate after it the key is parsed as a certificate.
# Seen:
#   label FOO: JDK reads, BC refuses
#   key first: JDK refuses, BC reads
#   certificate first: JDK reads, BC reads
# Source: RFC 7468, 2 and 5 (the label says what is inside); JDK 17, sun.security.provider.X509Factory,
#   readOneBlock(); java.security.cert.CertificateFactory's documentation names BEGIN CERTIFICATE alone.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.bouncycastle:bcprov-jdk18on:1.87 -DoutputDirectory="$dir" >mvn.log 2>&1 || { cat mvn.log; exit 1; }
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir/py" trustme==1.2.1
PYTHONPATH=$dir/py timeout 60 python3 - <<'PY'
import trustme

leaf = trustme.CA().issue_cert("server.test")
key, cert = leaf.private_key_pem.bytes(), leaf.cert_chain_pems[0].bytes()
open("label FOO", "wb").write(cert.replace(b"CERTIFICATE", b"FOO"))
open("key first", "wb").write(key + cert)
open("certificate first", "wb").write(cert + key)
PY
cat >Read.java <<'J'
import java.io.FileInputStream;
import java.security.cert.*;

public class Read {
    static String says(CertificateFactory factory, String file) throws Exception {
        try (var in = new FileInputStream(file)) {
            return factory.generateCertificate(in) == null ? "finds none" : "reads";
        } catch (CertificateException error) {
            return "refuses";
        }
    }

    public static void main(String[] a) throws Exception {
        var bc = CertificateFactory.getInstance("X.509", new org.bouncycastle.jce.provider.BouncyCastleProvider());
        var jdk = CertificateFactory.getInstance("X.509");
        for (var file : new String[] {"label FOO", "key first", "certificate first"})
            System.out.println(file + ": JDK " + says(jdk, file) + ", BC " + says(bc, file));
    }
}
J
timeout 120 java -cp bcprov-jdk18on-1.87.jar Read.java | tee seen
printf '%s\n' "label FOO: JDK reads, BC refuses" "key first: JDK refuses, BC reads" "certificate first: JDK reads, BC reads" | cmp - seen
