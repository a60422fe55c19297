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

;; ---- what ports have read ahead ----

;; A port reads more than it is asked for. A plain socket knows its ports, so that TLS can begin with that;
;; one that nobody holds any more counts as well, unless dropping it closes the socket.
(define (remember-port! socket port close?)
  (when (socket? socket)
    (let ((memory (memory socket)))
      (unless (memory-ports memory)
        (set-memory-ports! memory (make-weak-key-hash-table)))
      (hashq-set! (memory-ports memory) port (if close? #t port))))
  port)

;; The bytes that a port has received and nobody has read: they are the caller's now.
(define (take-ahead port)
  (let ((encoding (port-encoding port)))
    (set-port-encoding! port "ISO-8859-1")
    (let ((ahead (drain-input port)))
      (set-port-encoding! port encoding)
      (u8-list->bytevector (map char->integer (string->list ahead))))))

(define (give-back-ahead! plain)
  (when (memory-ports (memory plain))
    (hash-for-each (lambda (port held)
                     (unless (port-closed? port)
                       (rfctls-raw-unread plain (take-ahead port))))
                   (memory-ports (memory plain)))))

;; ---- makers ----

;; Closing it, or dropping it, closes the socket, unless close? is #f.
(define* (socket-port socket #:optional (close? #t))
  (remember-port! socket (rfctls-make-port "r+" socket close?) close?))

(define (socket-input-port socket)
  (remember-port! socket (rfctls-make-port "r" socket #f) #f))

(define (socket-output-port socket)
  (rfctls-make-port "w" socket #f))

(define-for-tls (tls-socket-port) ((close? #t)) socket-port)
(define-for-tls (tls-socket-input-port) () socket-input-port)
(define-for-tls (tls-socket-output-port) () socket-output-port)
