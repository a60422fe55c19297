;;; Misuse, hostile peers, bad luck: what is left of the table of scenarios, tests/parity/scenarios.

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (sagittarius socket) (ice-9 match) (ice-9 rdelim)
             (ice-9 threads) (rnrs bytevectors) (rnrs conditions) (srfi srfi-1)
             ((rnrs exceptions) #:select (guard)))

(begin-tests)

(define (listen . options)
  (apply make-server-tls-socket "0" (certificates "server") #:private-key (key "server") options))

;; ---- life cycle ----

(behaviour "a child process cannot use its parent's socket, nor end its connection"
  (let* ((ends (make-ends)) (client (car ends)) (server (cadr ends)))
    (shake client server)
    (for-each tls-socket-blocking! ends)
    (let ((child (primitive-fork)))
      (when (zero? child)
        (let ((condition (guard (condition (#t condition)) (tls-socket-send client (bytes 1)))))
          (guard (condition (#t #f)) (tls-socket-close client))
          (set! client #f)
          (set! ends #f)
          (gc)
          (primitive-_exit (if (eq? 'E_FORKED (irritant condition 'status)) 0 1))))
      (check-equal 0 (status:exit-val (cdr (waitpid child)))))
    (tls-socket-send client (string->utf8 "alive"))
    (check-equal "alive" (text (tls-socket-recv server 5 MSG_WAITALL)))))

(behaviour "64 MiB reach a slow reader whole, and memory stays flat"
  (call-with-pair
    (lambda (client server)
      (let* ((size (* 64 1024 1024)) (data (bytes 1048576)) (before (resident-kilobytes))
             (sender (in-thread (lambda ()
                                  (do ((i 0 (+ i 1))) ((= i 64)) (tls-socket-send client data)))))
             (buffer (make-bytevector 1048576)))
        (do ((i 0 (+ i 1))) ((= i 64))
          (when (zero? (modulo i 16)) (usleep 50000)) ; a slow one
          (check-equal 1048576 (tls-socket-recv! server buffer 0 1048576 MSG_WAITALL))
          (check (equal? data buffer)))
        (outcome sender)
        (check (< (- (resident-kilobytes) before) 40000))))))

(behaviour "one thread sends while another receives 100 MiB"
  (call-with-pair
    (lambda (client server)
      (let* ((data (bytes 1048576)) (buffer (make-bytevector 1048576))
             (down (in-thread (lambda ()
                                (do ((i 0 (+ i 1))) ((= i 100)) (tls-socket-send server data)))))
             (up (in-thread (lambda ()
                              (do ((i 0 (+ i 1))) ((= i 20)) (tls-socket-send client data)))))
             (upper (in-thread (lambda ()
                                 (tls-socket-recv server (* 20 1048576) MSG_WAITALL)))))
        (do ((i 0 (+ i 1))) ((= i 100))
          (check-equal 1048576 (tls-socket-recv! client buffer 0 1048576 MSG_WAITALL))
          (check (equal? data buffer)))
        (for-each outcome (list down up))
        (check-equal (* 20 1048576) (bytevector-length (outcome upper)))))))

(behaviour "services are ports or names, and nothing else"
  (check (socket-connection-error? (raised (make-client-socket "127.0.0.1" "1"))))
  (check (host-not-found-error? (raised (make-client-socket "127.0.0.1" "443x"))))
  (for-each (lambda (service)
              (check (assertion-violation? (raised (make-client-socket "127.0.0.1" service))))
              (check (assertion-violation? (raised (listen service)))))
            '("-1" "65536" ""))
  (let ((named (guard (condition (#t condition)) (make-client-socket "127.0.0.1" "http"))))
    (check (or (socket? named) (socket-connection-error? named)))))

;; What thunks raise when every descriptor is taken.
(define (without-descriptors . thunks)
  (define (take-all taken)
    (let ((one (false-if-exception (open-fdes "/dev/null" O_RDONLY))))
      (if one (take-all (cons one taken)) taken)))
  (call-with-values (lambda () (getrlimit 'nofile))
    (lambda (soft hard)
      (setrlimit 'nofile 200 hard)
      (let* ((taken (take-all '()))
             (conditions (map (lambda (thunk) (guard (condition (#t condition)) (thunk))) thunks)))
        (for-each close-fdes taken)
        (setrlimit 'nofile soft hard)
        conditions))))

(behaviour "without a descriptor left, accepting and connecting fail, and the listener lives"
  (let* ((listener (listen)) (port (port-of listener))
         (waiting (connect-client port #:handshake #f)))
    (for-each (lambda (condition)
                (check (socket-error? condition))
                (check-equal EMFILE (irritant condition 'system-code)))
              (without-descriptors
               (lambda () (tls-socket-accept listener #:handshake #f))
               (lambda () (connect-client port #:handshake #f))))
    (tls-socket-close waiting)
    (let ((thread (in-thread (lambda ()
                               (tls-socket-accept listener #:raise-error #f)
                               (echo listener)))))
      (tls-socket-close (connect-client port))
      (check (not (condition? (outcome thread)))))
    (tls-socket-close listener)))

(behaviour "sending nothing sends nothing"
  (call-with-pair
    (lambda (client server)
      (check-equal 0 (tls-socket-send client #vu8()))
      (check-equal 0 (tls-socket-send/range client (bytes 5) 5))
      (tls-socket-nonblocking! server)
      (check-equal #f (tls-socket-recv server 1)))))

;; ---- names and certificates ----

(define bad-servers
  (call-with-input-file (pki "manifest.tsv")
    (lambda (port)
      (let loop ((found '()))
        (match (read-line port)
          ((? eof-object?) (reverse found))
          (line
           (match (string-split line #\tab)
             ((name "server" "bad" reason _) (loop (cons (cons name (string->symbol reason)) found)))
             (_ (loop found)))))))))

(behaviour "every bad server certificate is refused, for its reason, before a byte is sent"
  (check (>= (length bad-servers) 14))
  (for-each
   (match-lambda
     ((name . reason)
      (call-with-values
          (lambda ()
            (call-with-peer (list "echo" name)
              (lambda (port)
                (raised (connect-client port
                          #:hello-extensions
                          (if (string=? name "ip-under-dns")
                              '()
                              (list (make-server-name-indication '("server.test")))))))))
        (lambda (condition last-words)
          (check (or (string=? last-words "saw 0") (string-prefix? "failed" last-words)))
          (check-equal (list name 'E_VERIFY reason)
                       (list name (tls-error-status condition) (irritant condition 'reason)))))))
   bad-servers))

(behaviour "a name with a trailing dot is the name without"
  (call-with-server echo
    (lambda (port)
      (tls-socket-close
       (connect-client port #:hello-extensions
                       (list (make-server-name-indication '("server.test."))))))))

(behaviour "a slow verifier keeps nobody from anything"
  (let ((listener (listen)))
    (define (serve)
      (let ((connection (tls-socket-accept listener #:handshake #f)))
        (in-thread (lambda () (call-with-tls-socket (tls-server-handshake connection) echo-all)))))
    (let ((acceptor (in-thread (lambda () (serve) (serve)))) (port (port-of listener)) (inner #f))
      (tls-socket-close
       (connect-client port #:certificate-verifier
                       (lambda (depth ok certificate)
                         (when (zero? depth) ; another connection from start to end, in between
                           (set! inner (connect-client port))
                           (tls-socket-close inner))
                         ok)))
      (check (tls-socket-closed? inner))
      (outcome acceptor)
      (tls-socket-close listener))))

(behaviour "two verdicts at once on one listener: each client gets its own"
  (let* ((welcome (x509-certificate-fingerprint (car (certificates "client-rsa"))))
         (listener (listen #:authorities (certificates "ca")
                           #:certificate-verifier
                           (lambda (depth ok bv)
                             (or (positive? depth)
                                 (string=? welcome (x509-certificate-fingerprint
                                                    (bytevector->x509-certificate bv)))))))
         (servers (map (lambda (i)
                         (in-thread
                          (lambda ()
                            (let ((connection (tls-socket-accept listener #:raise-error #f)))
                              (and connection
                                   (begin
                                     (tls-socket-send connection (bytes 1))
                                     (tls-socket-close connection)))))))
                       (iota 8)))
         (clients (map (lambda (i)
                         (let ((name (if (odd? i) "client-rsa" "client")))
                           (in-thread
                            (lambda ()
                              (let ((socket (connect-client (port-of listener)
                                                            #:certificates (certificates name)
                                                            #:private-key (key name))))
                                (bytevector-length (tls-socket-recv socket 1)))))))
                       (iota 8))))
    (for-each (lambda (client i)
                (let ((told (outcome client)))
                  (check-equal (odd? i) (eqv? 1 told))))
              clients (iota 8))
    (for-each outcome servers)
    (tls-socket-close listener)))

;; ---- keys and files ----

(behaviour "a FIFO and a directory are no certificates, and nobody waits for them"
  (let* ((file (mkstemp "fifo-XXXXXX")) (fifo (port-filename file)))
    (close-port file)
    (delete-file fifo)
    (mknod fifo 'fifo #o600 0)
    (check (< (milliseconds
               (for-each (lambda (read)
                           (check-equal 'E_SYSTEM (irritant (raised (read fifo)) 'status))
                           (check-equal 'E_SYSTEM (irritant (raised (read "/")) 'status)))
                         (list read-x509-certificates read-private-key read-identity)))
              2000))
    (delete-file fifo)))

(behaviour "of authorities of which one is bad, none is taken"
  (check-equal 'E_PARSE (tls-error-status (raised (read-x509-certificates (pki "one-bad-ca.pem"))))))

(behaviour "the same key and certificates serve two listeners, and in turn"
  (let* ((chain (certificates "server")) (private-key (key "server"))
         (make (lambda () (make-server-tls-socket "0" chain #:private-key private-key)))
         (listeners (list (make) (make)))
         (threads (map (lambda (listener) (in-thread (lambda () (echo listener)))) listeners)))
    (for-each (lambda (listener) (tls-socket-close (connect-client (port-of listener)))) listeners)
    (for-each outcome threads)
    (for-each tls-socket-close listeners)
    (let* ((listener (make)) (thread (in-thread (lambda () (echo listener)))))
      (tls-socket-close (connect-client (port-of listener)))
      (outcome thread)
      (tls-socket-close listener))))

(behaviour "the whole chain is sent"
  (call-with-server (lambda (listener) (tls-socket-close (tls-socket-accept listener)))
    (lambda (port)
      (call-with-values
          (lambda () (run "sh" "-c" (string-append "openssl s_client -showcerts -connect 127.0.0.1:"
                                                   port " </dev/null 2>/dev/null")))
        (lambda (status output)
          (check-equal (length (certificates "server"))
                       (let loop ((from 0) (count 0))
                         (let ((at (string-contains output "-----BEGIN CERTIFICATE-----" from)))
                           (if at (loop (+ at 1) (+ count 1)) count)))))))))

(behaviour "a certificate callback that answers wrongly fails the handshake, and no more"
  (for-each
   (lambda (answer)
     (call-with-server
       (lambda (listener) (tls-socket-accept listener #:raise-error #f))
       (lambda (port)
         (let ((socket (connect-client port #:handshake #f)))
           (tls-socket-client-certificate-callback-set! socket (lambda (socket) answer))
           (check (condition? (raised (tls-client-handshake socket))))
           (check (tls-socket-closed? socket))))
       #:options (list #:authorities (certificates "ca"))))
   (list 5 'yes (list (key "client")) (cons (key "client") (certificates "server"))
         (cons 5 5) (list "garbage" "garbage") (cons (make-bytevector 1000000 65) '()))))

;; ---- the wire ----

(behaviour "200 clients that say nothing, or a byte, stop nobody"
  (call-with-example "echo-server-tasks.scm" (list "0" (pki "server.pem") (pki "server.key"))
    (lambda (port)
      (let ((silent (map (lambda (i)
                           (let ((socket (make-client-socket "127.0.0.1" port)))
                             (when (odd? i)
                               (socket-send socket #vu8(22)))
                             socket))
                         (iota 200))))
        (check (< (milliseconds (tls-socket-close (connect-client port))) 1000))
        (for-each socket-close silent)))))

;; Connects, says what it is told to, and resets.
(define (connect-and-reset port . words)
  (let ((rude (socket PF_INET SOCK_STREAM 0)))
    (setsockopt rude SOL_SOCKET SO_LINGER '(1 . 0))
    (connect rude AF_INET INADDR_LOOPBACK (string->number port))
    (for-each (lambda (bv) (send rude bv)) words)
    (close-port rude)))

(behaviour "a client that resets in mid-handshake fails alone"
  (call-with-server
    (lambda (listener)
      (check (not (tls-socket-accept listener #:raise-error #f)))
      (echo listener))
    (lambda (port)
      (connect-and-reset port #vu8(22 3 1 2 0))
      (tls-socket-close (connect-client port)))))

(behaviour "10,000 that connect and reset at once leave no descriptor"
  (let ((before (open-descriptors)))
    (call-with-server
      (lambda (listener)
        (let loop ((count 0))
          (when (< count 10000)
            (let ((connection (guard (condition (#t #t))
                                (tls-socket-accept listener #:handshake #f))))
              (when (tls-socket? connection)
                (guard (condition (#t #f)) (tls-socket-close connection)))
              (loop (+ count 1))))))
      (lambda (port)
        (do ((i 0 (+ i 1))) ((= i 10000)) (connect-and-reset port))))
    (gc)
    (check (<= (open-descriptors) (+ before 2)))))

(behaviour "hellos of old versions are refused, and the next client is served"
  (call-with-server
    (lambda (listener)
      (check (not (tls-socket-accept listener #:raise-error #f)))
      (echo listener))
    (lambda (port)
      (call-with-values
          (lambda () (run "sh" "-c"
                          (string-append "openssl s_client -tls1_1 -cipher DEFAULT@SECLEVEL=0 "
                                         "-connect 127.0.0.1:" port " </dev/null 2>/dev/null")))
        (lambda (status output) (check (not (eqv? 0 status)))))
      (tls-socket-close (connect-client port)))))

(behaviour "without a protocol in common the handshake fails at both ends"
  (call-with-server
    (lambda (listener)
      (let ((condition (raised (tls-socket-accept listener))))
        (check (tls-error? condition))))
    (lambda (port)
      (let ((condition (raised (connect-client port #:hello-extensions
                                 (list (make-server-name-indication '("server.test"))
                                       (make-protocol-name-list '("one")))))))
        (check-equal 'E_ALERT (tls-error-status condition))
        (check-equal 120 (tls-error-alert condition))))
    #:options (list #:hello-extensions (list (make-protocol-name-list '("other"))))))

(behaviour "addresses are told over IPv6, too, also after the end"
  (let* ((listener (make-server-tls-socket "0" (certificates "server") AF_INET6
                                           #:private-key (key "server")))
         (thread (in-thread (lambda () (tls-socket-accept listener))))
         (client (make-client-tls-socket "::1" (port-of listener)
                                         #:authorities (certificates "ca")))
         (server (outcome thread)))
    (define (facts)
      (list (ip-address->string (socket-info-ip-address (tls-socket-peer client)))
            (string-prefix? "[::1]:" (tls-socket-name client))
            (= (socket-info-port (tls-socket-peer server)) (socket-info-port (tls-socket-info client)))))
    (check-equal '("::1" #t #t) (facts))
    (let ((closer (in-thread (lambda () (tls-socket-close server)))))
      (tls-socket-close client)
      (outcome closer))
    (check-equal '("::1" #t #t) (facts))
    (tls-socket-close listener)))

(behaviour "a failed handshake has its reason, and leaves a socket that can be closed"
  (call-with-peer '("echo" "expired")
    (lambda (port)
      (let* ((socket (connect-client port #:handshake #f))
             (condition (raised (tls-client-handshake socket))))
        (check-equal 'E_VERIFY (tls-error-status condition))
        (check-equal 'EXPIRED (irritant condition 'reason))
        (check (eq? socket (socket-error-socket condition)))
        (check (condition? (raised (tls-socket-send socket (bytes 1)))))
        (tls-socket-close socket)
        (check (tls-socket-closed? socket))))))

(behaviour "a listener's certificate is renewed while connections live"
  (let* ((listener (listen)) (port (port-of listener)))
    (define (connect)
      (let* ((thread (in-thread (lambda () (tls-socket-accept listener))))
             (client (connect-client port)))
        (list client (outcome thread))))
    (define (shown client) (x509-certificate-fingerprint (tls-socket-peer-certificate client)))
    (define (leaf name) (x509-certificate-fingerprint (car (certificates name))))
    (let ((before (connect)))
      (tls-socket-reload! listener (certificates "server-rsa") #:private-key (key "server-rsa"))
      (let ((after (connect)))
        (check-equal (leaf "server") (shown (car before)))
        (check-equal (leaf "server-rsa") (shown (car after)))
        (tls-socket-send (car before) (bytes 1))
        (check-equal 1 (bytevector-length (tls-socket-recv (cadr before) 1)))
        (for-each (lambda (pair)
                    (let ((closer (in-thread (lambda () (tls-socket-close (cadr pair))))))
                      (tls-socket-close (car pair))
                      (outcome closer)))
                  (list before after))))
    (check (assertion-violation? (raised (tls-socket-reload! listener (certificates "server")))))
    (tls-socket-close listener)))

(end-tests)
