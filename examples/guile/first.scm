;;; A first program: says one line to a TLS server, and prints the line that it answers.
;;;
;;;   guile first.scm HOST PORT [CAFILE]
(use-modules (rfc tls) (rfc x509) (ice-9 match) (ice-9 rdelim) (srfi srfi-1))

(match (cdr (command-line))
  ((host port . files)
   (let* ((authorities (append-map read-x509-certificates files))
          (io (tls-socket-port (make-client-tls-socket host port #:authorities authorities))))
     (display "GET / HTTP/1.0\r\n\r\n" io)
     (display (read-line io))
     (newline)
     (close-port io))))
