#!/bin/sh
# Conscrypt's getApplicationProtocol() stays null after a handshake without ALPN, where the JDK promises an empty string.
#
# Versions: conscrypt-openjdk-uber 2.9.0 on Java 17.
# Guess: as the method's contract has it: null while not yet known, "" once it is known that no protocol is used; so
#   isEmpty() after the handshake is safe with any provider.
# Behaviour: null before and after, in TLS 1.2 and 1.3; the JDK's own provider, on the same server, says "".
# Seen:
#   Conscrypt TLSv1.2: before null, after null
#   Conscrypt TLSv1.3: before null, after null
#   JDK TLSv1.2: before null, after ""
#   JDK TLSv1.3: before null, after ""
# Source: javax.net.ssl.SSLSocket, getApplicationProtocol(), since Java 9; conscrypt,
#   ConscryptEngine.getApplicationProtocol(), which hands on SSLUtils.toProtocolString() of what was agreed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 300 mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact=org.conscrypt:conscrypt-openjdk-uber:2.9.0 -DoutputDirectory="$dir" >mvn.log 2>&1 || { cat mvn.log; exit 1; }
timeout 60 keytool -genkeypair -alias leaf -keyalg EC -groupname secp256r1 -dname CN=localhost -ext san=dns:localhost \
    -validity 2 -storetype PKCS12 -keystore leaf.p12 -storepass secret >keytool.log 2>&1
cat >It.java <<'J'
import java.io.FileInputStream;
import java.net.InetAddress;
import java.security.*;
import javax.net.ssl.*;

public class It {
    static SSLContext context(Provider provider) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream("leaf.p12"), "secret".toCharArray());
        var keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, "secret".toCharArray());
        var trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("leaf", store.getCertificate("leaf"));
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        var made = provider == null ? SSLContext.getInstance("TLS") : SSLContext.getInstance("TLS", provider);
        made.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return made;
    }

    static String shown(String protocol) {
        return protocol == null ? "null" : "\"" + protocol + "\"";
    }

    public static void main(String[] a) throws Exception {
        var listener = context(null).getServerSocketFactory().createServerSocket(0, 5, InetAddress.getLoopbackAddress());
        listener.setSoTimeout(20000);
        for (var provider : new Provider[] {org.conscrypt.Conscrypt.newProvider(), null})
            for (var version : new String[] {"TLSv1.2", "TLSv1.3"}) {
                var server = new Thread(() -> {
                    try (var accepted = listener.accept()) {
                        accepted.setSoTimeout(20000);
                        accepted.getOutputStream().write(1);
                        accepted.getInputStream().read();
                    } catch (java.io.IOException error) {
                        System.err.println(error);
                    }
                });
                server.setDaemon(true);
                server.start();
                var factory = context(provider).getSocketFactory();
                try (var client = (SSLSocket) factory.createSocket("localhost", listener.getLocalPort())) {
                    client.setSoTimeout(20000);
                    client.setEnabledProtocols(new String[] {version});
                    var before = shown(client.getApplicationProtocol());
                    client.startHandshake();
                    client.getInputStream().read();
                    System.out.println((provider == null ? "JDK " : "Conscrypt ") + version + ": before " + before
                            + ", after " + shown(client.getApplicationProtocol()));
                }
                server.join(20000);
            }
    }
}
J
timeout 120 java -Djava.net.preferIPv4Stack=true -cp conscrypt-openjdk-uber-2.9.0.jar It.java | tee seen
cmp - seen <<'T'
Conscrypt TLSv1.2: before null, after null
Conscrypt TLSv1.3: before null, after null
JDK TLSv1.2: before null, after ""
JDK TLSv1.3: before null, after ""
T
