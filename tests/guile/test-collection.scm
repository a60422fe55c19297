;;; Does the collector neither take what is in use, nor leave what is not?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (ice-9 threads) (rnrs bytevectors)
             ((rnrs exceptions) #:select (guard)))

(begin-tests)

(define (repeat count thunk)
  (do ((i 0 (+ i 1))) ((= i count)) (thunk)))

;; Finalisers run in a thread of their own: collects until the test holds.
(define (collected? test)
  (let loop ((tries 100))
    (gc)
    (or (test)
        (and (positive? tries)
             (begin (usleep 20000) (loop (- tries 1)))))))

(define (growth-of-descriptors thunk)
  (gc)
  (let ((before (open-descriptors)))
    (thunk)
    (collected? (lambda () (<= (open-descriptors) before)))))

(behaviour "calls go on while another thread collects without a pause"
  (let* ((stop #f)
         (collector (in-thread (lambda () (let loop () (unless stop (gc) (loop)))))))
    (call-with-server echo
      (lambda (port)
        (let ((socket (connect-client port #:certificate-verifier (lambda (depth ok bv) ok))))
          (repeat 200
            (lambda ()
              (let ((data (make-bytevector 1000 7)))
                (tls-socket-send socket data)
                (check (equal? data (tls-socket-recv socket 1000 MSG_WAITALL)))
                (x509-certificate-subject-dn (tls-socket-peer-certificate socket))
                (socket-info-port (tls-socket-peer socket)))))
          (tls-socket-close socket))))
    (set! stop #t)
    (outcome collector)))

(behaviour "sockets that are dropped without a handshake give their descriptors back"
  (let* ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server")))
         (port (port-of listener)))
    (check (growth-of-descriptors
            (lambda ()
              (repeat 2000
                (lambda ()
                  (connect-client port #:handshake #f)
                  (tls-socket-accept listener #:handshake #f))))))
    (tls-socket-close listener)))

(behaviour "so do those that are dropped after their handshake"
  (check (growth-of-descriptors
          (lambda ()
            (call-with-server
              (lambda (listener)
                (repeat 100 (lambda () (tls-socket-accept listener))))
              (lambda (port)
                (repeat 100 (lambda () (connect-client port)))))))))

(behaviour "and those that failed it"
  (check (growth-of-descriptors
          (lambda ()
            (call-with-server
              (lambda (listener)
                (repeat 50 (lambda () (tls-socket-accept listener #:raise-error #f))))
              (lambda (port)
                (repeat 50 (lambda ()
                             (raised (connect-client port #:authorities '()))))))))))

(behaviour "a port that is dropped takes its socket with it"
  (check (growth-of-descriptors
          (lambda ()
            (call-with-server
              (lambda (listener)
                (repeat 30 (lambda () (tls-socket-port (tls-socket-accept listener)))))
              (lambda (port)
                (repeat 30 (lambda () (tls-socket-port (connect-client port))))))))))

(behaviour "a port that is dropped closes a socket that is still held, and says nothing to the peer"
  (call-with-pair
    (lambda (client server)
      (tls-socket-port client)
      (check (collected? (lambda () (tls-socket-closed? client))))
      (let ((condition (raised (tls-socket-recv server 1))))
        ;; The client's unread session tickets make TCP reset.
        (check (or (socket-truncated-error? condition) (socket-reset-error? condition)))))))

(behaviour "unless close? is #f, and not if it is for one direction"
  (call-with-pair
    (lambda (client server)
      (tls-socket-port client #f)
      (tls-socket-input-port client)
      (tls-socket-output-port client)
      (gc) (usleep 20000) (gc)
      (check (not (tls-socket-closed? client)))
      (tls-socket-send client (bytes 1))
      (check-equal 1 (bytevector-length (tls-socket-recv server 1))))))

(behaviour "memory stays flat over certificates and keys that are dropped"
  (define (read-many)
    (repeat 2000 (lambda () (certificates "server") (key "server"))))
  (read-many)
  (gc)
  (let ((before (resident-kilobytes)))
    (read-many)
    (gc)
    (check (< (- (resident-kilobytes) before) 8000))))

(end-tests)
