;;; Does every wait end in time, and never early?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (sagittarius socket) (ice-9 binary-ports) (ice-9 threads)
             (rnrs bytevectors) ((srfi srfi-19) #:select (make-time time-duration)))

(begin-tests)

(define-syntax-rule (takes expected expression)
  (let ((took (milliseconds expression)))
    (unless (on-time? took expected)
      (error "took milliseconds:" took 'not expected))))

(behaviour "a read timeout raises &socket-read-timeout in time, and what comes later can be read"
  (call-with-peer '("late" "1")
    (lambda (port)
      (let ((socket (connect-client port)))
        (tls-socket-set-read-timeout! socket 300)
        (check-equal 300 (tls-socket-get-read-timeout socket))
        (takes 300 (let ((condition (raised (tls-socket-recv socket 10))))
                     (check (socket-read-timeout-error? condition))
                     (check (eq? socket (socket-error-socket condition)))))
        (tls-socket-set-read-timeout! socket 0)
        (check-equal 0 (tls-socket-get-read-timeout socket))
        (check-equal "late\n" (text (tls-socket-recv socket 10)))
        (tls-socket-close socket)))))

(behaviour "a read timeout may be a time object"
  (call-with-pair
    (lambda (client server)
      (tls-socket-set-read-timeout! client (make-time time-duration 200000001 0))
      (check-equal 201 (tls-socket-get-read-timeout client))
      (takes 201 (check (socket-read-timeout-error?
                         (raised (tls-socket-recv! client (make-bytevector 1) 0 1))))))))

(behaviour "a port's reader times out, too"
  (call-with-pair
    (lambda (client server)
      (tls-socket-set-read-timeout! client 200)
      (takes 200 (check (socket-read-timeout-error?
                         (raised (get-u8 (tls-socket-input-port client)))))))))

(behaviour "a listener's read timeout bounds accept"
  (let ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server"))))
    (tls-socket-set-read-timeout! listener 200)
    (takes 200 (check (socket-read-timeout-error? (raised (tls-socket-accept listener)))))
    (tls-socket-close listener)))

(behaviour "a server that accepts and says nothing ends the client's handshake in time"
  (call-with-peer '("silent")
    (lambda (port)
      (takes 400 (check (socket-read-timeout-error?
                         (raised (connect-client port #:handshake-timeout 400))))))))

(behaviour "a client that connects and says nothing ends the server's handshake in time"
  (call-with-server
    (lambda (listener)
      (takes 400 (check (socket-read-timeout-error? (raised (tls-socket-accept listener))))))
    (lambda (port)
      (let ((silent (socket PF_INET SOCK_STREAM 0)))
        (connect silent AF_INET INADDR_LOOPBACK (string->number port))
        (read-char silent)
        (close-port silent)))
    #:options '(#:handshake-timeout 400)))

(behaviour "a silent client does not stop accepts that leave the handshake for later"
  (call-with-server
    (lambda (listener)
      (let ((silent (tls-socket-accept listener #:handshake #f)))
        (echo listener)
        (tls-socket-close silent)))
    (lambda (port)
      (let ((silent (socket PF_INET SOCK_STREAM 0)))
        (connect silent AF_INET INADDR_LOOPBACK (string->number port))
        (takes 0 (tls-socket-close (connect-client port)))
        (close-port silent)))))

(behaviour "a port where nobody listens refuses at once"
  (let* ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server")))
         (port (port-of listener)))
    (tls-socket-close listener)
    (takes 0 (check (socket-connection-error? (raised (connect-client port)))))
    (takes 0 (check (socket-connection-error? (raised (connect-client port #:handshake #f)))))))

;; The queue of a listener that does not accept is full: the next connection is not answered.
(behaviour "a connection that nobody answers ends at its timer"
  (let ((full (socket PF_INET SOCK_STREAM 0)))
    (bind full AF_INET INADDR_LOOPBACK 0)
    (listen full 0)
    (let* ((port (sockaddr:port (getsockname full)))
           (waiting (map (lambda (i)
                           (let ((one (socket PF_INET (logior SOCK_STREAM SOCK_NONBLOCK) 0)))
                             (connect one AF_INET INADDR_LOOPBACK port)
                             one))
                         (iota 4))))
      (takes 300 (check (socket-connection-error?
                         (raised (connect-client (number->string port) #:connect-timeout 300)))))
      (takes 300 (check (socket-connection-error?
                         (raised (connect-client (number->string port) #:connect-timeout 300
                                                 #:handshake #f)))))
      (for-each close-port (cons full waiting)))))

(behaviour "an interrupt runs while a thread waits"
  (call-with-pair
    (lambda (client server)
      (let ((ran #f) (before (sigaction SIGALRM)))
        (sigaction SIGALRM (lambda (signal) (set! ran #t)))
        (setitimer ITIMER_REAL 0 0 0 100000)
        (tls-socket-set-read-timeout! client 1000)
        (takes 1000 (check (socket-read-timeout-error? (raised (tls-socket-recv client 1)))))
        (sigaction SIGALRM (car before) (cdr before))
        (check ran)))))

;; Has a thread run a procedure, and waits until it did.
(define (interrupt thread)
  (let ((mutex (make-mutex)) (changed (make-condition-variable)) (ran? #f))
    (system-async-mark (lambda ()
                         (with-mutex mutex
                           (set! ran? #t)
                           (signal-condition-variable changed)))
                       thread)
    (with-mutex mutex
      (unless ran?
        (check (wait-condition-variable changed mutex (+ (current-time) 30)))))))

(define (hears-interrupts? wait-for-ever end)
  (let ((waiting (in-thread wait-for-ever)))
    (check (< (milliseconds (do ((i 0 (+ i 1))) ((= i 50)) (interrupt waiting))) 5000))
    (end)
    (outcome waiting)))

(behaviour "a thread that waits for ever runs an interrupt at once, and waits on"
  (call-with-pair
    (lambda (client server)
      (define (say) (tls-socket-send server #vu8(7)))
      (check-equal #vu8(7) (hears-interrupts? (lambda () (tls-socket-recv client 1)) say))
      (check-equal 7 (hears-interrupts? (lambda () (get-u8 (tls-socket-input-port client))) say))
      (check-equal (list client) (hears-interrupts? (lambda () (socket-read-select #f client)) say))))
  (let* ((listener (make-server-socket "0"))
         (connect (lambda () (make-client-socket "127.0.0.1" (port-of listener))))
         (client #f))
    (let ((server (hears-interrupts? (lambda () (socket-accept listener))
                                     (lambda () (set! client (connect))))))
      (check-equal #vu8(7) (hears-interrupts? (lambda () (socket-recv client 1))
                                                (lambda () (socket-send server #vu8(7)))))
      (for-each socket-close (list client server listener)))))

(behaviour "a thread that waits for ever can be cancelled, and its socket goes on"
  (call-with-pair
    (lambda (client server)
      (let ((reader (in-thread (lambda () (tls-socket-recv client 1)))))
        (interrupt reader)
        (cancel-thread reader 'cancelled)
        (check-equal 'cancelled (outcome reader))
        (tls-socket-send server #vu8(8))
        (check-equal #vu8(8) (tls-socket-recv client 1))))))

(define (listener-times-out?)
  (let ((listener (make-server-socket "0")))
    (socket-set-read-timeout! listener 10)
    (let ((condition (raised (socket-accept listener))))
      (socket-close listener)
      (socket-read-timeout-error? condition))))

(behaviour "a forked child can wait, too, as its parent did before"
  (check (listener-times-out?))
  (let ((child (primitive-fork)))
    (when (zero? child)
      (primitive-_exit (if (listener-times-out?) 0 1)))
    (check-equal 0 (status:exit-val (cdr (waitpid child))))))

(behaviour "a thread that waits does not hold up the collector"
  (call-with-pair
    (lambda (client server)
      (let ((reader (in-thread (lambda () (tls-socket-recv client 1)))))
        (check (< (milliseconds (do ((i 0 (+ i 1))) ((= i 20)) (gc))) 5000))
        (tls-socket-send server (bytes 1))
        (check-equal 1 (bytevector-length (outcome reader)))))))

(end-tests)
