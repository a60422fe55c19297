;;; Does a non-blocking socket answer at once, with #f and -1?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rnrs bytevectors))

(begin-tests)

;; Calls attempt again until it answers something.
(define (until attempt)
  (or (attempt) (begin (usleep 1000) (until attempt))))

(behaviour "blocking is the default, and can be changed back and forth"
  (call-with-pair
    (lambda (client server)
      (check (not (nonblocking-tls-socket? client)))
      (tls-socket-nonblocking! client)
      (check (nonblocking-tls-socket? client))
      (check-equal #f (tls-socket-recv client 10))
      (check-equal -1 (tls-socket-recv! client (make-bytevector 10) 2 3))
      (tls-socket-send server (string->utf8 "now"))
      (check-equal "now" (text (until (lambda () (tls-socket-recv client 10)))))
      (tls-socket-blocking! client)
      (check (not (nonblocking-tls-socket? client))))))

(behaviour "sending answers what went, and -1 when nothing could go; nothing is lost or doubled"
  (call-with-pair
    (lambda (client server)
      (let ((data (bytes 8000000)))
        (tls-socket-nonblocking! client)
        (let ((first (tls-socket-send client data)))
          (check (< 0 first 8000000))
          (check-equal -1 (tls-socket-send/range client data first))
          (let ((reader (in-thread (lambda () (tls-socket-recv server 8000000 MSG_WAITALL)))))
            (let loop ((sent first))
              (when (< sent 8000000)
                (let ((more (tls-socket-send/range client data sent)))
                  (when (negative? more) (usleep 1000))
                  (loop (+ sent (max 0 more))))))
            (check (equal? data (outcome reader)))))))))

(behaviour "MSG_WAITALL answers what there is"
  (call-with-pair
    (lambda (client server)
      (tls-socket-nonblocking! client)
      (check-equal #f (tls-socket-recv client 10 MSG_WAITALL))
      (tls-socket-send server (string->utf8 "few"))
      (check-equal "few" (text (until (lambda () (tls-socket-recv client 10 MSG_WAITALL))))))))

(behaviour "the polite end is not #f"
  (call-with-pair
    (lambda (client server)
      (tls-socket-nonblocking! client)
      (tls-socket-shutdown server SHUT_WR)
      (check-equal 0 (bytevector-length (until (lambda () (tls-socket-recv client 10))))))))

(behaviour "accept and the handshakes answer #f until they are done"
  (let ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server"))))
    (tls-socket-nonblocking! listener)
    (check (not (tls-socket-accept listener)))
    (let* ((client (connect-client (port-of listener) #:handshake #f))
           (server (until (lambda () (tls-socket-accept listener #:handshake #f)))))
      (tls-socket-nonblocking! client)
      (tls-socket-nonblocking! server)
      (check (not (tls-client-handshake client)))
      (until (lambda ()
               (if (tls-socket-version server)
                   #t
                   (begin (tls-server-handshake server) #f))
               (or (tls-socket-version client)
                   (begin (tls-client-handshake client) #f))))
      (until (lambda () (or (tls-socket-version server) (tls-server-handshake server))))
      (check-equal "TLSv1.3" (tls-socket-version client))
      (for-each tls-socket-close (list client server listener)))))

(behaviour "ready? is true for bytes, the end, and a failure; else it is false"
  (call-with-pair
    (lambda (client server)
      (check (not (tls-socket-ready? client)))
      (tls-socket-send server (string->utf8 "ab"))
      (check (until (lambda () (tls-socket-ready? client))))
      (tls-socket-recv client 1)
      (check (tls-socket-ready? client))
      (tls-socket-recv client 1)
      (tls-socket-shutdown server SHUT_WR)
      (check (until (lambda () (tls-socket-ready? client)))))))

(behaviour "a port over a non-blocking socket waits"
  (call-with-pair
    (lambda (client server)
      (tls-socket-nonblocking! client)
      (let ((reader (in-thread (lambda () ((@ (ice-9 rdelim) read-line)
                                           (tls-socket-input-port client))))))
        (tls-socket-send server (string->utf8 "line\n"))
        (check-equal "line" (outcome reader))))))

(end-tests)
