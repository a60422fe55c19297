;;; What plain and TLS sockets have in common, under the same names: the integration methods of
;;; (rfc tls).

(export socket?)

(export-again export-common
  socket-send socket-send/range socket-recv socket-recv!
  socket-shutdown socket-close socket-closed? call-with-socket
  socket-peer socket-info socket-name socket-info-values socket-node socket-service
  socket-nonblocking! socket-blocking! nonblocking-socket?
  socket-set-read-timeout! socket-get-read-timeout
  MSG_WAITALL SHUT_RD SHUT_WR SHUT_RDWR)

(define SHUT_RD 0)
(define SHUT_WR 1)
(define SHUT_RDWR 2)

;; Guile has no name for it. Only this library reads the number, so it is the same everywhere.
(define MSG_WAITALL #x100)

;; A plain socket; a TLS socket is none.
(define socket? rfctls-raw-p)

(define (any-socket? thing)
  (or (rfctls-socket-p thing) (rfctls-raw-p thing)))

(define-check check-socket any-socket? "socket")

;; (define-for-tls (name argument ...) ((option default) ...) method): what the method does, for TLS
;; sockets only.
(define-syntax-rule (define-for-tls (name argument ...) ((option default) ...) method)
  (define* (name socket argument ... #:optional (option default) ...)
    (check-tls 'name socket)
    (method socket argument ... option ...)))

;; ---- arguments ----

;; How many bytes a range has; len -1 is to the end.
(define (range-count who bv start len)
  (check-bytes who bv)
  (let ((size (bytevector-length bv)))
    (check (and (exact-integer? start) (<= 0 start size))
           who "start is not in the bytevector" start)
    (check (and (exact-integer? len) (<= -1 len (- size start)))
           who "the range ends outside the bytevector" start len)
    (if (= len -1) (- size start) len)))

;; Whether flags have a bit; MSG_PEEK, MSG_DONTWAIT and MSG_WAITALL are all there are.
(define (flag? flags bit)
  (not (zero? (logand flags bit))))

(define (check-flags who flags known)
  (check (and (exact-integer? flags) (zero? (logand flags (lognot known))))
         who "unknown flags" flags))

;; ---- sending ----

(define (send who socket bv start count flags)
  (check-flags who flags MSG_DONTWAIT)
  (or (drive socket (if (flag? flags MSG_DONTWAIT) at-once writing)
             (rfctls-any-send socket bv start count))
      -1))

;; The rest of what is to be sent, after the first step: sent of count bytes.
(define (send-rest who socket bv start count flags sent)
  (call-counting
   (lambda () sent)
   (lambda ()
     (let loop ()
       (let ((more (send who socket bv (+ start sent) (- count sent) flags)))
         (unless (negative? more)
           (set! sent (+ sent more))
           (unless (= sent count)
             (loop))))
       sent))))

(define (send-all who socket bv start count flags)
  (let ((sent (send who socket bv start count flags)))
    (if (or (negative? sent) (= sent count))
        sent
        (send-rest who socket bv start count flags sent))))

;; All bytes, unless the socket is non-blocking; then what went, -1 if nothing could go.
(define* (socket-send socket bv #:optional (flags 0))
  (check-bytes 'socket-send bv)
  (send-all 'socket-send socket bv 0 (bytevector-length bv) flags))

(define* (socket-send/range socket bv #:optional (start 0) (len -1) (flags 0))
  (send-all 'socket-send/range socket bv start
            (range-count 'socket-send/range bv start len) flags))

;; ---- receiving ----

(define recv-flags (logior MSG_PEEK MSG_DONTWAIT MSG_WAITALL))

(define (receive who socket flags attempt)
  (check-flags who flags recv-flags)
  (let ((native-flags (if (flag? flags MSG_PEEK) RFCTLS-PEEK 0)))
    (drive socket (if (flag? flags MSG_DONTWAIT) at-once reading) (attempt native-flags))))

(define (receive! who socket bv start count flags)
  (receive who socket flags
           (lambda (native-flags)
             (rfctls-any-recv socket native-flags bv start count))))

;; Until the range is full, at the end, or nothing more is there: MSG_WAITALL.
(define (receive-all! who socket bv start count flags)
  (let loop ((received 0))
    (let ((more (receive! who socket bv (+ start received) (- count received) flags)))
      (cond ((not more) (and (positive? received) received))
            ((or (zero? more) (= (+ received more) count)) (+ received more))
            (else (loop (+ received more)))))))

(define (all? flags)
  (and (flag? flags MSG_WAITALL) (not (flag? flags MSG_PEEK))))

;; How many bytes came; 0 at the polite end, -1 when a non-blocking socket would wait.
(define* (socket-recv! socket bv start len #:optional (flags 0))
  (check-flags 'socket-recv! flags recv-flags)
  (check (not (eqv? len -1)) 'socket-recv! "not a count of bytes" len)
  (let ((count (range-count 'socket-recv! bv start len)))
    (or ((if (all? flags) receive-all! receive!) 'socket-recv! socket bv start count flags)
        -1)))

(define (receive-all socket size flags)
  (let* ((bv (make-bytevector size))
         (count (receive-all! 'socket-recv socket bv 0 size flags)))
    (and count
         (if (= count size)
             bv
             (let ((shorter (make-bytevector count)))
               (bytevector-copy! bv 0 shorter 0 count)
               shorter)))))

;; What there is, at most size bytes: memory is taken for what has come, not for what was asked.
(define* (socket-recv socket size #:optional (flags 0))
  (check (and (exact-integer? size) (>= size 0)) 'socket-recv "not a count of bytes" size)
  (check-flags 'socket-recv flags recv-flags)
  (if (all? flags)
      (receive-all socket size flags)
      (let ((size (min size most-positive-fixnum)))
        (receive 'socket-recv socket flags
                 (lambda (native-flags)
                   (rfctls-any-recv-bytes socket native-flags size))))))

;; Whether a receiving call would come back at once: with bytes, the end, or a failure.
(define (socket-ready? socket)
  (check-socket 'socket-ready? socket)
  (call-with-rescue socket-error? (lambda (failure) #t)
                    (lambda ()
                      (and (socket-recv socket 1 (logior MSG_PEEK MSG_DONTWAIT)) #t))))

;; ---- ending ----

(define (socket-shutdown socket how)
  (drive socket patiently (rfctls-any-shutdown socket how))
  *unspecified*)

(define (close-transport socket)
  (let ((port (memory-transport (memory socket))))
    (when port
      (close-port port))))

;; The failure that a port has still to raise, if any; from now on it has.
(define (take-cut! socket)
  (let* ((memory (memory socket)) (cut (memory-cut memory)))
    (when cut
      (set-memory-cut! memory #t))
    (and (exception? cut) cut)))

;; No dynamic-wind: that would run when the task of a scheduler is suspended, too.
(define (close socket wait)
  (let ((failure (call-with-rescue anything? identity
                   (lambda ()
                     (drive socket patiently (rfctls-any-close socket) wait)
                     #f))))
    (wake-tasks socket)
    (close-transport socket)
    (let ((failure (or (take-cut! socket) failure)))
      (when failure
        (raise-exception failure)))))

;; Also of a non-blocking TLS socket it waits until the peer has all, for two seconds at most.
(define (socket-close socket)
  (check-socket 'socket-close socket)
  (close socket wait))

;; The same where no task can be suspended.
(define (socket-close-here socket)
  (close socket wait-here))

(define socket-closed? rfctls-any-is-closed)

(define (closing-on-failure socket thunk)
  (call-with-rescue anything?
                    (lambda (failure)
                      (quietly (lambda () (socket-close socket)))
                      (raise-exception failure))
                    thunk))

(define (call-with-socket socket procedure)
  (check-socket 'call-with-socket socket)
  (check (procedure? procedure) 'call-with-socket "not a procedure" procedure)
  (call-with-values (lambda () (closing-on-failure socket (lambda () (procedure socket))))
    (lambda results
      (socket-close socket)
      (apply values results))))

;; ---- settings ----

(define (socket-blocking! socket)
  (set-memory-blocking! (memory socket) #t))

(define (socket-nonblocking! socket)
  (set-memory-blocking! (memory socket) #f))

(define (nonblocking-socket? socket)
  (not (memory-blocking? (memory socket))))

;; Milliseconds or a time; 0 is none.
(define (socket-set-read-timeout! socket timeout)
  (let ((milliseconds (timeout->milliseconds 'socket-set-read-timeout! timeout)))
    (set-memory-read-timeout! (memory socket) (if (zero? milliseconds) -1 milliseconds))))

(define (socket-get-read-timeout socket)
  (max 0 (memory-read-timeout (memory socket))))

;; ---- what a socket tells ----

;; As given to the maker, or #f.
(define (socket-node socket)
  (if (rfctls-socket-p socket)
      (rfctls-socket-node socket)
      (memory-node (memory socket))))

(define (socket-service socket)
  (if (rfctls-socket-p socket)
      (rfctls-socket-service socket)
      (memory-service (memory socket))))

;; #f if there is none (a listener has no peer), or it is not known yet.
(define (address-of native socket)
  (call-with-rescue socket-error? (lambda (failure) #f) (lambda () (native socket))))

(define (peer-address socket) (address-of rfctls-any-peer-address socket))
(define (local-address socket) (address-of rfctls-any-local-address socket))

(define (socket-peer socket) (address->info (peer-address socket)))
(define (socket-info socket) (address->info (local-address socket)))
(define (socket-name socket) (address->name (local-address socket)))

(define* (socket-info-values socket #:key (type 'peer))
  (let ((info (case type
                ((peer) (socket-peer socket))
                ((info) (socket-info socket))
                (else (check #f 'socket-info-values "type is neither peer nor info" type)))))
    (if info
        (values (socket-info-hostname info) (socket-info-ip-address info)
                (socket-info-port info))
        (values #f #f #f))))
