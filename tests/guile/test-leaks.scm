;;; Is what is dropped given back, however much of it there is?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (sagittarius socket))

(begin-tests)

(define (repeat count thunk)
  (do ((i 0 (+ i 1))) ((= i count)) (thunk)))

;; Calls thunk count times, after some to warm up, and checks that neither descriptors nor memory grow.
(define (check-flat count thunk)
  (repeat (quotient count 10) thunk)
  (gc)
  (let ((memory (resident-kilobytes)))
    (repeat count thunk)
    (check (let loop ((tries 100)) ; finalisers run in a thread of their own
             (gc)
             (or (<= (open-descriptors) 40)
                 (and (positive? tries)
                      (begin (usleep 20000) (loop (- tries 1)))))))
    (check (< (- (resident-kilobytes) memory) 20000))))

(behaviour "100,000 sockets that are dropped without a handshake"
  (check-flat 50000 make-ends))

(behaviour "2,000 that are dropped after it"
  (check-flat 1000 (lambda () (apply shake (make-ends)))))

(behaviour "2,000 that are dropped in mid-handshake"
  (check-flat 1000 (lambda ()
                     (let ((ends (make-ends)))
                       (for-each tls-socket-nonblocking! ends)
                       (tls-client-handshake (car ends))
                       (tls-server-handshake (cadr ends))))))

(behaviour "2,000 ports that are dropped with their sockets"
  (check-flat 1000 (lambda () (for-each tls-socket-port (make-ends)))))

(behaviour "10,000 conditions that were raised and rescued"
  (let ((listener (make-server-socket "0")))
    (socket-nonblocking! listener)
    (check-flat 10000 (lambda ()
                        (raised (socket-recv listener 1))
                        (raised (make-client-tls-socket "127.0.0.1" "-1"))))
    (socket-close listener)))

(end-tests)
