;;; Do the parameters of the policy hold, for the sockets made while they are set, and for no others?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (ice-9 textual-ports) (rnrs bytevectors) (rnrs conditions)
             ((rnrs exceptions) #:select (guard)))

(begin-tests)

;; What a client made within (around thunk) tells of its connection by each procedure.
(define* (agreed around . tells)
  (call-with-server
    (lambda (listener) (tls-socket-close (tls-socket-accept listener)))
    (lambda (port)
      (let* ((socket (around (lambda () (connect-client port))))
             (told (map (lambda (tell) (tell socket)) tells)))
        (tls-socket-close socket)
        told))))

(define-syntax-rule (within (parameter value) ...)
  (lambda (thunk) (parameterize ((parameter value) ...) (thunk))))

(behaviour "cipher suites and groups are those that the parameters name, within their extent"
  (check-equal '("TLS_CHACHA20_POLY1305_SHA256" 256 "secp256r1")
               (agreed (within (tls-cipher-suites "TLS_CHACHA20_POLY1305_SHA256") (tls-groups "P-256"))
                       tls-socket-cipher tls-socket-cipher-bits tls-socket-group))
  (check-equal '(128) (agreed (within (tls-cipher-suites "TLS_AES_128_GCM_SHA256")) tls-socket-cipher-bits))
  (let ((without (agreed (lambda (thunk) (thunk)) tls-socket-cipher tls-socket-group)))
    (check-equal "TLS_AES_256_GCM_SHA384" (car without))
    (check (not (string=? "secp256r1" (cadr without))))))

(behaviour "a program that changes a value after it was set changes no policy"
  (let ((groups (string-copy "P-256")))
    (parameterize ((tls-groups groups))
      (string-fill! groups #\x)
      (check-equal '("secp256r1") (agreed (lambda (thunk) (thunk)) tls-socket-group)))))

(behaviour "ciphers are for versions up to TLS 1.2"
  (for-each (lambda (openssl's iana)
              (check-equal (list iana)
                           (agreed (within (tls-versions (list *tls-version-1.2* *tls-version-1.2*))
                                           (tls-ciphers openssl's))
                                   tls-socket-cipher)))
            '("ECDHE-ECDSA-AES128-GCM-SHA256" "ECDHE-ECDSA-CHACHA20-POLY1305")
            '("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
              "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")))

(behaviour "static RSA key exchange is for programs that name it"
  (define (connect ciphers)
    (call-with-peer '("echo" "server-rsa" "TLSv1_2" "AES128-GCM-SHA256")
      (lambda (port)
        (guard (condition ((tls-error? condition) (tls-error-status condition)))
          (parameterize ((tls-ciphers ciphers))
            (let ((socket (connect-client port)))
              (tls-socket-close socket)
              (tls-socket-cipher socket)))))))
  (check-equal 'E_ALERT (connect #f))
  (check-equal 'E_ALERT (connect "ALL"))
  (check-equal "TLS_RSA_WITH_AES_128_GCM_SHA256" (connect "DEFAULT:AES128-GCM-SHA256")))

(behaviour "a security level in a list of ciphers counts, or is refused"
  (define (make ciphers)
    (parameterize ((tls-ciphers ciphers))
      (raised (make-client-tls-socket "127.0.0.1" "1"))))
  (check (not (assertion-violation? (make "DEFAULT@SECLEVEL=2"))))
  (check (message-contains? (make "DEFAULT@SECLEVEL=1") "min_version")))

(behaviour "versions are a range, and a maker's :version wins"
  (define (version . options)
    (call-with-server
      (lambda (listener) (tls-socket-close (tls-socket-accept listener)))
      (lambda (port)
        (let ((socket (apply connect-client port options)))
          (tls-socket-close socket)
          (tls-socket-version socket)))))
  (parameterize ((tls-versions (list *tls-version-1.2* *tls-version-1.2*)))
    (check-equal "TLSv1.2" (version)))
  (check-equal "TLSv1.3" (version))
  (parameterize ((tls-versions (list *tls-version-1.3* *tls-version-1.3*)))
    (check-equal "TLSv1.3" (version #:version *tls-version-1.3*))
    (check (tls-error? (raised (version #:version *tls-version-1.2*)))))
  (check (assertion-violation? (raised (parameterize ((tls-versions '(3 4)))
                                         (make-client-tls-socket "127.0.0.1" "1"))))))

(behaviour "a server's policy counts, too: ends that have no group in common do not agree"
  (parameterize ((tls-groups "P-384"))
    (call-with-server
      (lambda (listener) (check (tls-error? (raised (tls-socket-accept listener)))))
      (lambda (port)
        (parameterize ((tls-groups "X25519"))
          (let ((condition (raised (connect-client port))))
            (check (tls-error? condition))
            (check-equal 'E_ALERT (tls-error-status condition))))))))

(behaviour "what the library does not know is named"
  (for-each (lambda (parameter word)
              (let ((condition (raised (parameterize ((parameter word))
                                         (make-client-tls-socket "127.0.0.1" "1")))))
                (check (assertion-violation? condition))
                (check (message-contains? condition word))))
            (list tls-ciphers tls-cipher-suites tls-groups)
            '("NO-SUCH-CIPHER" "TLS_NO_SUCH_SUITE" "no-such-group")))

;; ---- revocation ----

;; What a file of the PKI holds.
(define (binary-contents name)
  (call-with-input-file (pki name) (@ (ice-9 binary-ports) get-bytevector-all) #:binary #t))

;; What a client with these lists makes of the server: its failure's reason, or #f.
(define (verdict lists)
  (call-with-server
    (lambda (listener)
      (guard (condition ((tls-error? condition) #f))
        (tls-socket-close (tls-socket-accept listener))))
    (lambda (port)
      (guard (condition ((tls-error? condition)
                         (check-equal 'E_VERIFY (tls-error-status condition))
                         (irritant condition 'reason)))
        (parameterize ((tls-revocation-lists lists))
          (tls-socket-close (connect-client port)))
        #f))))

(behaviour "a server that a list names, or whose issuer one names, is refused"
  (check-equal #f (verdict (list (contents "none.crl"))))
  (check-equal 'REVOKED (verdict (list (contents "server.crl"))))
  (check-equal 'REVOKED (verdict (list (contents "issuer.crl"))))
  (check-equal 'OTHER (verdict (list (contents "outdated.crl")))))

(behaviour "lists are PEM strings, and bytevectors of PEM or DER"
  (check-equal 'REVOKED (verdict (list (string->utf8 (contents "server.crl")))))
  (check-equal #f (verdict (list (binary-contents "none.crl.der")))))

(behaviour "a list that is none is refused when the socket is made"
  (check-equal 'E_PARSE
               (tls-error-status (raised (parameterize ((tls-revocation-lists '("nothing")))
                                           (make-client-tls-socket "127.0.0.1" "1"))))))

(behaviour "a list that is not complete is refused by name"
  (for-each
    (lambda (file word)
      (let ((condition (raised (parameterize ((tls-revocation-lists (list (binary-contents file))))
                                 (make-client-tls-socket "127.0.0.1" "1")))))
        (check-equal 'E_UNSUPPORTED (tls-error-status condition))
        (check (message-contains? condition word))))
    '("delta.crl" "delta.crl.der" "reasons.crl" "critical-entry.crl")
    '("deltaCRLIndicator" "deltaCRLIndicator" "onlySomeReasons" "1.3.6.1.4.1.55555.2")))

(behaviour "a server refuses a client whose certificate is revoked"
  (parameterize ((tls-revocation-lists (list (contents "client.crl"))))
    (call-with-server
      (lambda (listener)
        (check-equal 'REVOKED (irritant (raised (tls-socket-accept listener)) 'reason)))
      (lambda (port)
        (guard (condition ((socket-error? condition) #t))
          (parameterize ((tls-revocation-lists '()))
            (let ((socket (connect-client port #:certificates (certificates "client")
                                          #:private-key (key "client"))))
              (tls-socket-recv socket 1)
              (tls-socket-close socket)))))
      #:options (list #:authorities (certificates "ca") #:client-certificate-required? #t))))

;; ---- whom to trust, and how far ----

(behaviour "a chain ends at a leaf that is trusted, unless told otherwise"
  (define (verdict trusted)
    (call-with-server
      (lambda (listener)
        (guard (condition ((tls-error? condition) #f))
          (tls-socket-close (tls-socket-accept listener))))
      (lambda (port)
        (guard (condition ((tls-error? condition) (irritant condition 'reason)))
          (tls-socket-close (connect-client port #:authorities (certificates trusted)))
          'accepted))))
  (check-equal 'accepted (verdict "server"))
  (parameterize ((tls-partial-chain #f))
    (check-equal 'ISSUER (verdict "server"))
    (check-equal 'accepted (verdict "ca"))))

;; What a client that trusts the system only says of the tests' server, when the system's authorities are in
;; a file of ours.
(define (system-verdict)
  (call-with-server
    (lambda (listener)
      (guard (condition ((tls-error? condition) #f))
        (tls-socket-close (tls-socket-accept listener))))
    (lambda (port)
      (guard (condition ((tls-error? condition) (tls-error-status condition)))
        (tls-socket-close (connect-client port #:authorities '()))
        'accepted))))

(behaviour "the system's authorities count for clients, unless they are switched off"
  (let ((before (getenv "SSL_CERT_FILE")))
    (setenv "SSL_CERT_FILE" (pki "ca.pem"))
    (check-equal 'accepted (system-verdict))
    (parameterize ((tls-system-trust #f))
      (check-equal 'E_VERIFY (system-verdict)))
    (if before (setenv "SSL_CERT_FILE" before) (unsetenv "SSL_CERT_FILE"))))

(behaviour "a certificate for another host is taken only under the named danger, one of a stranger never"
  (define (connect-to name)
    (call-with-values
        (lambda () (call-with-peer (list "echo" name)
                     (lambda (port)
                       (guard (condition ((tls-error? condition) (irritant condition 'reason)))
                         (tls-socket-close (connect-client port))
                         'accepted))))
      (lambda (verdict last-words) verdict)))
  (check-equal 'NAME (connect-to "wrong-name"))
  (parameterize ((tls-insecure-skip-name-check #t))
    (check-equal 'accepted (connect-to "wrong-name"))
    (check-equal 'ISSUER (connect-to "wrong-ca"))))

;; ---- ends and sessions ----

(behaviour "a cut connection is an end only where that is allowed"
  (call-with-peer '("say" "10" "cut")
    (lambda (port)
      (let ((socket (parameterize ((tls-allow-truncation #t)) (connect-client port))))
        (check-equal 10 (bytevector-length (tls-socket-recv socket 10 MSG_WAITALL)))
        (check-equal 0 (bytevector-length (tls-socket-recv socket 10)))
        (tls-socket-close socket)))))

(behaviour "without the session cache nothing is resumed"
  (define (second-is-resumed? cache?)
    (parameterize ((tls-session-cache cache?))
      (call-with-server
        (lambda (listener) (echo listener) (echo listener))
        (lambda (port)
          (define (visit)
            (let ((socket (connect-client port)))
              (tls-socket-send socket (bytes 1))
              (tls-socket-recv socket 1)
              (tls-socket-close socket)
              (tls-socket-resumed? socket)))
          (visit)
          (visit)))))
  (check (second-is-resumed? #t))
  (check (not (second-is-resumed? #f))))

;; ---- for debugging ----

(behaviour "a key log has the secrets of the connections made within its extent, for its owner alone"
  (let ((file (string-append (or (getenv "TMPDIR") "/tmp") "/rfctls-keys-" (number->string (getpid)))))
    (agreed (within (tls-insecure-key-log file)))
    (let ((log (call-with-input-file file get-string-all)))
      (check (string-contains log "CLIENT_TRAFFIC_SECRET_0 "))
      (check-equal #o600 (stat:perms (stat file)))
      (agreed (lambda (thunk) (thunk)))
      (check-equal log (call-with-input-file file get-string-all)))
    (delete-file file)))

(end-tests)
