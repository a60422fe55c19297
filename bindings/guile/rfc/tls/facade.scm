;;; (rfc tls facade): all that (rfc tls) and its sister libraries export, as one compiled module. Guile
;;; takes 0.1 to 0.4 ms to load a module, however small, so a module for each of these files would double
;;; the time of an import.

(define-module (rfc tls facade)
  #:use-module ((ice-9 exceptions)
                #:select (&error make-exception-type exception-predicate exception-accessor
                          make-exception simple-exceptions make-exception-with-message
                          make-exception-with-origin make-exception-with-irritants
                          exception-with-irritants? exception-irritants make-assertion-failure))
  #:use-module ((rnrs bytevectors)
                #:select (bytevector? make-bytevector bytevector-length bytevector-copy
                          bytevector-copy! bytevector-u8-ref bytevector-uint-set! endianness
                          string->utf8 u8-list->bytevector))
  #:use-module ((srfi srfi-1) #:select (append-map every filter-map find))
  #:use-module (srfi srfi-9)
  #:use-module (rfc tls native))

;; Exports names from here; a sister library that says (again) exports the same ones.
(define-syntax-rule (export-again again name ...)
  (begin
    (export again name ...)
    (define-syntax-rule (again) (re-export name ...))))

(include-from-path "rfc/tls/facade/condition.scm")
(include-from-path "rfc/tls/facade/hints.scm")
(include-from-path "rfc/tls/facade/failure.scm")
(include-from-path "rfc/tls/facade/wait.scm")
(include-from-path "rfc/tls/facade/address.scm")
(include-from-path "rfc/tls/facade/talk.scm")
(include-from-path "rfc/tls/facade/plain.scm")
(include-from-path "rfc/tls/facade/x509.scm")
(include-from-path "rfc/tls/facade/config.scm")
(include-from-path "rfc/tls/facade/policy.scm")
(include-from-path "rfc/tls/facade/socket.scm")
(include-from-path "rfc/tls/facade/port.scm")
(include-from-path "rfc/tls/facade/select.scm")
