;;; Do plain sockets work, and the same names on plain and TLS sockets alike?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (sagittarius socket) (ice-9 rdelim) (ice-9 binary-ports)
             (rnrs bytevectors) (rnrs conditions) (rnrs files)
             ((rnrs records inspection) #:select (record-type-parent)) ((srfi srfi-1) #:select (every))
             (srfi srfi-19))

(begin-tests)

;; A plain client and the plain socket that a server accepted.
(define (call-with-plain-pair proc)
  (let* ((listener (make-server-socket "0"))
         (client (make-client-socket "127.0.0.1" (port-of listener)))
         (server (socket-accept listener)))
    (call-with-values (lambda () (proc client server))
      (lambda results
        (for-each socket-close (list client server listener))
        (apply values results)))))

;; Calls proc with each kind of pair: what is here must hold for both.
(define (for-both-kinds proc)
  (call-with-plain-pair proc)
  (call-with-pair proc))

(behaviour "bytes go both ways over either kind, with the same names"
  (for-both-kinds
    (lambda (client server)
      (check-equal 5 (socket-send client (string->utf8 "hello")))
      (check-equal "hello" (text (socket-recv server 5 MSG_WAITALL)))
      (check-equal 3 (socket-send/range server (string->utf8 "xabcx") 1 3))
      (let ((bv (make-bytevector 5 0)))
        (check-equal 3 (socket-recv! client bv 1 3 MSG_WAITALL))
        (check-equal #vu8(0 97 98 99 0) bv))
      (check-equal 2 (socket-send/range server (string->utf8 "xab") 1))
      (check-equal "ab" (text (socket-recv client 2 MSG_WAITALL))))))

(behaviour "socket? is for plain sockets, tls-socket? for the others"
  (call-with-plain-pair
    (lambda (client server)
      (check (socket? client))
      (check (not (tls-socket? client)))))
  (call-with-pair
    (lambda (client server)
      (check (not (socket? client)))
      (check (tls-socket? client)))))

(behaviour "megabytes arrive whole over either kind"
  (for-both-kinds
    (lambda (client server)
      (let* ((data (bytes 3000000))
             (sender (in-thread (lambda () (socket-send client data)))))
        (check (equal? data (socket-recv server 3000000 MSG_WAITALL)))
        (check-equal 3000000 (outcome sender))))))

(behaviour "a socket tells its ends, what it was made with, and nothing after that is lost by closing"
  (for-both-kinds
    (lambda (client server)
      (check-equal "127.0.0.1" (socket-node client))
      (check (string->number (socket-service client)))
      (check (not (socket-node server)))
      (check-equal (socket-name client)
                   (string-append "127.0.0.1:" (number->string (socket-info-port (socket-peer server)))))
      (check-equal "127.0.0.1" (ip-address->string (socket-info-ip-address (socket-info client))))
      (check-equal #vu8(127 0 0 1)
                   (ip-address->bytevector (socket-info-ip-address (socket-peer client))))
      (call-with-values (lambda () (socket-info-values client))
        (lambda (host ip port)
          (check (ip-address? ip))
          (check-equal (string->number (socket-service client)) port)))
      (call-with-values (lambda () (socket-info-values client #:type 'info))
        (lambda (host ip port)
          (check-equal port (socket-info-port (socket-peer server))))))))

(behaviour "a listener has no peer"
  (let ((listener (make-server-socket "0" AF_INET SOCK_STREAM IPPROTO_TCP)))
    (check (not (socket-peer listener)))
    (check-equal "0" (socket-service listener))
    (call-with-values (lambda () (socket-info-values listener))
      (lambda facts (check-equal '(#f #f #f) facts)))
    (socket-close listener)))

(behaviour "positional address options are taken as the original takes them"
  (let* ((listener (make-server-socket "0" AF_INET SOCK_STREAM 0))
         (client (make-client-socket "localhost" (port-of listener) AF_INET SOCK_STREAM
                                     (logior AI_V4MAPPED AI_ADDRCONFIG) 0)))
    (check (socket-info? (socket-peer client)))
    (check-equal "localhost" (socket-info-hostname (socket-peer client)))
    (for-each socket-close (list client listener))))

(behaviour "a non-blocking socket answers #f and -1"
  (for-both-kinds
    (lambda (client server)
      (check (not (nonblocking-socket? client)))
      (socket-nonblocking! client)
      (check (nonblocking-socket? client))
      (check-equal #f (socket-recv client 10))
      (check-equal -1 (socket-recv! client (make-bytevector 3) 0 3))
      (socket-blocking! client)
      (check (not (nonblocking-socket? client)))
      (check-equal #f (socket-recv client 10 MSG_DONTWAIT)))))

(behaviour "a non-blocking plain send answers what went"
  (call-with-plain-pair
    (lambda (client server)
      (socket-nonblocking! client)
      (let ((sent (socket-send client (make-bytevector 20000000))))
        (check (< 0 sent 20000000))
        (check-equal -1 (socket-send client (make-bytevector 1000000)))))))

(behaviour "a read timeout raises &socket-read-timeout in time"
  (for-both-kinds
    (lambda (client server)
      (check-equal 0 (socket-get-read-timeout client))
      (socket-set-read-timeout! client (make-time time-duration 150000000 0))
      (check-equal 150 (socket-get-read-timeout client))
      (let ((took (milliseconds (check (socket-read-timeout-error? (raised (socket-recv client 1)))))))
        (check (on-time? took 150)))
      (check (eq? client (socket-error-socket (raised (socket-recv client 1))))))))

(behaviour "accepting times out and, without blocking, answers #f"
  (let ((listener (make-server-socket "0")))
    (socket-set-read-timeout! listener 100)
    (check (socket-read-timeout-error? (raised (socket-accept listener))))
    (socket-nonblocking! listener)
    (check-equal #f (socket-accept listener))
    (socket-close listener)))

(behaviour "half a shutdown leaves the other direction"
  (for-both-kinds
    (lambda (client server)
      (socket-shutdown client SHUT_WR)
      (check-equal 0 (bytevector-length (socket-recv server 1)))
      (socket-send server (string->utf8 "late"))
      (check-equal "late" (text (socket-recv client 4 MSG_WAITALL))))))

;; The last words of programs for the original: (shutdown&close server-socket).
(behaviour "a listener that is shut down accepts nobody, tells who waits, and is closed"
  (for-each
   (lambda (listener)
     (let ((acceptor (in-thread (lambda () (socket-accept listener)))))
       (socket-shutdown listener SHUT_WR)
       (socket-shutdown listener SHUT_RDWR)
       (check (socket-closed-error? (outcome acceptor)))
       (check (socket-closed-error? (raised (socket-accept listener))))
       (check (not (socket-closed? listener)))
       (socket-close listener)
       (check (socket-closed? listener))))
   (list (make-server-socket "0")
         (make-server-tls-socket "0" (certificates "server") #:private-key (key "server")))))

(behaviour "closing is idempotent; what is closed says so"
  (for-both-kinds
    (lambda (client server)
      (check (not (socket-closed? client)))
      (let ((closer (in-thread (lambda () (socket-close server)))))
        (socket-close client)
        (socket-close client)
        (outcome closer))
      (check (socket-closed? client))
      (check (socket-closed-error? (raised (socket-send client (bytes 1)))))
      (check (socket-closed-error? (raised (socket-recv client 1)))))))

(behaviour "closing wakes a thread that waits"
  (call-with-plain-pair
    (lambda (client server)
      (let ((reader (in-thread (lambda () (socket-recv client 1)))))
        (usleep 100000) ; likely enough to be waiting; the outcome does not depend on it
        (socket-close client)
        (check (socket-closed-error? (outcome reader)))))))

(behaviour "a peer that resets is its own condition"
  (call-with-plain-pair
    (lambda (client server)
      (socket-send client (bytes 10))
      (socket-recv server 1)
      (socket-close server) ; with bytes unread: TCP resets
      (check (socket-reset-error? (raised (socket-recv client 1)))))))

(behaviour "call-with-socket closes on both exits"
  (for-both-kinds
    (lambda (client server)
      (let ((closer (in-thread (lambda () (socket-close server)))))
        (call-with-values (lambda () (call-with-socket client (lambda (socket) (values 1 socket))))
          (lambda (one socket)
            (check-equal 1 one)
            (check (eq? client socket))
            (check (socket-closed? client))))
        (outcome closer))))
  (for-both-kinds
    (lambda (client server)
      (let ((closer (in-thread (lambda () (socket-close server)))))
        (check-equal 'mine (raised (call-with-socket client (lambda (socket) (raise-exception 'mine)))))
        (check (socket-closed? client))
        (outcome closer)))))

(behaviour "ports over either kind carry lines of text"
  (for-both-kinds
    (lambda (client server)
      (let ((io (socket-port client #f))
            (in (socket-input-port server))
            (out (socket-output-port server)))
        (for-each (lambda (port) (set-port-encoding! port "UTF-8")) (list io in out))
        (display "größer\n" io)
        (check-equal "größer" (read-line in))
        (display "kleiner\n" out)
        (check-equal "kleiner" (read-line io))
        (for-each close-port (list io in out))
        (check (not (socket-closed? client)))
        (check (not (socket-closed? server)))))))

(behaviour "closing socket-port closes a plain socket"
  (call-with-plain-pair
    (lambda (client server)
      (close-port (socket-port client))
      (check (socket-closed? client))
      (check (eof-object? (get-u8 (socket-input-port server)))))))

(behaviour "nobody there, and nobody known, are conditions of their own"
  (let* ((listener (make-server-socket "0")) (port (port-of listener)))
    (socket-close listener)
    (check (socket-connection-error? (raised (make-client-socket "127.0.0.1" port)))))
  (let ((condition (raised (make-client-socket "no-such-host.invalid" "80"))))
    (check (host-not-found-error? condition))
    (check-equal "no-such-host.invalid" (host-not-found-error-node condition))
    (check-equal "80" (host-not-found-error-service condition))))

;; ---- select ----

(behaviour "select over plain and TLS sockets answers those that are ready, in their order"
  (call-with-plain-pair
    (lambda (plain plain-peer)
      (call-with-pair
        (lambda (tls tls-peer)
          (check-equal '() (socket-read-select 0 plain tls))
          (check-equal (list plain tls) (socket-write-select 1000 plain tls))
          (check-equal '() (socket-error-select 0 plain tls))
          (socket-send tls-peer (string->utf8 "tls"))
          (check-equal (list tls) (socket-read-select 5000 plain tls))
          (socket-send plain-peer (string->utf8 "plain"))
          (check-equal (list plain) (socket-read-select 5000 plain))
          (check-equal (list plain tls) (socket-read-select #f plain tls)))))))

(behaviour "a TLS socket with decrypted bytes left is ready at once"
  (call-with-pair
    (lambda (client server)
      (socket-send server (string->utf8 "ab"))
      (socket-recv client 1)
      (check (tls-socket-pending? client))
      (check-equal (list client) (socket-read-select 0 client))
      (socket-recv client 1)
      (check-equal '() (socket-read-select 0 client)))))

(behaviour "select waits as long as it was told, and no longer"
  (for-both-kinds
    (lambda (client server)
      (check (on-time? (milliseconds (check-equal '() (socket-read-select 200 client))) 200))
      (check (on-time? (milliseconds
                        (socket-read-select (make-time time-duration 100000000 0) client))
                       100)))))

(behaviour "select wakes when something comes"
  (for-both-kinds
    (lambda (client server)
      (let ((selector (in-thread (lambda () (socket-read-select #f client)))))
        (socket-send server (bytes 1))
        (check-equal (list client) (outcome selector))))))

(behaviour "a listener is ready when somebody has come"
  (let ((listener (make-server-socket "0")))
    (check-equal '() (socket-read-select 0 listener))
    (let ((client (make-client-socket "127.0.0.1" (port-of listener))))
      (check-equal (list listener) (socket-read-select 5000 listener))
      (for-each socket-close (list client (socket-accept listener) listener)))))

(behaviour "a closed socket has an error, and is not waited for"
  (call-with-plain-pair
    (lambda (client server)
      (socket-close client)
      (check-equal (list client) (socket-error-select #f client))
      (check-equal (list client) (socket-read-select #f client)))))

;; ---- between plain and TLS ----

;; Both ends say what they must in the clear, then go on in TLS.
(behaviour "STARTTLS: plain sockets become TLS sockets, and the node's name is checked"
  (let* ((listener (make-server-socket "0" AF_INET))
         (server (in-thread
                  (lambda ()
                    (let ((plain (socket-accept listener)))
                      (check-equal "STARTTLS\n" (text (socket-recv plain 9 MSG_WAITALL)))
                      (socket-send plain (string->utf8 "GO\n"))
                      (call-with-tls-socket
                          (socket->tls-socket plain #:client-socket #f
                                              #:certificates (certificates "server")
                                              #:private-key (key "server"))
                        echo-all)))))
         (plain (make-client-socket "localhost" (port-of listener) AF_INET)))
    (socket-send plain (string->utf8 "STARTTLS\n"))
    (check-equal "GO\n" (text (socket-recv plain 3 MSG_WAITALL)))
    (let ((tls (socket->tls-socket plain #:authorities (certificates "ca"))))
      (check-equal "localhost" (tls-socket-server-name tls))
      (check-equal "localhost" (tls-socket-node tls))
      (check (eq? plain (tls-socket-raw-socket tls)))
      (check-equal 'E_STATE (tls-error-status (raised (socket-send plain (bytes 1)))))
      (socket-send tls (string->utf8 "secret"))
      (check-equal "secret" (text (socket-recv tls 6 MSG_WAITALL)))
      (socket-close tls)
      (check (socket-closed? plain)))
    (check (not (condition? (outcome server))))
    (socket-close listener)))

(behaviour "the plain socket of a TLS socket is always the same, and tells its ends"
  (call-with-pair
    (lambda (client server)
      (let ((plain (tls-socket-raw-socket client)))
        (check (socket? plain))
        (check (eq? plain (tls-socket-raw-socket client)))
        (check-equal (socket-name client) (socket-name plain))
        (check-equal "127.0.0.1" (socket-node plain))
        (check (not (socket-closed? plain)))
        (check-equal 'E_STATE (tls-error-status (raised (socket-recv plain 1))))))))

(behaviour "procedures for TLS sockets refuse plain ones"
  (call-with-plain-pair
    (lambda (client server)
      (for-each
       (lambda (thunk) (check (assertion-violation? (raised (thunk)))))
       (list (lambda () (tls-socket-send client (bytes 1)))
             (lambda () (tls-socket-recv client 1))
             (lambda () (tls-socket-close client))
             (lambda () (tls-socket-port client))
             (lambda () (tls-client-handshake client))
             (lambda () (tls-socket-raw-socket client))))
      (check (not (socket-closed? client))))))

(behaviour "the types of conditions stand under each other as they are documented"
  (for-each (lambda (child parent)
              (check (eq? parent (record-type-parent child))))
            (list &host-not-found &socket &socket-connection &socket-closed &socket-read-timeout
                  &socket-reset &socket-truncated &tls)
            (list &i/o &i/o &socket &socket &socket &socket &socket &socket))
  (for-each (lambda (make is?)
              (let ((condition (make 'socket)))
                (check (is? condition))
                (check (socket-error? condition))
                (check-equal 'socket (socket-error-socket condition))))
            (list make-socket-error make-socket-connection-error make-socket-closed-error
                  make-socket-read-timeout-error make-socket-reset-error
                  make-socket-truncated-error)
            (list socket-error? socket-connection-error? socket-closed-error?
                  socket-read-timeout-error? socket-reset-error? socket-truncated-error?))
  (check (host-not-found-error? (make-host-not-found-error "node" "service")))
  (check-equal '(E_ALERT "no" 40 #f)
               (let ((condition (make-tls-error #f 'E_ALERT "no" 40 #f)))
                 (map (lambda (part) (part condition))
                      (list tls-error-status tls-error-message tls-error-alert tls-error-depth)))))

(behaviour "constants are the system's"
  (check-equal '(0 1 2) (list SHUT_RD SHUT_WR SHUT_RDWR))
  (check (every exact-integer?
                (list AF_UNSPEC AF_INET AF_INET6 SOCK_STREAM SOCK_DGRAM IPPROTO_TCP IPPROTO_UDP
                      AI_PASSIVE AI_CANONNAME AI_NUMERICHOST AI_NUMERICSERV AI_V4MAPPED AI_ALL
                      AI_ADDRCONFIG MSG_PEEK MSG_DONTWAIT MSG_WAITALL))))

(behaviour "IP addresses are read and written"
  (for-each (lambda (text bytes)
              (let ((address (string->ip-address text)))
                (check (ip-address? address))
                (check-equal text (ip-address->string address))
                (check-equal bytes (ip-address->bytevector address))))
            '("10.1.2.3" "::1" "fe80::1%lo")
            '(#vu8(10 1 2 3) #vu8(0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1)
              #vu8(#xfe #x80 0 0 0 0 0 0 0 0 0 0 0 0 0 1)))
  (check (assertion-violation? (raised (string->ip-address "256.1.1.1")))))

(behaviour "every condition is under &i/o and tells its status"
  (call-with-plain-pair
    (lambda (client server)
      (socket-set-read-timeout! client 1)
      (let ((condition (raised (socket-recv client 1))))
        (check (i/o-error? condition))
        (check-equal 'E_TIMEOUT (irritant condition 'status))
        (check-equal 'socket (condition-who condition)))
      (socket-close client)
      (check-equal 'socket-recv (condition-who (raised (socket-recv client 1)))))))

(end-tests)
