;;; (rfc x509): certificates and private keys, as objects that (rfc tls) takes.
;;;
;;; Wherever a certificate or a key is asked for, one of these objects, a DER bytevector or a PEM
;;; string will do.

(define-module (rfc x509)
  #:use-module (rfc tls facade))

(export-x509)
