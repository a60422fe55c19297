;;; (rfc x509): certificates and private keys, as objects that (rfc tls) takes.
;;;
;;; Wherever a certificate or a key is asked for, one of these objects, a DER bytevector or a PEM
;;; string will do.

(library (rfc x509)
  (export x509-certificate? bytevector->x509-certificate x509-certificate->bytevector
          string->x509-certificates read-x509-certificates
          x509-certificate-subject-dn x509-certificate-issuer-dn
          x509-certificate-not-before x509-certificate-not-after
          private-key? bytevector->private-key string->private-key read-private-key
          read-identity make-self-signed-identity
          certificates->chain ->certificates ->private-key)
  (import (guile)
          (only (rnrs bytevectors) bytevector? string->utf8)
          (only (srfi srfi-1) append-map)
          (rfc tls native)
          (rfc tls failure))

  ;; ---- certificates ----

  (define x509-certificate? rfctls-cert-p)
  (define bytevector->x509-certificate rfctls-cert-from-der)
  (define x509-certificate->bytevector rfctls-cert-der)

  ;; Distinguished names as strings (RFC 4514).
  (define x509-certificate-subject-dn rfctls-cert-subject)
  (define x509-certificate-issuer-dn rfctls-cert-issuer)

  ;; Unix seconds.
  (define x509-certificate-not-before rfctls-cert-not-before)
  (define x509-certificate-not-after rfctls-cert-not-after)

  (define (chain->list chain)
    (map (lambda (index) (rfctls-chain-at chain index))
         (iota (rfctls-chain-count chain))))

  ;; Every certificate of a PEM text, in its order.
  (define (string->x509-certificates text)
    (chain->list (rfctls-chain-from-pem (string->utf8 text))))

  ;; The same of a file: PEM, or one certificate in DER.
  (define (read-x509-certificates path)
    (chain->list (rfctls-chain-from-file path)))

  ;; A list of certificates in any form, as a list of objects.
  (define (->certificates things)
    (append-map (lambda (thing)
                  (cond ((string? thing) (string->x509-certificates thing))
                        ((bytevector? thing) (list (bytevector->x509-certificate thing)))
                        (else (list thing))))
                things))

  (define (certificates->chain things)
    (let ((chain (rfctls-chain-new)))
      (for-each (lambda (certificate) (rfctls-chain-add chain certificate))
                (->certificates things))
      chain))

  ;; ---- keys ----

  (define private-key? rfctls-key-p)
  (define bytevector->private-key rfctls-key-from-der)

  ;; PEM. Without a passphrase an encrypted key is an error; nobody is asked for one.
  (define* (string->private-key text #:optional (passphrase #f))
    (rfctls-key-from-pem (string->utf8 text) passphrase))

  ;; A file: PEM or DER.
  (define* (read-private-key path #:optional (passphrase #f))
    (rfctls-key-from-file path passphrase))

  (define (->private-key thing)
    (cond ((string? thing) (string->private-key thing))
          ((bytevector? thing) (bytevector->private-key thing))
          (else thing)))

  ;; ---- both ----

  (define (identity-values chain+key)
    (values (chain->list (car chain+key)) (cadr chain+key)))

  ;; A file with certificates and key, PEM or PKCS#12: the certificates, leaf first, and the key.
  (define* (read-identity path #:optional (passphrase #f))
    (identity-values (rfctls-identity-load-file path passphrase)))

  ;; A throw-away certificate for a host name or an IP address, and its key. Nobody trusts it unless
  ;; told to.
  (define (make-self-signed-identity name)
    (identity-values (rfctls-identity-self-signed name))))
