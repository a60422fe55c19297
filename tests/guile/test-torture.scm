;;; Does the collector take nothing that is in use, whenever it runs?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (rnrs bytevectors))

(begin-tests)

(define (repeat count thunk)
  (do ((i 0 (+ i 1))) ((= i count)) (thunk)))

(behaviour "a collection before every call, 5,000 calls"
  (let* ((ends (make-ends)) (client (car ends)) (server (cadr ends)) (buffer (make-bytevector 64)))
    (shake client server)
    (for-each tls-socket-blocking! ends)
    (repeat 1000
      (lambda ()
        (gc)
        (tls-socket-send client (bytes 64))
        (gc)
        (check-equal 64 (tls-socket-recv! server buffer 0 64 MSG_WAITALL))
        (gc)
        (tls-socket-send/range server buffer 0 64)
        (gc)
        (check (equal? (bytes 64) (tls-socket-recv client 64 MSG_WAITALL)))
        (gc)
        (check (x509-certificate? (tls-socket-peer-certificate client)))))))

(behaviour "a collection at every step of a handshake"
  (repeat 20
    (lambda ()
      (let ((ends (make-ends)))
        (gc)
        (for-each tls-socket-nonblocking! ends)
        (let loop ()
          (gc)
          (let ((client? (or (tls-socket-version (car ends)) (tls-client-handshake (car ends)))))
            (gc)
            (unless (and (or (tls-socket-version (cadr ends)) (tls-server-handshake (cadr ends)))
                         client?)
              (loop))))))))

(behaviour "three threads, one of which only collects"
  (let* ((ends (make-ends)) (client (car ends)) (server (cadr ends)) (stop #f) (data (bytes 3000)))
    (apply shake ends)
    (for-each tls-socket-blocking! ends)
    (let ((collector (in-thread (lambda () (let loop () (unless stop (gc) (loop))))))
          (echo (in-thread (lambda () (echo-all server)))))
      (repeat 500
        (lambda ()
          (tls-socket-send client data)
          (check (equal? data (tls-socket-recv client 3000 MSG_WAITALL)))))
      (tls-socket-shutdown client SHUT_WR)
      (outcome echo)
      (set! stop #t)
      (outcome collector))))

(end-tests)
