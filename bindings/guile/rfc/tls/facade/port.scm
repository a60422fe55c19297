;;; Sockets as binary ports.
;;;
;;; Reading takes what has come; writing sends at once. For text, set an encoding with
;;; set-port-encoding!. Under (ice-9 suspendable-ports), reading and writing suspend.

(export-again export-ports
  tls-socket-port tls-socket-input-port tls-socket-output-port
  socket-port socket-input-port socket-output-port)

;; ---- a connection that is cut in the middle of a line ----

;; Guile's readers lose what they hold when a port raises. So read-line, and who is made of it, first finds an
;; end there and answers what had come of the line; whoever reads next, or closes, gets the failure. All others
;; get it at once: get-string-all and a loop of read-char would take such an end for the end of all.

;; What stands between a reader and read!, when (ice-9 suspendable-ports) is installed.
(define inner-frames
  '(make-stack line-begun? cut! read! read-bytes fill-input peek-bytes
    peek-char-and-next-cur peek-char-and-next-cur/utf8 peek-char-and-next-cur/iconv))

;; Whether read-line reads, and has some of a line already. In C it is %read-line. In Scheme it is
;; read-delimited, which collects in seed what read-char gives; with ISO-8859-1 it calls no read-char, and then
;; would find an end forever.
(define (line-begun? port)
  (define stack (make-stack #t))
  (define (frame-at index)
    (and (< index (stack-length stack)) (stack-ref stack index)))
  (define (name-at index)
    (and=> (frame-at index) frame-procedure-name))
  (define (collects? frame)
    (false-if-exception
     (pair? ((@ (system vm frame) binding-ref)
             ((@ (system vm frame) frame-lookup-binding) frame 'seed)))))
  (let loop ((index 0))
    (case (name-at index)
      ((%read-line) #t)
      ((read-char) (and (eq? (name-at (+ index 1)) 'read-delimited)
                        (collects? (frame-at (+ index 1)))))
      (else => (lambda (name)
                 (and (memq name inner-frames)
                      (loop (+ index 1))))))))

;; 0, an end, if a line has begun; a port of which part of a character remains does not end well.
(define (cut! port socket bv start count)
  (let ((failure (call-with-rescue anything? identity
                   (lambda () (rfctls-any-recv socket 0 bv start count))))
        (memory (memory socket)))
    (cond ((and (not (memory-cut memory)) (zero? start) (positive? (port-column port))
                (line-begun? port))
           (set-memory-cut! memory failure)
           0)
          (else
           (set-memory-cut! memory #t)
           (raise-exception failure)))))

;; ---- waiting for a port's socket, though it may be non-blocking ----

(define (read! port bv start count)
  (let* ((socket (rfctls-port-socket port))
         (got (drive socket memory-read-timeout (rfctls-any-read socket bv start count))))
    (if (eq? got 'cut)
        (cut! port socket bv start count)
        got)))

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
