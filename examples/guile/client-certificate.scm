;;; A client that shows a certificate of its own, and a server that asks for one.
;;;
;;;   guile client-certificate.scm client HOST PORT CAFILE CERTFILE KEYFILE
;;;   guile client-certificate.scm server PORT CAFILE CERTFILE KEYFILE
;;;
;;; The server prints its port, and tells each client who it is; the client prints what it is told.
(use-modules (rfc tls) (rfc x509) (ice-9 match) (ice-9 rdelim) (ice-9 textual-ports))

(define (ask host port authorities certificates key)
  (let ((io (tls-socket-port (make-client-tls-socket host port
                                                     #:authorities (read-x509-certificates authorities)
                                                     #:certificates (read-x509-certificates certificates)
                                                     #:private-key (read-private-key key)))))
    (display (read-line io))
    (newline)
    (close-port io)))

(define (greet connection)
  (let ((certificate (tls-socket-peer-certificate connection)))
    (put-string (tls-socket-output-port connection)
                (string-append "You are " (x509-certificate-subject-dn certificate) "\n"))))

;; A client without a certificate that the authority vouches for fails its handshake: accepting answers #f.
(define (serve listener)
  (let ((connection (tls-socket-accept listener #:raise-error #f)))
    (when connection
      (false-if-exception (call-with-tls-socket connection greet)))
    (serve listener)))

(define (listen port authorities certificates key)
  (let ((listener (make-server-tls-socket port (read-x509-certificates certificates)
                                          #:private-key (read-private-key key)
                                          #:authorities (read-x509-certificates authorities)
                                          #:client-certificate-required? #t)))
    (call-with-values (lambda () (tls-socket-info-values listener #:type 'info))
      (lambda (host ip port)
        (format #t "~a~%" port)
        (force-output)))
    (serve listener)))

(match (cdr (command-line))
  (("client" host port authorities certificates key)
   (ask host port authorities certificates key))
  (("server" port authorities certificates key)
   (listen port authorities certificates key))
  (_
   (display "usage: client-certificate.scm client HOST PORT CAFILE CERTFILE KEYFILE\n"
            (current-error-port))
   (display "       client-certificate.scm server PORT CAFILE CERTFILE KEYFILE\n"
            (current-error-port))
   (exit 2)))
