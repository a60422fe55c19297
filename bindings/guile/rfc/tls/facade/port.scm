;;; Sockets as binary ports.
;;;
;;; Reading takes what has come; writing sends at once. For text, set an encoding with
;;; set-port-encoding!. Under (ice-9 suspendable-ports), reading and writing suspend.

(export-again export-ports
  tls-socket-port tls-socket-input-port tls-socket-output-port
  socket-port socket-input-port socket-output-port)

;; ---- waiting for a port's socket, though it may be non-blocking ----

(define (read! port bv start count)
  (let ((socket (rfctls-port-socket port)))
    (drive socket memory-read-timeout (rfctls-any-recv socket 0 bv start count))))

;; At least one byte of it.
(define (write-some port bv start count)
  (let ((socket (rfctls-port-socket port)))
    (drive socket patiently (rfctls-any-send socket bv start count))))

(rfctls-set-port-procedures read! write-some socket-ready? socket-close-here)

;; ---- makers ----

;; Closing it, or dropping it, closes the socket, unless close? is #f.
(define* (socket-port socket #:optional (close? #t))
  (rfctls-make-port "r+" socket close?))

(define (socket-input-port socket)
  (rfctls-make-port "r" socket #f))

(define (socket-output-port socket)
  (rfctls-make-port "w" socket #f))

(define-for-tls (tls-socket-port) ((close? #t)) socket-port)
(define-for-tls (tls-socket-input-port) () socket-input-port)
(define-for-tls (tls-socket-output-port) () socket-output-port)
