;;; Does every connection end as it should: politely, cut, reset, half, or closed by us?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (sagittarius socket) (ice-9 rdelim) (rnrs bytevectors)
             (rnrs conditions)
             ((rnrs exceptions) #:select (guard)))

(begin-tests)

(define size 100000)

;; All that comes, as one bytevector, and how it ended: polite, or the condition.
(define (receive-all socket)
  (let ((all (make-bytevector size 255)))
    (let loop ((count 0))
      (let ((more (guard (condition (#t condition))
                    (tls-socket-recv! socket all count (- size count)))))
        (cond ((condition? more) (values count all more))
              ((and (zero? more) (< count size)) (values count all 'polite))
              ((= (+ count more) size)
               (let ((ending (guard (condition (#t condition)) (tls-socket-recv socket 1))))
                 (values size all (if (bytevector? ending) 'polite ending))))
              (else (loop (+ count more))))))))

(define (ending how)
  (call-with-peer (list "say" (number->string size) how)
    (lambda (port)
      (let ((socket (connect-client port)))
        (call-with-values (lambda () (receive-all socket))
          (lambda (count all ending)
            (check-equal size count)
            (check (equal? (bytes size) all))
            (tls-socket-close socket)
            ending))))))

(behaviour "the polite end is an empty bytevector, again and again"
  (check-equal 'polite (ending "polite"))
  (call-with-pair
    (lambda (client server)
      (tls-socket-shutdown server SHUT_WR)
      (check-equal 0 (bytevector-length (tls-socket-recv client 10)))
      (check-equal 0 (tls-socket-recv! client (make-bytevector 3) 0 3)))))

(behaviour "a cut connection is its own condition, after all bytes that came"
  (let ((condition (ending "cut")))
    (check (socket-truncated-error? condition))
    (check (tls-socket? (socket-error-socket condition)))))

(behaviour "a reset connection is its own condition"
  (call-with-peer '("say" "10" "reset")
    (lambda (port)
      (let ((socket (connect-client port)))
        (tls-socket-recv socket 10 MSG_WAITALL)
        (tls-socket-send socket (make-bytevector 1))
        (check (socket-reset-error? (raised (tls-socket-recv socket 1))))
        (tls-socket-close socket)))))

(behaviour "sending to a peer that is gone raises soon, and does not end the process"
  (call-with-peer '("say" "10" "reset")
    (lambda (port)
      (let ((socket (connect-client port)) (data (make-bytevector 65536)))
        (tls-socket-recv socket 10 MSG_WAITALL)
        (let loop ((tries 1000))
          (check (positive? tries))
          (unless (guard (condition ((socket-error? condition) #t))
                    (tls-socket-send socket data)
                    #f)
            (loop (- tries 1))))
        (tls-socket-close socket)))))

(behaviour "a failed send tells how much had gone before"
  (call-with-pair
    (lambda (client server)
      (let ((sender (in-thread (lambda () (tls-socket-send client (make-bytevector 50000000))))))
        (tls-socket-recv server 1000000 MSG_WAITALL)
        (check (socket-read-timeout-error? (raised (tls-socket-close client))))
        (let ((condition (outcome sender)))
          (check (socket-closed-error? condition))
          (check (<= 100000 (irritant condition 'count) 49999999)))))))

(behaviour "a half-closed connection goes on in the other direction"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port)))
        (tls-socket-send socket (string->utf8 "last words"))
        (tls-socket-shutdown socket SHUT_WR)
        (check (not (tls-socket-closed? socket)))
        (check-equal "last words" (text (tls-socket-recv socket 100)))
        (check-equal 0 (bytevector-length (tls-socket-recv socket 100)))
        (check-equal 'E_STATE (tls-error-status (raised (tls-socket-send socket (bytes 1)))))
        (tls-socket-close socket)))))

(behaviour "closing twice is closing once, and other verbs say that it is closed"
  (call-with-pair
    (lambda (client server)
      (in-thread (lambda () (tls-socket-close server)))
      (tls-socket-close client)
      (tls-socket-close client)
      (check (tls-socket-closed? client))
      (check (socket-closed-error? (raised (tls-socket-send client (bytes 1)))))
      (check (socket-closed-error? (raised (tls-socket-recv client 1)))))))

(behaviour "closing says goodbye: the peer sees the polite end"
  (call-with-values
      (lambda ()
        (call-with-peer '("mute")
          (lambda (port)
            (let ((socket (connect-client port)))
              (tls-socket-send socket (bytes 1000000))
              (tls-socket-close socket)))))
    (lambda (value last-words)
      (check-equal "saw 1000000" last-words))))

(behaviour "a closed listener leaves the connections that it accepted alone"
  (call-with-pair
    (lambda (client server)
      (tls-socket-send client (string->utf8 "on"))
      (check-equal "on" (text (tls-socket-recv server 2 MSG_WAITALL))))))

(behaviour "closing wakes a thread that waits in recv or accept"
  (call-with-pair
    (lambda (client server)
      (let ((reader (in-thread (lambda () (tls-socket-recv client 1)))))
        (usleep 100000) ; likely enough to be waiting; the outcome does not depend on it
        (check (< (milliseconds (begin
                                  (tls-socket-close client)
                                  (check (socket-closed-error? (outcome reader)))))
                  1500)))))
  (let* ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server")))
         (acceptor (in-thread (lambda () (tls-socket-accept listener)))))
    (usleep 100000) ; as above
    (tls-socket-close listener)
    (check (socket-closed-error? (outcome acceptor)))))

(behaviour "call-with-tls-socket closes on the normal exit and on the other one"
  (call-with-server (lambda (listener) (echo listener) (echo listener))
    (lambda (port)
      (let ((first (connect-client port)))
        (call-with-values (lambda () (call-with-tls-socket first (lambda (socket) (values 1 socket))))
          (lambda (one socket)
            (check (eq? socket first))
            (check (tls-socket-closed? first)))))
      (let ((second (connect-client port)))
        (check-equal 'mine
                     (raised (call-with-tls-socket second
                               (lambda (socket) (raise-exception 'mine)))))
        (check (tls-socket-closed? second))))))

;; ---- ending TLS, and not the connection ----

;; In a pair whose ends have a descriptor each.
(define (call-with-ends proc)
  (let ((ends (make-ends)))
    (apply shake ends)
    (for-each tls-socket-blocking! ends)
    (apply proc ends)))

(behaviour "unwrapping ends TLS on both sides, and the plain sockets go on"
  (call-with-ends
    (lambda (client server)
      (let* ((other (in-thread (lambda () (tls-socket-unwrap server))))
             (below (tls-socket-unwrap client))
             (above (outcome other)))
        (for-each (lambda (socket) (check (tls-socket-closed? socket))) (list client server))
        (for-each (lambda (socket) (check (socket? socket))) (list below above))
        (socket-send below (string->utf8 "plain"))
        (check-equal "plain" (text (socket-recv above 5 MSG_WAITALL)))
        (for-each socket-close (list below above))))))

(behaviour "unwrapping wants all that the peer said to be received"
  (call-with-ends
    (lambda (client server)
      (tls-socket-send server (string->utf8 "unheard"))
      (check-equal 'E_STATE (tls-error-status (raised (tls-socket-unwrap client))))
      (check-equal "unheard" (text (tls-socket-recv client 100)))
      (let ((other (in-thread (lambda () (tls-socket-unwrap server)))))
        (socket-close (tls-socket-unwrap client))
        (socket-close (outcome other))))))

(behaviour "a non-blocking socket is unwrapped in steps, and what is below is non-blocking"
  (call-with-ends
    (lambda (client server)
      (tls-socket-nonblocking! client)
      (check (not (tls-socket-unwrap client)))
      (let* ((above (tls-socket-unwrap server))
             (below (let loop () (or (tls-socket-unwrap client) (loop)))))
        (check (nonblocking-socket? below))
        (check (not (nonblocking-socket? above)))
        (for-each socket-close (list below above))))))

(behaviour "a port that became a TLS socket comes back from it, open"
  (let* ((ends (socketpair PF_UNIX SOCK_STREAM 0))
         (client (socket->tls-socket (car ends) #:handshake #f #:certificate-verifier #f))
         (server (socket->tls-socket (cdr ends) #:handshake #f #:client-socket #f
                                     #:certificates (certificates "server")
                                     #:private-key (key "server"))))
    (shake client server)
    (for-each tls-socket-blocking! (list client server))
    (let ((other (in-thread (lambda () (tls-socket-unwrap server)))))
      (check (eq? (car ends) (tls-socket-unwrap client)))
      (check (eq? (cdr ends) (outcome other))))
    (tls-socket-close client)
    (display "plain\n" (car ends))
    (force-output (car ends))
    (check-equal "plain" (read-line (cdr ends)))
    (for-each close-port (list (car ends) (cdr ends)))))

(behaviour "detaching gives the descriptor, open, and says no goodbye"
  (call-with-ends
    (lambda (client server)
      (let ((port (fdopen (tls-socket-detach client) "r+")))
        (check (tls-socket-closed? client))
        (check (socket-closed-error? (raised (tls-socket-detach client))))
        (close-port port)
        (let ((condition (raised (tls-socket-recv server 1))))
          (check (or (socket-truncated-error? condition) (socket-reset-error? condition))))
        (tls-socket-close server)))))

(behaviour "aborting says no goodbye, and a second time nothing"
  (call-with-pair
    (lambda (client server)
      (let ((reader (in-thread (lambda () (tls-socket-recv client 1)))))
        (tls-socket-abort client)
        (tls-socket-abort client)
        (check (socket-closed-error? (outcome reader)))
        (check (socket-error? (raised (tls-socket-recv server 1))))))))

(behaviour "a peer that speaks no TLS is named"
  (call-with-peer '("plain")
    (lambda (port)
      (let ((condition (raised (connect-client port))))
        (check (tls-error? condition))
        (check-equal 'E_PROTOCOL (tls-error-status condition))))))

(behaviour "a client that speaks no TLS fails alone: the listener serves the next one"
  (call-with-server
    (lambda (listener)
      (check (not (tls-socket-accept listener #:raise-error #f)))
      (echo listener))
    (lambda (port)
      (let ((plain (socket PF_INET SOCK_STREAM 0)))
        (connect plain AF_INET INADDR_LOOPBACK (string->number port))
        (display "GET / HTTP/1.0\r\n\r\n" plain)
        (force-output plain)
        (close-port plain))
      (tls-socket-close (connect-client port)))))

(end-tests)
