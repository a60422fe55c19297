;;; What to do about a failure, and what other libraries' keywords are called here.
;;; Made by swig/generate.py from swig/hints.tsv; change that.

;; (status reason part-of-"origin: message" hint): the first that fits counts.
(define failure-hints
  '(
    (E_VERIFY ISSUER ""
     "if its authority is private, trust it by #:authorities (read-x509-certificates \"ca.pem\"); a server has to send its intermediate certificates, too")
    (E_VERIFY SELF_SIGNED ""
     "if it is known to be the right one, trust it by #:authorities (read-x509-certificates \"cert.pem\")")
    (E_VERIFY NAME ""
     "connect to a name that the certificate is for, or say it by #:hello-extensions (list (make-server-name-indication (list \"...\")))")
    (E_VERIFY EXPIRED ""
     "the peer has to renew it, unless this machine's clock is wrong")
    (E_VERIFY NOT_YET_VALID ""
     "this machine's clock may be wrong")
    (E_VERIFY MISSING ""
     "without #:client-certificate-required? #t clients are let in that show none")
    (E_TRUNCATED NONE "during the handshake"
     "the peer may not speak TLS on this port, or have refused our versions, ciphers or certificate without a word")
    (E_TRUNCATED NONE ""
     "(tls-allow-truncation #t) takes this for the end, where the protocol above tells how long its messages are")
    (E_STATE NONE "the handshake is not done"
     "call tls-client-handshake or tls-server-handshake first, or leave out #:handshake #f")
    (E_STATE NONE "no server name to check"
     "give #:hello-extensions (list (make-server-name-indication (list \"example.org\")))")
    (E_PROTOCOL NONE "not TLS"
     "look whether this is the TLS port; where TLS begins later (STARTTLS), use make-client-socket, and begin it by socket->tls-socket")
    (E_IDENTITY NONE "not the certificate's"
     "the key must be that of the first of #:certificates")
    (E_IDENTITY NONE "does not belong to the certificate"
     "the key must be that of the first of #:certificates")
    (E_IDENTITY NONE "a server needs"
     "give (read-x509-certificates \"chain.pem\") and #:private-key (read-private-key \"key.pem\")")
    (E_IDENTITY NONE "no private key"
     "give the two by read-x509-certificates and read-private-key")
    (E_PARSE NONE "passphrase is missing"
     "give the passphrase as the second argument")
    (E_PARSE NONE "unsupported"
     "it may be encrypted as OpenSSL 3 does no longer by default: write it anew, PKCS#12 by openssl pkcs12 -legacy -in OLD -out new.pem")
    (E_PARSE NONE "passphrase of"
     "a passphrase counts byte for byte, in the encoding that it was set in")
    (E_PARSE NONE "_load: "
     "strings and bytevectors are what a file contains; its name goes into read-x509-certificates, read-private-key or read-identity")
    (E_PARSE NONE "_add_crls: "
     "strings and bytevectors are what a file contains; its name goes into read-x509-certificates, read-private-key or read-identity")
    (E_ARGUMENT NONE "PEM text stands where"
     "give PEM text to string->x509-certificates or string->private-key")
    (E_ALERT NONE "alert unknown_ca"
     "the peer does not know who issued our certificate: it has to trust the authority, and we have to send the intermediate certificates")
    (E_ALERT NONE "alert certificate_required"
     "the server wants to know us: #:certificates and #:private-key")
    ))

(define keyword-hints
  '(
    (#:cafile . "#:authorities (read-x509-certificates \"ca.pem\") names whom to trust")
    (#:verify . "#:certificate-verifier #f skips the check, #:authorities says whom to trust")
    (#:check-hostname . "(tls-insecure-skip-name-check #t) takes a certificate that was issued to anybody")
    (#:server-hostname . "#:hello-extensions (list (make-server-name-indication (list \"...\"))) names it")
    (#:server-name . "#:hello-extensions (list (make-server-name-indication (list \"...\"))) names it")
    (#:certfile . "#:certificates (read-x509-certificates \"chain.pem\") says who we are")
    (#:keyfile . "#:private-key (read-private-key \"key.pem\") has it")
    (#:key . "#:private-key has it")
    (#:certificate . "#:certificates takes a list of them")
    (#:password . "the second argument of read-private-key opens an encrypted key")
    (#:passphrase . "the second argument of read-private-key opens an encrypted key")
    (#:alpn . "#:hello-extensions (list (make-protocol-name-list (list \"h2\"))) names them")
    (#:identity . "#:certificates and #:private-key say who we are: read-identity gives both")
    (#:timeout . "#:connect-timeout and #:handshake-timeout are in milliseconds; tls-socket-set-read-timeout! is for later calls")
    ))
