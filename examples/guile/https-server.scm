;;; Guile's own web server, over TLS.
;;;
;;;   guile https-server.scm PORT CERTFILE KEYFILE
;;;
;;; Prints the port that it listens on (PORT may be 0), then serves until it is killed.
(use-modules (rfc tls) (rfc x509) (ice-9 match) (web request) (web response) (web server) (web uri))

;; How (web server) gets requests and gives answers; a server is a listening socket, a client its port.
;; One that says nothing, or nonsense, is left after a second.
(define patience 1000)

(define (open-server listener) listener)

(define (read-from connection)
  (tls-socket-set-read-timeout! connection patience)
  (let* ((io (tls-socket-port connection))
         (request (read-request io)))
    (values io request (read-request-body request))))

(define (read-client listener)
  (let ((connection (tls-socket-accept listener #:raise-error #f)))
    (if connection
        (read-from connection)
        (values #f #f #f))))

(define (write-client listener io response body)
  (let ((response (write-response response io)))
    (when body
      (write-response-body response body))
    (close-port io)))

(define (close-server listener) (tls-socket-close listener))

(define-server-impl https open-server read-client write-client close-server)

(define (answer request body)
  (values '((content-type . (text/plain)))
          (string-append "You asked for " (uri-path (request-uri request)) "\n")))

(define (main port certificates key)
  (let ((listener (make-server-tls-socket port (read-x509-certificates certificates)
                                          #:private-key (read-private-key key)
                                          #:handshake-timeout patience)))
    (call-with-values (lambda () (tls-socket-info-values listener #:type 'info))
      (lambda (host ip port)
        (format #t "~a~%" port)
        (force-output)))
    (run-server answer https (list listener))))

(match (cdr (command-line))
  ((port certificates key) (main port certificates key))
  (_
   (display "usage: https-server.scm PORT CERTFILE KEYFILE\n" (current-error-port))
   (exit 2)))
