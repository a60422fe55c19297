;;; Does every mistake raise a condition, and leave all handles usable and closable?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc tls native) (rfc x509) (rnrs bytevectors) (rnrs conditions)
             ((rnrs exceptions) #:select (guard)) (srfi srfi-1))

(begin-tests)

(define-syntax-rule (is-misuse expression)
  (check (assertion-violation? (raised expression))))

;; Every exported procedure that takes a tls-socket first, with the rest of its arguments.
(define socket-procedures
  `((,tls-client-handshake) (,tls-server-handshake) (,tls-socket-accept)
    (,tls-socket-send ,(bytes 1)) (,tls-socket-send/range ,(bytes 1))
    (,tls-socket-recv 1) (,tls-socket-recv! ,(bytes 1) 0 1)
    (,tls-socket-pending?) (,tls-socket-ready?)
    (,tls-socket-shutdown ,SHUT_WR) (,tls-socket-close) (,tls-socket-closed?)
    (,tls-socket-peer-certificate) (,tls-socket-selected-alpn)
    (,tls-socket-version) (,tls-socket-cipher) (,tls-socket-cipher-bits) (,tls-socket-server-name)
    (,tls-socket-client-certificate-callback-set! #f)
    (,tls-socket-peer) (,tls-socket-info) (,tls-socket-name) (,tls-socket-info-values)
    (,tls-socket-node) (,tls-socket-service)
    (,tls-socket-nonblocking!) (,tls-socket-blocking!) (,nonblocking-tls-socket?)
    (,tls-socket-set-read-timeout! 1) (,tls-socket-get-read-timeout)
    (,tls-socket-port) (,tls-socket-input-port) (,tls-socket-output-port)))

(behaviour "what is no tls-socket is refused by every procedure that takes one"
  (for-each
   (lambda (procedure+rest)
     (for-each
      (lambda (wrong)
        (is-misuse (apply (car procedure+rest) wrong (cdr procedure+rest))))
      (list #f 5 "socket" '() (current-output-port) (certificates "ca") (car (certificates "ca")))))
   socket-procedures)
  (is-misuse (call-with-tls-socket 5 identity))
  (check (not (tls-socket? 5))))

(behaviour "a listener neither sends, receives nor shakes hands"
  (let ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server"))))
    (for-each
     (lambda (thunk) (check-equal 'E_STATE (tls-error-status (raised (thunk)))))
     (list (lambda () (tls-socket-send listener (bytes 1)))
           (lambda () (tls-socket-recv listener 1))
           (lambda () (tls-server-handshake listener))))
    (is-misuse (tls-client-handshake listener))
    (tls-socket-close listener)))

(behaviour "a client does not accept"
  (call-with-pair
    (lambda (client server)
      (check-equal 'E_STATE (tls-error-status (raised (tls-socket-accept client))))
      (is-misuse (tls-server-handshake client))
      (tls-socket-send client (bytes 1)))))

(behaviour "before the handshake nothing is sent or received"
  (call-with-server
    (lambda (listener) (tls-socket-accept listener #:raise-error #f))
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f)))
        (check-equal 'E_STATE (tls-error-status (raised (tls-socket-send socket (bytes 1)))))
        (check-equal 'E_STATE (tls-error-status (raised (tls-socket-recv socket 1))))
        (check (not (tls-socket-peer-certificate socket)))
        (check (not (tls-socket-cipher socket)))
        (tls-socket-close socket)))))

(behaviour "ranges outside the bytevector are refused, and it is left alone"
  (call-with-pair
    (lambda (client server)
      (tls-socket-send server (bytes 100))
      (let ((bv (make-bytevector 10 1)))
        (for-each
         (lambda (start len)
           (is-misuse (tls-socket-recv! client bv start len))
           (is-misuse (tls-socket-send/range client bv start len)))
         (list -1 0 0 5 11 (expt 2 70) 1.5 'x 0)
         (list 1 11 -2 6 0 1 1 1 "1"))
        (check-equal (make-bytevector 10 1) bv))
      (for-each (lambda (size) (is-misuse (tls-socket-recv client size)))
                (list -1 1.5 1/2 #f "1"))
      (is-misuse (tls-socket-send client "text"))
      (is-misuse (tls-socket-send client (bytes 1) 4096))
      (is-misuse (tls-socket-recv client 1 -1)))))

(behaviour "makers refuse wrong nodes, services and options"
  (define (make . arguments) (raised (apply make-client-tls-socket arguments)))
  (for-each
   (lambda (node service) (is-misuse (make-client-tls-socket node service)))
   (list "" "a\x00;b" #f 5 "127.0.0.1" "127.0.0.1" "127.0.0.1" "127.0.0.1" "bücher.test")
   (list "443" "443" "443" "443" "-1" "65536" #f 443 "443"))
  (check (host-not-found-error? (make "127.0.0.1" "443x")))
  (for-each
   (lambda (options)
     (is-misuse (apply make-client-tls-socket "127.0.0.1" "443" options)))
   (list '(#:certificate-verifier yes) '(#:version #x9999) '(#:no-such-keyword 1)
         '(#:hello-extensions (5)) '(12345)
         (list AF_INET SOCK_DGRAM)
         (list #:hello-extensions (list (make-server-name-indication (list (make-string 300 #\a)))))
         (list #:hello-extensions (list (make-protocol-name-list '(""))))
         (list #:hello-extensions (list (make-protocol-name-list (list (make-string 256 #\a)))))
         (list #:hello-extensions (list (make-hello-extension 0 #vu8(0))))
         (list #:hello-extensions (list (make-hello-extension 4711 #vu8())
                                        (make-hello-extension 4711 #vu8())))
         '(#:authorities (5)) '(#:certificates (5) #:private-key 5))))

(behaviour "a host that is not found is named, with its service"
  (let ((condition (raised (make-client-tls-socket "no-such-host.invalid" "443"))))
    (check (host-not-found-error? condition))
    (check-equal "no-such-host.invalid" (host-not-found-error-node condition))
    (check-equal "443" (host-not-found-error-service condition))
    (check (message-contains? condition "no-such-host.invalid"))))

(behaviour "a timeout that is no time is refused"
  (call-with-pair
    (lambda (client server)
      (for-each (lambda (timeout) (is-misuse (tls-socket-set-read-timeout! client timeout)))
                (list -1 1.5 'soon "1" #f)))))

(behaviour "a descriptor that is no stream socket is refused, and stays open"
  (let ((file (open-input-file "/dev/null")))
    (check (socket-error? (raised (socket->tls-socket file))))
    (check (not (port-closed? file))))
  (is-misuse (socket->tls-socket "descriptor")))

;; Every type of number that the native module takes, and its least and its largest value.
(define (native-number-takers)
  (let ((config (rfctls-config-new RFCTLS-CLIENT)) (int (expt 2 31)))
    `((,rfctls-config-new ,(- int) ,(- int 1))
      (,(lambda (n) (rfctls-config-set-family config n)) ,(- int) ,(- int 1))
      (,(lambda (n) (rfctls-config-add-hello-extension config n #vu8())) 0 #xffff)
      (,(lambda (n) (rfctls-make-watch 0 n 0)) 0 ,(- (expt 2 32) 1))
      (,(lambda (n) (rfctls-config-set-timeout config RFCTLS-TIMER-CONNECT n))
       ,(- (expt 2 63)) ,(- (expt 2 63) 1))
      (,(lambda (n) (rfctls-chain-at (rfctls-chain-new) n)) 0 ,(- (expt 2 63) 1))
      (,(lambda (n) (rfctls-status-name n)) ,(- int) ,(- int 1)))))

(behaviour "the native module refuses numbers that C's types cannot hold, and says which it takes"
  (for-each
   (lambda (taker)
     (for-each
      (lambda (number)
        (let ((condition (raised ((first taker) number))))
          (check (assertion-violation? condition))
          (check-equal (format #f "~a is not a number from ~a to ~a" number (second taker) (third taker))
                       (condition-message condition))))
      (list (- (second taker) 1) (+ (third taker) 1) (expt 2 63) (expt 2 64) (+ (expt 2 64) 1)
            (- (expt 2 64)) (expt 2 200)))
     (for-each (lambda (number) (is-misuse ((first taker) number)))
               (list 1.0 1/2 "1" #f)))
   (native-number-takers)))

(behaviour "numbers out of range are refused in the words of this library"
  (call-with-pair
    (lambda (client server)
      (for-each
       (lambda (number)
         (let ((condition (raised (tls-socket-shutdown client number))))
           (check (assertion-violation? condition))
           (check (memq (condition-who condition) '(socket-shutdown tls-socket-shutdown)))
           (check (message-contains? condition (number->string number)))))
       (list 3 -1 (expt 2 31) (expt 2 64)))
      (for-each (lambda (number) (is-misuse (tls-socket-export-key client "EXPERIMENTAL x" number)))
                (list 0 -1 (expt 2 64)))))
  (for-each
   (lambda (keyword)
     (for-each
      (lambda (number)
        (is-misuse (make-client-tls-socket "127.0.0.1" "1" keyword number)))
      (list -2 (expt 2 63) (expt 2 64) 1.5 'soon)))
   '(#:connect-timeout #:handshake-timeout #:version)))

(behaviour "a port maker refuses what is no socket"
  (is-misuse (tls-socket-port 5)))

(end-tests)
