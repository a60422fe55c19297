;;; Certificates and private keys, as objects that (rfc tls) takes.
;;;
;;; Wherever a certificate or a key is asked for, one of these objects, a DER bytevector or a PEM
;;; string will do.

(export-again export-x509
  x509-certificate? bytevector->x509-certificate x509-certificate->bytevector
  string->x509-certificates bytevector->x509-certificates read-x509-certificates
  x509-certificate-subject-dn x509-certificate-issuer-dn
  x509-certificate-serial-number x509-certificate-fingerprint
  x509-certificate-not-before x509-certificate-not-after
  x509-certificate-names x509-certificate-for?
  private-key? bytevector->private-key string->private-key read-private-key
  bytevector->identity read-identity make-self-signed-identity
  certificates->chain ->certificates ->private-key)

;; ---- sources ----

;; All bytes of an input port. (ice-9 binary-ports) is loaded for the first.
(define (port-bytes port)
  (let ((bytes ((@ (ice-9 binary-ports) get-bytevector-all) port)))
    (if (eof-object? bytes) #vu8() bytes)))

;; What load makes of a port's bytes, or from-file of the file that a string names.
(define (read-source who load from-file source . more)
  (cond ((port? source) (apply load (port-bytes source) more))
        ((string? source) (apply from-file source more))
        (else (wrong-type who "file name or port" source))))

;; ---- certificates ----

(define x509-certificate? rfctls-cert-p)
(define bytevector->x509-certificate rfctls-cert-load)
(define x509-certificate->bytevector rfctls-cert-der)

;; Distinguished names as strings (RFC 4514).
(define x509-certificate-subject-dn rfctls-cert-subject)
(define x509-certificate-issuer-dn rfctls-cert-issuer)

(define (x509-certificate-serial-number certificate)
  (string->number (rfctls-cert-serial certificate) 16))

;; SHA-256 of the DER bytes in lower-case hexadecimal digits: what a pin compares.
(define x509-certificate-fingerprint rfctls-cert-fingerprint)

;; Unix seconds.
(define x509-certificate-not-before rfctls-cert-not-before)
(define x509-certificate-not-after rfctls-cert-not-after)

;; The alternative names: ((dns . "example.org") (ip . "192.0.2.1")).
(define (x509-certificate-names certificate)
  (map (lambda (index)
         (cons (if (eqv? (rfctls-cert-name-kind certificate index) RFCTLS-NAME-IP) 'ip 'dns)
               (rfctls-cert-name certificate index)))
       (iota (rfctls-cert-name-count certificate))))

;; Whether it was issued to a host name or an IP address. That says nothing about trust.
(define (x509-certificate-for? certificate name)
  (check-string 'x509-certificate-for? name)
  (rfctls-cert-matches-name certificate name))

(define (chain->list chain)
  (map (lambda (index) (rfctls-chain-at chain index))
       (iota (rfctls-chain-count chain))))

;; Every certificate in its order: of PEM, DER, PKCS#7, or a PKCS#12, which the passphrase opens.
(define* (bytevector->x509-certificates bv #:optional (passphrase #f))
  (chain->list (rfctls-chain-load bv passphrase)))

(define (string->x509-certificates text)
  (bytevector->x509-certificates (string->utf8 text)))

;; The same of a file, by its name, or of an input port.
(define* (read-x509-certificates source #:optional (passphrase #f))
  (chain->list (read-source 'read-x509-certificates rfctls-chain-load rfctls-chain-from-file
                            source passphrase)))

;; A list of certificates in any form, as a list of objects.
(define (->certificates things)
  (append-map (lambda (thing)
                (cond ((string? thing) (string->x509-certificates thing))
                      ((bytevector? thing) (bytevector->x509-certificates thing))
                      ((x509-certificate? thing) (list thing))
                      (else (wrong-type '->certificates "certificate" thing))))
              things))

(define (certificates->chain things)
  (let ((chain (rfctls-chain-new)))
    (for-each (lambda (certificate) (rfctls-chain-add chain certificate))
              (->certificates things))
    chain))

;; ---- keys ----

(define private-key? rfctls-key-p)

;; Bytes of any form. Without a passphrase an encrypted key is an error; nobody is asked for one.
(define* (bytevector->private-key bv #:optional (passphrase #f))
  (rfctls-key-load bv passphrase))

(define* (string->private-key text #:optional (passphrase #f))
  (bytevector->private-key (string->utf8 text) passphrase))

;; A file, by its name, or an input port.
(define* (read-private-key source #:optional (passphrase #f))
  (read-source 'read-private-key rfctls-key-load rfctls-key-from-file source passphrase))

(define (->private-key thing)
  (cond ((string? thing) (string->private-key thing))
        ((bytevector? thing) (bytevector->private-key thing))
        ((private-key? thing) thing)
        (else (wrong-type '->private-key "private key" thing))))

;; ---- both ----

(define (identity-values chain+key)
  (values (chain->list (car chain+key)) (cadr chain+key)))

;; Certificates and key, PEM or PKCS#12: the certificates, leaf first, and the key. The alias, which is a
;; friendlyName, chooses one of several keys of a PKCS#12.
(define* (bytevector->identity bv #:optional (passphrase #f) (alias #f))
  (identity-values (rfctls-identity-load bv passphrase alias)))

;; The same of a file, by its name, or of an input port.
(define* (read-identity source #:optional (passphrase #f) (alias #f))
  (identity-values (read-source 'read-identity rfctls-identity-load rfctls-identity-from-file
                                source passphrase alias)))

;; A throw-away certificate for a host name or an IP address, and its key. Nobody trusts it unless
;; told to.
(define (make-self-signed-identity name)
  (check-string 'make-self-signed-identity name)
  (identity-values (rfctls-identity-self-signed name)))
