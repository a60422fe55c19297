;;; (rfc x509): certificates and private keys, as objects that (rfc tls) takes.
;;;
;;; Wherever a certificate or a key is asked for, one of these objects, a DER bytevector or a PEM
;;; string will do.

(define-module (rfc x509)
  #:use-module (rfc tls facade)
  #:re-export (x509-certificate? bytevector->x509-certificate x509-certificate->bytevector
               string->x509-certificates bytevector->x509-certificates read-x509-certificates
               x509-certificate-subject-dn x509-certificate-issuer-dn
               x509-certificate-serial-number x509-certificate-fingerprint
               x509-certificate-not-before x509-certificate-not-after
               x509-certificate-names x509-certificate-for?
               private-key? bytevector->private-key string->private-key read-private-key
               bytevector->identity read-identity make-self-signed-identity
               certificates->chain ->certificates ->private-key))
