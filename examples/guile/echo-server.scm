;;; An echo server, one thread a connection, so that a slow client delays nobody else.
;;;
;;;   guile echo-server.scm PORT CERTFILE KEYFILE
;;;
;;; Prints the port that it listens on (PORT may be 0), then serves until it is killed.
(use-modules (rfc tls) (rfc x509) (ice-9 match) (ice-9 threads) (rnrs bytevectors))

(define (echo connection)
  (let ((data (tls-socket-recv connection 16384)))
    (unless (zero? (bytevector-length data))
      (tls-socket-send connection data)
      (echo connection))))

;; The handshake belongs to the thread, too: a client that says nothing holds up itself alone. One that
;; breaks the rules, or leaves, is nobody's business.
(define (serve connection)
  (false-if-exception
   (call-with-tls-socket connection
     (lambda (connection)
       (echo (tls-server-handshake connection))))))

(define (accept-all listener)
  (let ((connection (tls-socket-accept listener #:handshake #f)))
    (call-with-new-thread (lambda () (serve connection)))
    (accept-all listener)))

(define (main port certificates key)
  (let ((listener (make-server-tls-socket port (read-x509-certificates certificates)
                                          #:private-key (read-private-key key))))
    (call-with-values (lambda () (tls-socket-info-values listener #:type 'info))
      (lambda (host ip port)
        (format #t "~a~%" port)
        (force-output)))
    (accept-all listener)))

(match (cdr (command-line))
  ((port certificates key) (main port certificates key))
  (_
   (display "usage: echo-server.scm PORT CERTFILE KEYFILE\n" (current-error-port))
   (exit 2)))
