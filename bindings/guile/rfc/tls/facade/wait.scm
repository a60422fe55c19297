;;; The loop that all verbs share, and where it waits.
;;;
;;; The C sockets below, plain and TLS, are non-blocking throughout; drive tries a verb, waits, and tries
;;; again. A socket is the native handle itself; what these libraries remember of it is a <memory>, kept
;;; with the handle.

;; ---- what is remembered of a socket ----

(define-record-type <memory>
  (make-memory blocking? read-timeout verifier certificate-callback transport plain node service
               ports watches cut)
  memory?
  (blocking? memory-blocking? set-memory-blocking!)
  (read-timeout memory-read-timeout set-memory-read-timeout!) ; milliseconds, -1: none
  (verifier memory-verifier set-memory-verifier!)
  (certificate-callback memory-certificate-callback set-memory-certificate-callback!)
  (transport memory-transport set-memory-transport!) ; the port that owns the descriptor, or #f
  (plain memory-plain set-memory-plain!)  ; the plain socket below, once it was shown
  (node memory-node)
  (service memory-service)
  (ports memory-ports set-memory-ports!) ; those that read from a plain socket: see port.scm
  (watches memory-watches set-memory-watches!) ; those that a scheduler's tasks wait for
  (cut memory-cut set-memory-cut!)) ; a failure that a port has still to raise; #t: it did; #f: none

(define memory rfctls-any-facade)

(define* (remember! socket #:key (verifier #f) (transport #f) (plain #f) (node #f) (service #f))
  (rfctls-any-set-facade socket
                         (make-memory #t -1 verifier #f transport plain node service #f '() #f))
  socket)

;; ---- time ----

(define never most-positive-fixnum)

;; One more, since the clock cuts off parts of a millisecond: a timeout is never early.
(define (deadline-in milliseconds)
  (if (negative? milliseconds)
      never
      (+ (rfctls-clock) milliseconds 1)))

(define (time-left deadline)
  (if (eqv? deadline never)
      never
      (- deadline (rfctls-clock))))

;; (srfi srfi-19) is loaded when the first time object is met.
(define (time->milliseconds who time)
  (check ((@ (srfi srfi-19) time?) time) who "neither milliseconds nor a time" time)
  (+ (* 1000 ((@ (srfi srfi-19) time-second) time))
     (ceiling-quotient ((@ (srfi srfi-19) time-nanosecond) time) 1000000)))

;; As C has it: -1 for ever.
(define (left->timeout left)
  (if (eqv? left never) -1 left))

;; Of milliseconds or a time.
(define (timeout->milliseconds who timeout)
  (let ((milliseconds (if (number? timeout) timeout (time->milliseconds who timeout))))
    (check (and (exact-integer? milliseconds) (<= 0 milliseconds never))
           who "not a count of milliseconds" timeout)
    milliseconds))

;; ---- waiting: both ways may come back early ----

;; Blocks this thread, outside Guile mode; an interrupt (a handler of a signal, cancel-thread) ends it.
(define (wait-here socket want left)
  (rfctls-any-wait socket want (left->timeout left)))

(define ice-9 (resolve-module '(ice-9) #f #:ensure #f))

;; What a scheduler (fibers, or the program's own) has put in the place of blocking, or #f. Asked at
;; every wait, so the module is looked up by one step, not by its whole name.
(define (scheduler's-waiter)
  (let ((module (module-ref-submodule ice-9 'suspendable-ports)))
    (and module
         (let ((waiter ((module-ref module 'current-read-waiter))))
           (and (not (eq? waiter (module-ref module 'default-read-waiter #f)))
                waiter)))))

(define (change-watches! memory change watch)
  (set-memory-watches! memory (change watch (memory-watches memory))))

;; Lets the scheduler's other tasks run.
(define (watch-by waiter socket events milliseconds)
  (let ((watch (rfctls-make-watch (rfctls-any-wait-fd socket) events milliseconds)))
    (change-watches! (memory socket) cons watch)
    (waiter watch)
    (change-watches! (memory socket) delq watch)
    (close-port watch)))

(define (wait-by waiter socket want left)
  (let ((events (rfctls-any-wait-events socket want))
        (timeout (rfctls-any-wait-timeout socket)))
    (unless (or (zero? events) (zero? timeout))
      (watch-by waiter socket events
                (if (negative? timeout)
                    (left->timeout left)
                    (min left timeout))))))

;; Wakes the tasks that wait for a socket: it was closed.
(define (wake-tasks socket)
  (for-each rfctls-watch-wake (memory-watches (memory socket))))

(define (wait socket want left)
  (let ((waiter (scheduler's-waiter)))
    (if waiter
        (wait-by waiter socket want left)
        (wait-here socket want left))))

;; ---- the loop ----

(define (time-out socket)
  (raise-exception (socket-condition make-socket-read-timeout-error
                                     (if (rfctls-socket-p socket) 'tls-socket 'socket) socket
                                     "the peer sent nothing in time"
                                     '(status . E_TIMEOUT))))

;; What the expression attempt answers when it is finished: mostly at once, so that is all that is
;; done at first. Only if it is not, patience is asked how many milliseconds to wait: -1 for ever, 0
;; not at all, then the answer is #f. What is neither finished nor a matter of waiting is a question,
;; for answer.
(define-syntax-rule (drive socket patience attempt wait-and-answer ...)
  (let ((result attempt))
    (if (symbol? result)
        (drive-on result socket patience (lambda () attempt) wait-and-answer ...)
        result)))

(define* (drive-on first socket patience attempt #:optional (wait wait) (answer #f))
  (define (patient)
    (let ((milliseconds (patience (memory socket))))
      (and (not (zero? milliseconds))
           (deadline-in milliseconds))))
  (let loop ((result first) (deadline #f))
    (case result
      ((want-read want-write)
       (let ((deadline (or deadline (patient))))
         (and deadline
              (let ((left (time-left deadline)))
                (if (positive? left)
                    (wait socket result left)
                    (time-out socket))
                (loop (attempt) deadline)))))
      ((want-verify want-identity)
       (answer result)
       (loop (attempt) deadline))
      (else result))))

(define (reading memory) (if (memory-blocking? memory) (memory-read-timeout memory) 0))
(define (writing memory) (if (memory-blocking? memory) -1 0))
(define (patiently memory) -1)
(define (at-once memory) 0)
