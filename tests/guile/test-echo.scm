;;; Do both ends talk, with every way to make them?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (sagittarius socket) (rnrs bytevectors) (rnrs conditions)
             ((rnrs exceptions) #:select (guard)))

(begin-tests)

(define (echoes? socket bv)
  (check-equal (bytevector-length bv) (tls-socket-send socket bv))
  (equal? bv (tls-socket-recv socket (bytevector-length bv) MSG_WAITALL)))

(define (echo-once connection)
  (tls-socket-send connection (tls-socket-recv connection 100))
  (tls-socket-close connection))

(behaviour "a client and a server do their handshakes when they are made"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port)))
        (check (echoes? socket (string->utf8 "hello")))
        (tls-socket-close socket)))))

(behaviour "with :handshake #f both ends do their handshakes by hand"
  (call-with-server
    (lambda (listener)
      (let ((connection (tls-socket-accept listener #:handshake #f)))
        (check (not (tls-socket-closed? connection)))
        (check (eq? connection (tls-server-handshake connection)))
        (tls-socket-send connection (tls-socket-recv connection 100))
        (tls-socket-close connection)))
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f)))
        (check (not (tls-socket-closed? socket)))
        (check (not (tls-socket-version socket)))
        (check (eq? socket (tls-client-handshake socket)))
        (check (echoes? socket (string->utf8 "by hand")))
        (tls-socket-close socket)))))

(behaviour "tls-client-handshake takes hello extensions"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f #:hello-extensions '())))
        (tls-client-handshake socket #:hello-extensions
                              (list (make-server-name-indication '("localhost"))))
        (check-equal "localhost" (tls-socket-server-name socket))
        (tls-socket-close socket)))))

(behaviour "a second handshake is an error, and the connection goes on"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port)))
        (check-equal 'E_STATE (tls-error-status (raised (tls-client-handshake socket))))
        (check (echoes? socket (string->utf8 "still here")))
        (tls-socket-close socket)))))

(behaviour "megabytes go both ways at once and arrive in order"
  (let ((data (bytes 3000000)))
    (call-with-server echo
      (lambda (port)
        (let* ((socket (connect-client port))
               (sender (in-thread (lambda () (tls-socket-send socket data))))
               (answer (tls-socket-recv socket 3000000 MSG_WAITALL)))
          (check-equal 3000000 (outcome sender))
          (check (equal? data answer))
          (tls-socket-close socket))))))

