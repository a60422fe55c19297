;;; Connecting: an address that does not answer, and a resolver that does not, hold nothing up for long.

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (sagittarius socket) (ice-9 threads) (rnrs bytevectors) (rnrs conditions)
             ((rnrs exceptions) #:select (guard)))

(unless (names-preloaded?)
  (display "the tests' names are not preloaded\n")
  (exit 77))

(begin-tests)

(define quarter 250) ; milliseconds, which a silent address holds the next one up

(define server-name (make-server-name-indication '("server.test")))

(define (connect port . options)
  (apply make-client-tls-socket "silent-first.test" port #:authorities (certificates "ca")
         #:hello-extensions (list server-name) options))

;; Calls (connect port), which is to last no longer than the silent address makes it, and talks.
(define (talks connect finish)
  (call-with-peer '("echo" "server")
    (lambda (port)
      (let* ((made #f) (took (milliseconds (set! made (connect port)))))
        (check (on-time? took quarter))
        (check-equal "127.0.0.1" (ip-address->string (socket-info-ip-address (socket-peer made))))
        (let ((socket (finish made)))
          (tls-socket-send socket (string->utf8 "hello"))
          (check-equal "hello" (text (tls-socket-recv socket 5)))
          (tls-socket-close socket))))))

(behaviour "a first address that is silent costs a quarter of a second"
  (talks connect identity))

(behaviour "so it does without a handshake, and without TLS"
  (talks (lambda (port) (connect port #:handshake #f)) tls-client-handshake)
  (talks (lambda (port) (make-client-socket "silent-first.test" port))
         (lambda (plain)
           (socket->tls-socket plain #:authorities (certificates "ca")
                               #:hello-extensions (list server-name)))))

(define (gives-up connect)
  (let* ((condition #f)
         (took (milliseconds (set! condition (raised (connect))))))
    (check (socket-connection-error? condition))
    (check (message-contains? condition "the resolver did not answer in time"))
    (check-equal 'E_TIMEOUT (irritant condition 'status))
    (check (on-time? took 400))))

(behaviour "a silent resolver ends at the timeout"
  (gives-up (lambda () (make-client-socket "silent.test" "1" #:connect-timeout 400)))
  (gives-up (lambda () (make-client-tls-socket "silent.test" "1" #:connect-timeout 400)))
  (gives-up (lambda ()
              (make-client-tls-socket "silent.test" "1" #:connect-timeout 400 #:handshake #f))))

(behaviour "a silent resolver holds no other thread up"
  (let ((silent (in-thread (lambda ()
                             (make-client-socket "silent.test" "1" #:connect-timeout 1000))))
        (listener (make-server-socket "0" AF_INET)))
    (check (< (milliseconds (socket-close (make-client-socket "localhost" (port-of listener) AF_INET)))
              500))
    (socket-close listener)
    (check (socket-connection-error? (outcome silent)))))

(behaviour "an interrupt ends a look-up"
  (let* ((thread (call-with-new-thread
                  (lambda ()
                    (catch #t
                      (lambda () (make-client-socket "silent.test" "1"))
                      (lambda arguments 'interrupted)))))
         (took (milliseconds
                (begin
                  (usleep 100000)
                  (cancel-thread thread)
                  (join-thread thread (+ (current-time) 10))))))
    (check (< took 1000))))

(end-tests)
