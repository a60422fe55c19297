;;; Are certificates and keys read in every form, and told rightly?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (ice-9 binary-ports) (rnrs bytevectors) (rnrs conditions)
             (ice-9 match) (ice-9 textual-ports) (rnrs files) (srfi srfi-1) ((rnrs exceptions) #:select (guard)))

(begin-tests)

(define leaf (car (certificates "server")))

(define (file-bytes name)
  (call-with-input-file (pki name) get-bytevector-all #:binary #t))

(define (from-port read name . rest)
  (call-with-input-file (pki name) (lambda (port) (apply read port rest)) #:binary #t))

(define (same? . lists)
  (apply equal? (map (lambda (list) (map x509-certificate->bytevector list)) lists)))

(behaviour "certificates come from a file, a port, a text, and bytes, PEM or DER"
  (check (same? (certificates "server")
                (from-port read-x509-certificates "server.pem")
                (string->x509-certificates (contents "server.pem"))
                (bytevector->x509-certificates (file-bytes "server.pem"))
                (->certificates (certificates "server"))
                (->certificates (list (contents "server.pem")))
                (->certificates (list (file-bytes "server.pem")))))
  (let ((der (x509-certificate->bytevector leaf)))
    (check (same? (list leaf)
                  (list (bytevector->x509-certificate der))
                  (bytevector->x509-certificates der)
                  (read-x509-certificates (open-bytevector-input-port der))))))

(behaviour "a certificate tells its subject, issuer, number, validity, names and fingerprint"
  (check (string-contains (x509-certificate-subject-dn leaf) "CN=server.test"))
  (check (string? (x509-certificate-issuer-dn leaf)))
  (check (not (string=? (x509-certificate-subject-dn leaf) (x509-certificate-issuer-dn leaf))))
  (check (exact-integer? (x509-certificate-serial-number leaf)))
  (check (<= (x509-certificate-not-before leaf) (current-time) (x509-certificate-not-after leaf)))
  (check (member '(dns . "server.test") (x509-certificate-names leaf)))
  (check (member '(ip . "127.0.0.1") (x509-certificate-names leaf)))
  (check-equal 64 (string-length (x509-certificate-fingerprint leaf)))
  (check (string-every char-set:hex-digit (x509-certificate-fingerprint leaf))))

(behaviour "a fingerprint and a number are those that openssl tells"
  (call-with-values
      (lambda () (run "openssl" "x509" "-in" (pki "server.pem") "-noout" "-serial" "-fingerprint"
                      "-sha256"))
    (lambda (status output)
      (check (string-contains output
                              (string-upcase (number->string (x509-certificate-serial-number leaf) 16))))
      (check (string-contains (string-downcase (string-delete #\: output))
                              (x509-certificate-fingerprint leaf))))))

(behaviour "whom a certificate is for is told as the handshake checks it"
  (check (x509-certificate-for? leaf "server.test"))
  (check (x509-certificate-for? leaf "127.0.0.1"))
  (check (x509-certificate-for? leaf "one.wild.test"))
  (check (not (x509-certificate-for? leaf "other.test"))))

(behaviour "keys come from a file, a port, a text, and bytes, PEM or DER, encrypted or not"
  (check (every private-key?
                (list (key "server")
                      (from-port read-private-key "server.key")
                      (from-port read-private-key "server.key.der")
                      (string->private-key (contents "server.key"))
                      (bytevector->private-key (file-bytes "server.key"))
                      (bytevector->private-key (file-bytes "server.key.der"))
                      (->private-key (key "server"))
                      (->private-key (contents "server.key"))
                      (->private-key (file-bytes "server.key.der"))
                      (read-private-key (pki "server-encrypted.key") "secret")
                      (string->private-key (contents "server-encrypted.key") "secret")
                      (from-port read-private-key "server-encrypted.key" "secret"))))
  (for-each (lambda (thunk) (check (tls-error? (raised (thunk)))))
            (list (lambda () (read-private-key (pki "server-encrypted.key")))
                  (lambda () (read-private-key (pki "server-encrypted.key") "wrong")))))

(behaviour "an identity comes from a file, a port, and bytes, PEM or PKCS#12"
  (for-each
   (lambda (thunk)
     (call-with-values thunk
       (lambda (chain private-key)
         (check (same? (list (car chain)) (list leaf)))
         (check (private-key? private-key)))))
   (list (lambda () (read-identity (pki "both.pem")))
         (lambda () (read-identity (pki "server.p12") "secret"))
         (lambda () (from-port read-identity "both.pem"))
         (lambda () (from-port read-identity "server.p12" "secret"))
         (lambda () (bytevector->identity (file-bytes "both.pem")))
         (lambda () (bytevector->identity (file-bytes "server.p12") "secret"))))
  (check (tls-error? (raised (read-identity (pki "server.p12") "wrong")))))

;; The rows of tests/parity/loading.tsv, each a list of its cells; "-" is #f.
(define loading
  (map (lambda (line)
         (map (lambda (cell) (and (not (string=? cell "-")) cell)) (string-split line #\tab)))
       (cdr (string-split (string-trim-right
                           (call-with-input-file (string-append (getenv "RFCTLS_SOURCE_DIR")
                                                                "/tests/parity/loading.tsv")
                             get-string-all #:encoding "UTF-8"))
                          #\newline))))

(define (load-row kind source file? passphrase alias)
  (match kind
    ("chain" (length ((if file? read-x509-certificates bytevector->x509-certificates)
                      source passphrase)))
    ("key" (private-key? ((if file? read-private-key bytevector->private-key) source passphrase)))
    ("identity" (call-with-values
                    (lambda () ((if file? read-identity bytevector->identity) source passphrase alias))
                  (lambda (chain key) (length chain))))))

;; What an engine cannot do it says so, with the way out that there is.
(define ways-out
  '(("legacy" . "openssl-provider-legacy") ("ml-dsa" . "ML-DSA-44, which needs OpenSSL 3.5")))

(define (check-outcome row got)
  (match row
    ((name kind _ _ answer count words needs)
     (cond ((not (tls-error? got))
            (check-equal "OK" answer)
            (check-equal (if count (string->number count) #t) got))
           ((not (message-contains? got (or (assoc-ref ways-out needs) "\0")))
            (check-equal (string->symbol answer) (tls-error-status got))
            (check (or (not words) (message-contains? got words))))))))

(behaviour "files of every maker are what the table says"
  (check (> (length loading) 60))
  (for-each
   (lambda (row)
     (match row
       ((name kind passphrase alias . _)
        (for-each (lambda (source file?)
                    (check-outcome row (guard (condition ((tls-error? condition) condition))
                                         (load-row kind source file? passphrase alias))))
                  (list (file-bytes name) (pki name)) '(#f #t)))))
   loading))

(behaviour "authorities come from a truststore"
  (check (same? (read-x509-certificates (pki "ca.pem"))
                (read-x509-certificates (pki "ca.p12") "secret")
                (read-x509-certificates (pki "ca.p7b")))))

(behaviour "a throw-away identity is for its name, and a server can have it"
  (call-with-values (lambda () (make-self-signed-identity "example.test"))
    (lambda (chain private-key)
      (check (x509-certificate-for? (car chain) "example.test"))
      (let* ((listener (make-server-tls-socket "0" chain #:private-key private-key))
             (thread (in-thread (lambda () (echo listener)))))
        (tls-socket-close
         (make-client-tls-socket "127.0.0.1" (port-of listener) #:authorities chain
                                 #:hello-extensions
                                 (list (make-server-name-indication '("example.test")))))
        (check (not (condition? (outcome thread))))
        (tls-socket-close listener)))))

(behaviour "a chain for the native module keeps the order"
  (check ((@ (rfc tls native) rfctls-chain-p) (certificates->chain (certificates "server")))))

(behaviour "an empty port, garbage and a cut file are conditions that say so"
  (for-each
   (lambda (thunk)
     (let ((condition (raised (thunk))))
       (check (tls-error? condition))
       (check-equal 'E_PARSE (tls-error-status condition))
       (check-equal (tls-error-message condition) (condition-message condition))))
   (list (lambda () (read-x509-certificates (open-bytevector-input-port #vu8())))
         (lambda () (read-private-key (open-bytevector-input-port #vu8())))
         (lambda () (read-identity (open-bytevector-input-port #vu8())))
         (lambda () (bytevector->x509-certificate #vu8(#x30 1 2)))
         (lambda () (string->x509-certificates "garbage"))
         (lambda () (read-x509-certificates (pki "truncated.pem"))))))

(end-tests)