(behaviour "ranges of bytevectors are sent and received, and nothing around them is touched"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port)) (buffer (make-bytevector 10 1)))
        (check-equal 3 (tls-socket-send/range socket (u8-list->bytevector '(0 7 8 9 0)) 1 3))
        (check-equal 3 (tls-socket-recv! socket buffer 4 3 MSG_WAITALL))
        (check-equal '(1 1 1 1 7 8 9 1 1 1) (bytevector->u8-list buffer))
        (check-equal 2 (tls-socket-send/range socket (u8-list->bytevector '(0 5 6)) 1))
        (check-equal '(5 6) (bytevector->u8-list (tls-socket-recv socket 2 MSG_WAITALL)))
        (tls-socket-close socket)))))

(behaviour "surplus plaintext stays in the socket for the next call"
  (call-with-pair
    (lambda (client server)
      (tls-socket-send server (string->utf8 "abcdef"))
      (check-equal "ab" (text (tls-socket-recv client 2)))
      (check (tls-socket-pending? client))
      (check-equal "cd" (text (tls-socket-recv client 2 MSG_PEEK)))
      (check-equal "cdef" (text (tls-socket-recv client 10)))
      (check (not (tls-socket-pending? client))))))

(behaviour "sizes are bounds, not amounts: a huge one costs nothing, zero answers at once"
  (call-with-pair
    (lambda (client server)
      (check-equal 0 (bytevector-length (tls-socket-recv client 0)))
      (check-equal 0 (tls-socket-send client (make-bytevector 0)))
      (tls-socket-send server (string->utf8 "x"))
      (check-equal "x" (text (tls-socket-recv client (expt 2 63)))))))

(behaviour "MSG_DONTWAIT makes one call non-blocking"
  (call-with-pair
    (lambda (client server)
      (check-equal #f (tls-socket-recv client 10 MSG_DONTWAIT))
      (check-equal -1 (tls-socket-recv! client (make-bytevector 4) 0 4 MSG_DONTWAIT))
      (check-equal 3 (tls-socket-send client (string->utf8 "abc") MSG_DONTWAIT))
      (check-equal "abc" (text (tls-socket-recv server 3 MSG_WAITALL))))))

(behaviour ":version pins the version, which both ends tell"
  (for-each
   (lambda (version name)
     (call-with-server echo
       (lambda (port)
         (let ((socket (connect-client port #:version version)))
           (check-equal name (tls-socket-version socket))
           (check (string-prefix? "TLS_" (tls-socket-cipher socket)))
           (tls-socket-close socket)))))
   (list *tls-version-1.2* *tls-version-1.3*)
   '("TLSv1.2" "TLSv1.3")))

(behaviour "protocol names are agreed on, in the server's order"
  (call-with-server
    (lambda (listener)
      (let ((connection (tls-socket-accept listener)))
        (check-equal "h2" (tls-socket-selected-alpn connection))
        (tls-socket-close connection)))
    (lambda (port)
      (let ((socket (connect-client port #:hello-extensions
                             (list (make-server-name-indication '("server.test"))
                                   (make-protocol-name-list '("http/1.1" "h2"))))))
        (check-equal "h2" (tls-socket-selected-alpn socket))
        (tls-socket-close socket)))
    #:options (list #:hello-extensions (list (make-protocol-name-list '("h2" "http/1.1"))))))

;; What a client sends first, as a server without TLS sees it.
(define (hello . options)
  (let* ((listener (make-server-socket "0" AF_INET))
         (socket (apply connect-client (port-of listener) #:handshake #f #:handshake-timeout 5000
                        options))
         (server (socket-accept listener))
         (shaker (in-thread (lambda () (tls-client-handshake socket #:hello-extensions
                                                             (list (make-hello-extension
                                                                    4712 #vu8(7 8 9)))))))
         (hello (socket-recv server 4000)))
    (socket-close server)
    (check (condition? (outcome shaker)))
    (socket-close listener)
    hello))

(define (contains? bv part)
  (let loop ((start 0))
    (and (<= (+ start (bytevector-length part)) (bytevector-length bv))
         (or (let compare ((i 0))
               (or (= i (bytevector-length part))
                   (and (= (bytevector-u8-ref bv (+ start i)) (bytevector-u8-ref part i))
                        (compare (+ i 1)))))
             (loop (+ start 1))))))

(behaviour "hello extensions of any type are sent as they are, a maker's and a handshake's"
  (let ((sent (hello #:hello-extensions (list (make-server-name-indication '("server.test"))
                                              (make-protocol-name-list '("h2"))
                                              (make-hello-extension 4711 #vu8(1 2 3 4))))))
    (check (contains? sent #vu8(#x12 #x67 0 4 1 2 3 4)))
    (check (contains? sent #vu8(#x12 #x68 0 3 7 8 9)))
    (check (contains? sent (string->utf8 "server.test")))
    (check (contains? sent (string->utf8 "h2")))))

(behaviour "a hello extension that the library makes itself is refused"
  (check (assertion-violation?
          (raised (hello #:hello-extensions (list (make-hello-extension 0 #vu8(0 0))))))))

(behaviour ":prng is accepted, and changes nothing"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port #:prng 'mine)))
        (check (echoes? socket (string->utf8 "random")))
        (tls-socket-close socket)))
    #:options '(#:prng mine)))

(behaviour "<tls-socket> is the class of TLS sockets"
  (call-with-pair
    (lambda (client server)
      (check ((@ (oop goops) is-a?) client <tls-socket>))
      (check (not ((@ (oop goops) is-a?) 5 <tls-socket>))))))

(behaviour "both ends tell who and where they are, also after the end"
  (call-with-server
    (lambda (listener)
      (check (not (tls-socket-peer listener)))
      (let ((connection (tls-socket-accept listener)))
        (check-equal "server.test" (tls-socket-server-name connection))
        (echo-once connection)))
    (lambda (port)
      (let ((socket (connect-client port)))
        (define (tell)
          (check-equal "127.0.0.1" (tls-socket-node socket))
          (check-equal port (tls-socket-service socket))
          (check-equal (string->number port) (socket-info-port (tls-socket-peer socket)))
          (check-equal #vu8(127 0 0 1)
                       (ip-address->bytevector
                        (socket-info-ip-address (tls-socket-info socket))))
          (check (string-prefix? "127.0.0.1:" (tls-socket-name socket)))
          (call-with-values (lambda () (tls-socket-info-values socket))
            (lambda (host ip service)
              (check-equal "127.0.0.1" (ip-address->string ip))
              (check-equal (string->number port) service)))
          (check (string-contains (x509-certificate-subject-dn
                                   (tls-socket-peer-certificate socket))
                                  "server.test")))
        (tell)
        (check (not (tls-socket-closed? socket)))
        (tls-socket-close socket)
        (check (tls-socket-closed? socket))
        (tell)))))

;; ---- what both ends of a connection have in common ----

(behaviour "keys for another use are the same at both ends, and others for another label, context or size"
  (call-with-pair
    (lambda (client server)
      (define (export socket . arguments) (apply tls-socket-export-key socket arguments))
      (let ((key (export client "EXPERIMENTAL one" 32)))
        (check-equal 32 (bytevector-length key))
        (check-equal key (export server "EXPERIMENTAL one" 32))
        (check (not (equal? key (export client "EXPERIMENTAL two" 32))))
        (check (not (equal? key (export client "EXPERIMENTAL one" 32 (bytes 3)))))
        (check-equal (export client "EXPERIMENTAL one" 1 (bytes 3))
                     (export server "EXPERIMENTAL one" 1 (bytes 3)))
        (check-equal 8160 (bytevector-length (export client "EXPERIMENTAL one" 8160)))))))

(behaviour "channel bindings are the same at both ends"
  (call-with-pair
    (lambda (client server)
      (check-equal 32 (bytevector-length (tls-socket-channel-binding client)))
      (for-each (lambda (type)
                  (check-equal (tls-socket-channel-binding client type)
                               (tls-socket-channel-binding server type)))
                '("tls-exporter" "tls-server-end-point"))
      (check-equal 'E_UNSUPPORTED
                   (tls-error-status (raised (tls-socket-channel-binding client "tls-unique")))))))

(behaviour "keys are changed while data flows"
  (call-with-pair
    (lambda (client server)
      (let ((reader (in-thread (lambda ()
                                 (map (lambda (i) (tls-socket-recv server 10000 MSG_WAITALL))
                                      (iota 6))))))
        (do ((i 0 (+ i 1))) ((= i 6))
          (tls-socket-key-update! client)
          (tls-socket-send client (bytes 10000)))
        (check-equal (make-list 6 (bytes 10000)) (outcome reader))))))

(behaviour "the peer's certificates are there as it sent them, the leaf first"
  (call-with-pair
    (lambda (client server)
      (check-equal (map x509-certificate->bytevector (certificates "server"))
                   (map x509-certificate->bytevector (tls-socket-peer-certificates client)))
      (check-equal '() (tls-socket-peer-certificates server))
      (check (string? (tls-socket-group client)))
      (check-equal (tls-socket-group client) (tls-socket-group server)))))

(behaviour "a server without certificates and key makes a throw-away identity that nobody trusts"
  (let* ((listener (make-server-tls-socket "0" '()))
         (thread (in-thread (lambda () (echo listener)))))
    (check-equal 'E_VERIFY (tls-error-status (raised (connect-client (port-of listener)))))
    (outcome thread)
    (let ((again (in-thread (lambda () (echo listener))))
          (socket (connect-client (port-of listener) #:certificate-verifier #f)))
      (check (echoes? socket (string->utf8 "unverified")))
      (tls-socket-close socket)
      (outcome again)
      (tls-socket-close listener))))

(behaviour "certificates without their key, or with another's, are refused when the server is made"
  (for-each
   (lambda (options)
     (let ((condition (raised (apply make-server-tls-socket "0" (certificates "server") options))))
       (check (or (assertion-violation? condition)
                  (eq? (tls-error-status condition) 'E_IDENTITY)))))
   (list '() (list #:private-key (key "client")))))

(behaviour "make-server-tls-socket* makes one listener an address family"
  (let ((listeners (make-server-tls-socket* "0" (certificates "server")
                                            #:private-key (key "server"))))
    (check (<= 1 (length listeners) 2))
    (for-each (lambda (listener)
                (check (tls-socket? listener))
                (tls-socket-close listener))
              listeners)))

(behaviour "a port with a descriptor becomes a TLS socket on either side (STARTTLS)"
  (let* ((pair (socketpair AF_UNIX SOCK_STREAM 0))
         (server (in-thread
                  (lambda ()
                    (let ((socket (socket->tls-socket (cdr pair) #:client-socket #f
                                                      #:certificates (certificates "server")
                                                      #:private-key (key "server"))))
                      (echo-once socket)
                      (port-closed? (cdr pair)))))))
    (let ((socket (socket->tls-socket (car pair)
                                      #:authorities (certificates "ca")
                                      #:hello-extensions
                                      (list (make-server-name-indication '("server.test"))))))
      (check (echoes? socket (string->utf8 "upgraded")))
      (tls-socket-close socket)
      (check (port-closed? (car pair)))
      (check-equal #t (outcome server)))))

(behaviour "a wrapped socket whose server name is not given checks nothing it should: an error"
  (let ((pair (socketpair AF_UNIX SOCK_STREAM 0)))
    (check-equal 'E_STATE (tls-error-status (raised (socket->tls-socket (car pair)))))
    (check (port-closed? (car pair)))))

(behaviour "OpenSSL's own client is served"
  (call-with-server (lambda (listener) (echo-once (tls-socket-accept listener)))
    (lambda (port)
      (call-with-values
          (lambda ()
            (run "sh" "-c"
                 (string-append "echo ping | openssl s_client -quiet -verify_return_error"
                                " -servername server.test -CAfile " (pki "ca.pem")
                                " -connect 127.0.0.1:" port " 2>/dev/null")))
        (lambda (status output)
          (check-equal 0 status)
          (check-equal "ping\n" output))))))

(end-tests)
