;;; Talks to one server alone, known by its certificate's fingerprint: no authority has a say.
;;;
;;;   guile pinned.scm HOST PORT FINGERPRINT
;;;
;;; FINGERPRINT is the SHA-256 of the certificate, as openssl x509 -fingerprint -sha256 prints it. Says one
;;; line to the server, and prints the line that it answers.
(use-modules (rfc tls) (rfc x509) (ice-9 match) (ice-9 rdelim) (ice-9 textual-ports))

;; Called for each certificate of the chain, the server's own at depth 0; the library's verdict of it,
;; preverify, does not matter here.
(define (pinning fingerprint)
  (let ((wanted (string-downcase (string-delete #\: fingerprint))))
    (lambda (depth preverify certificate)
      (or (positive? depth)
          (string=? wanted
                    (x509-certificate-fingerprint (bytevector->x509-certificate certificate)))))))

(define (main host port fingerprint)
  (let ((io (tls-socket-port (make-client-tls-socket host port
                                                     #:certificate-verifier (pinning fingerprint)))))
    (put-string io "hello\n")
    (display (read-line io))
    (newline)
    (close-port io)))

(match (cdr (command-line))
  ((host port fingerprint) (main host port fingerprint))
  (_
   (display "usage: pinned.scm HOST PORT FINGERPRINT\n" (current-error-port))
   (exit 2)))
