;;; (rfc tls port): TLS sockets as binary ports.
;;;
;;; Reading takes what has come, up to a record at a time; writing sends at once. For text, set an
;;; encoding with set-port-encoding!.

(library (rfc tls port)
  (export tls-socket-port tls-socket-input-port tls-socket-output-port)
  (import (guile)
          (rfc tls native)
          (rfc tls socket))

  (define (make-port mode socket close)
    (unless (tls-socket? socket)
      (scm-error 'wrong-type-arg "tls-socket-port" "Not a TLS socket: ~S" (list socket)
                 (list socket)))
    (rfctls-make-port mode
                      (lambda (bv start count) (read-waiting! socket bv start count))
                      (lambda (bv start count) (write-waiting socket bv start count))
                      (lambda () (tls-socket-ready? socket))
                      close))

  ;; Closing it closes the socket, unless close? is #f.
  (define* (tls-socket-port socket #:optional (close? #t))
    (make-port "r+" socket (if close? (lambda () (tls-socket-close socket)) values)))

  (define (tls-socket-input-port socket)
    (make-port "r" socket values))

  (define (tls-socket-output-port socket)
    (make-port "w" socket values)))
