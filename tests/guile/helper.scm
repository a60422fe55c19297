;;; What every test file needs: behaviours, peers in other processes and threads.

(define-module (helper)
  #:use-module (ice-9 format)
  #:use-module (ice-9 ftw)
  #:use-module (ice-9 popen)
  #:use-module (ice-9 rdelim)
  #:use-module (ice-9 textual-ports)
  #:use-module (ice-9 threads)
  #:use-module (rnrs bytevectors)
  #:use-module (rnrs conditions)
  #:use-module ((rnrs exceptions) #:select (guard))
  #:use-module (srfi srfi-1)
  #:use-module (srfi srfi-64)
  #:use-module (sxml simple)
  #:use-module (rfc tls)
  #:use-module (rfc x509)
  #:export (behaviour check check-equal raised irritant message-contains?
            begin-tests end-tests
            pki certificates key contents bytes text
            port-of connect-client in-thread outcome call-with-server echo echo-all call-with-pair
            make-ends shake
            start-peer peer-line last-words call-with-peer
            example-path call-with-example
            run milliseconds on-time? open-descriptors resident-kilobytes names-preloaded?))

;; ---- behaviours ----

(define-syntax-rule (behaviour name body ...)
  (test-assert name (begin body ... #t)))

(define-syntax-rule (check expression)
  (unless expression
    (error "check failed:" 'expression)))

(define-syntax-rule (check-equal expected expression)
  (let ((got expression))
    (unless (equal? got expected)
      (error "check failed:" 'expression 'is got 'not expected))))

;; The condition that an expression raises.
(define-syntax-rule (raised expression)
  (let ((nothing (list 'nothing-was-raised)))
    (let ((caught (guard (condition (#t condition)) expression nothing)))
      (if (eq? caught nothing)
          (error "nothing was raised:" 'expression)
          caught))))

(define (irritant condition name)
  (assq-ref (condition-irritants condition) name))

(define (message-contains? condition part)
  (string-contains-ci (condition-message condition) part))

;; One line a behaviour, as TAP has it, and JUnit where the build wants it.
(define (report-line runner number)
  (let ((kind (test-result-kind runner)))
    (format #t "~:[not ok~;ok~] ~a - ~a~%" (memq kind '(pass skip)) number
            (test-runner-test-name runner))
    (when (eq? kind 'fail)
      (format #t "# ~s~%" (test-result-ref runner 'actual-error #f)))
    (force-output)))

(define (junit-case runner)
  `(testcase (@ (name ,(test-runner-test-name runner)))
             ,@(if (eq? (test-result-kind runner) 'fail)
                   `((failure ,(format #f "~s" (test-result-ref runner 'actual-error #f))))
                   '())))

(define (write-junit cases)
  (let ((path (getenv "RFCTLS_JUNIT")))
    (when path
      (call-with-output-file path
        (lambda (port) (sxml->xml `(testsuite ,@(reverse cases)) port))))))

(define (make-runner)
  (let ((runner (test-runner-null)) (cases '()))
    (test-runner-on-test-end! runner
      (lambda (runner)
        (set! cases (cons (junit-case runner) cases))
        (report-line runner (length cases))))
    (test-runner-on-final! runner
      (lambda (runner)
        (format #t "1..~a~%" (length cases))
        (write-junit cases)
        (exit (zero? (test-runner-fail-count runner)))))
    runner))

(define (begin-tests)
  (sigaction SIGPIPE SIG_DFL)
  (test-runner-current (make-runner))
  (test-begin "guile"))

(define (end-tests)
  (test-end "guile"))

;; ---- certificates and bytes ----

(define (pki name)
  (string-append (getenv "RFCTLS_TEST_PKI") "/" name))

(define (certificates name)
  (read-x509-certificates (pki (string-append name ".pem"))))

(define (key name)
  (read-private-key (pki (string-append name ".key"))))

(define (contents name)
  (call-with-input-file (pki name) get-string-all))

;; So many bytes, which tell where they stand.
(define (bytes size)
  (let ((bv (make-bytevector size)))
    (do ((i 0 (+ i 1)))
        ((= i size) bv)
      (bytevector-u8-set! bv i (modulo i 251)))))

(define (text bv) (utf8->string bv))

;; ---- sockets in this process ----

(define (port-of listener)
  (call-with-values (lambda () (socket-info-values listener #:type 'info))
    (lambda (host ip port) (number->string port))))

;; A client that trusts the tests' root and asks for server.test; later options win.
(define (connect-client port . options)
  (apply make-client-tls-socket "127.0.0.1" port
         #:authorities (certificates "ca")
         #:hello-extensions (list (make-server-name-indication '("server.test")))
         options))

(define (in-thread thunk)
  (call-with-new-thread (lambda () (guard (condition (#t condition)) (thunk)))))

;; What a thread answered or raised.
(define (outcome thread)
  (let ((value (join-thread thread (+ (current-time) 30) 'timeout)))
    (if (eq? value 'timeout)
        (error "a thread does not end")
        value)))

;; Calls (serve listener) in a thread and (use port) in this one; values of use. What serve raises is
;; raised here, unless use did.
(define* (call-with-server serve use #:key (name "server") (options '()))
  (let* ((listener (apply make-server-tls-socket "0" (certificates name)
                          #:private-key (key name) options))
         (thread (in-thread (lambda () (serve listener)))))
    (call-with-values (lambda () (use (port-of listener)))
      (lambda results
        (let ((served (outcome thread)))
          (tls-socket-close listener)
          (when (condition? served)
            (raise-exception served))
          (apply values results))))))

(define (echo-all connection)
  (let ((bv (tls-socket-recv connection 65536)))
    (unless (zero? (bytevector-length bv))
      (tls-socket-send connection bv)
      (echo-all connection))))

;; Serves one connection.
(define (echo listener)
  (call-with-tls-socket (tls-socket-accept listener) echo-all))

;; A client and the socket that a server accepted, both ready to talk.
(define (call-with-pair proc)
  (let ((accepted #f))
    (let* ((client #f)
           (listener (make-server-tls-socket "0" (certificates "server")
                                             #:private-key (key "server")))
           (thread (in-thread (lambda () (tls-socket-accept listener)))))
      (set! client (connect-client (port-of listener)))
      (set! accepted (outcome thread))
      (tls-socket-close listener)
      (call-with-values (lambda () (proc client accepted))
        (lambda results
          (let ((closer (in-thread (lambda () (tls-socket-close accepted)))))
            (tls-socket-close client)
            (outcome closer))
          (apply values results))))))

;; ---- without a network, without a thread ----

(define root (delay (certificates "ca")))
(define server-chain (delay (certificates "server")))
(define server-key (delay (key "server")))

;; Two TLS sockets over one pair of descriptors, their handshake still to come.
(define (make-ends)
  (let* ((ends (socketpair PF_UNIX SOCK_STREAM 0))
         (take-over (lambda (end) (let ((descriptor (dup->fdes end))) (close-port end) descriptor))))
    (list (socket->tls-socket (take-over (car ends)) #:handshake #f
                              #:authorities (force root)
                              #:hello-extensions
                              (list (make-server-name-indication '("server.test"))))
          (socket->tls-socket (take-over (cdr ends)) #:handshake #f #:client-socket #f
                              #:certificates (force server-chain)
                              #:private-key (force server-key)))))

;; Both handshakes, by turns.
(define (shake client server)
  (for-each tls-socket-nonblocking! (list client server))
  (let loop ((clients? #f) (servers? #f))
    (unless (and clients? servers?)
      (loop (or clients? (tls-client-handshake client))
            (or servers? (tls-server-handshake server))))))

;; ---- peers in other processes ----

(define peer-script
  (string-append (dirname (car (command-line))) "/../support/peer.py"))

(define (start-peer . arguments)
  (apply open-pipe* OPEN_READ "python3" peer-script arguments))

(define (peer-line peer) (read-line peer))

;; The last line of a peer, which then has ended.
(define (last-words peer)
  (let loop ((last #f))
    (let ((line (read-line peer)))
      (if (eof-object? line)
          (begin (close-pipe peer) last)
          (loop line)))))

;; Calls use with the port of a peer that serves; answers what use did, and the peer's last words.
(define (call-with-peer arguments use)
  (let* ((peer (apply start-peer arguments))
         (port (peer-line peer))
         (value (use port)))
    (values value (last-words peer))))

;; ---- examples ----

(define (example-path name)
  (string-append (dirname (car (command-line))) "/../../examples/guile/" name))

;; Calls use with the port of an example that serves until it is killed.
(define (call-with-example name arguments use)
  (let* ((pipe (apply open-pipe* OPEN_READ "sh" "-c" "echo $$; exec guile \"$@\" 2>/dev/null" "sh"
                      (example-path name) arguments))
         (process (string->number (read-line pipe))))
    (dynamic-wind
      values
      (lambda () (use (read-line pipe)))
      (lambda ()
        (kill process SIGTERM)
        (close-pipe pipe)))))

;; ---- this process, and other programs ----

;; The exit status and the output of a program.
(define (run program . arguments)
  (let* ((pipe (apply open-pipe* OPEN_READ program arguments))
         (output (get-string-all pipe))
         (status (close-pipe pipe)))
    (values (status:exit-val status) output)))

;; Whether names resolve that only the tests have (support/names.c).
(define (names-preloaded?)
  (false-if-exception (pair? (getaddrinfo "silent-first.test" "1"))))

(define-syntax-rule (milliseconds expression)
  (let ((start (get-internal-real-time)))
    expression
    (/ (* 1000. (- (get-internal-real-time) start)) internal-time-units-per-second)))

;; Never early, at most half a second late.
(define (on-time? took expected)
  (<= expected took (+ expected 500)))

(define (open-descriptors)
  (length (scandir "/proc/self/fd")))

(define (resident-kilobytes)
  (* 4 (call-with-input-file "/proc/self/statm"
         (lambda (port) (read port) (read port)))))
