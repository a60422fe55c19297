;;; An echo server, any number of connections in one thread, on suspendable ports.
;;;
;;;   guile echo-server-tasks.scm PORT CERTFILE KEYFILE
;;;
;;; Prints the port that it listens on (PORT may be 0). Each connection is a task, written as if it had
;;; the thread for itself; what would wait hands the thread on. With Guile Fibers, run-fibers and
;;; spawn-fiber stand in the place of run-tasks and spawn-task, and nothing else changes.
(add-to-load-path (dirname (current-filename)))
(use-modules (rfc tls) (rfc x509) (tasks) (ice-9 binary-ports) (ice-9 match))

(define (echo io)
  (let ((data (get-bytevector-some io)))
    (unless (eof-object? data)
      (put-bytevector io data)
      (echo io))))

;; A client that breaks the rules, or leaves, takes its own task with it and no other.
(define (serve connection)
  (false-if-exception
   (call-with-tls-socket connection
     (lambda (connection)
       (echo (tls-socket-port (tls-server-handshake connection) #f))))))

(define (accept-all listener)
  (let ((connection (tls-socket-accept listener #:handshake #f)))
    (spawn-task (lambda () (serve connection)))
    (accept-all listener)))

(define (main port certificates key)
  (let ((listener (make-server-tls-socket port (read-x509-certificates certificates)
                                          #:private-key (read-private-key key))))
    (call-with-values (lambda () (tls-socket-info-values listener #:type 'info))
      (lambda (host ip port)
        (format #t "~a~%" port)
        (force-output)))
    (run-tasks (lambda () (accept-all listener)))))

(match (cdr (command-line))
  ((port certificates key) (main port certificates key))
  (_
   (display "usage: echo-server-tasks.scm PORT CERTFILE KEYFILE\n" (current-error-port))
   (exit 2)))
