;;; The client on GnuTLS's own module, as its manual has it; the host's name it cannot check.
(define-module (peer-gnutls)
  #:use-module (gnutls)
  #:export (context connect))

(define (context authority)
  (let ((credentials (make-certificate-credentials)))
    (set-certificate-credentials-x509-trust-file!
     credentials (or authority (getenv "SSL_CERT_FILE")) x509-certificate-format/pem)
    credentials))

(define (verify session)
  (unless (null? (peer-certificate-status session))
    (error "the peer's certificate is refused" (peer-certificate-status session))))

(define (connect credentials host port)
  (let ((below (socket PF_INET SOCK_STREAM 0))
        (session (make-session connection-end/client)))
    (connect-to below host port)
    (set-session-server-name! session server-name-type/dns "server.test")
    (set-session-priorities! session "NORMAL:-VERS-ALL:+VERS-TLS1.3")
    (set-session-credentials! session credentials)
    (set-session-transport-fd! session (fileno below))
    (handshake session)
    (verify session)
    (session-record-port session)))

(define (connect-to below host port)
  ((@ (guile) connect) below AF_INET (inet-pton AF_INET host) (string->number port))
  (setsockopt below IPPROTO_TCP TCP_NODELAY 1))
