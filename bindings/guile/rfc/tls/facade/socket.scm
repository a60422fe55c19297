;;; TLS sockets.

(export-again export-tls-sockets
  make-client-tls-socket make-server-tls-socket make-server-tls-socket* socket->tls-socket
  tls-socket-reload!
  tls-client-handshake tls-server-handshake tls-socket-accept

  <tls-socket> tls-socket?
  tls-socket-send tls-socket-send/range tls-socket-recv tls-socket-recv!
  tls-socket-pending? tls-socket-ready?
  tls-socket-shutdown tls-socket-close tls-socket-closed?
  tls-socket-abort tls-socket-unwrap tls-socket-detach
  call-with-tls-socket
  tls-socket-peer-certificate tls-socket-peer-certificates tls-socket-selected-alpn
  tls-socket-version tls-socket-cipher tls-socket-cipher-bits tls-socket-group tls-socket-server-name
  tls-socket-key-update! tls-socket-export-key tls-socket-channel-binding
  tls-socket-session tls-socket-resumed? tls-socket-session-refused
  tls-session? tls-session->bytevector bytevector->tls-session
  tls-socket-client-certificate-callback-set!
  tls-socket-peer tls-socket-info tls-socket-name tls-socket-info-values
  tls-socket-node tls-socket-service
  tls-socket-nonblocking! tls-socket-blocking! nonblocking-tls-socket?
  tls-socket-set-read-timeout! tls-socket-get-read-timeout

  tls-socket-raw-socket

  *tls-version-1.3* *tls-version-1.2* *tls-version-1.1* *tls-version-1.0*

  ;; of either kind
  socket-accept)

(define *tls-version-1.3* RFCTLS-TLS-1-3)
(define *tls-version-1.2* RFCTLS-TLS-1-2)
(define *tls-version-1.1* RFCTLS-TLS-1-1)
(define *tls-version-1.0* RFCTLS-TLS-1-0)

(define tls-socket? rfctls-socket-p)

;; The class, for methods and is-a?; (oop goops) is loaded when it is first asked for.
(define-syntax <tls-socket>
  (identifier-syntax (begin (resolve-module '(oop goops)) (rfctls-socket-class))))

;; ---- questions of the handshake ----

;; Calls ask, which must answer the question. If it is left in any other way, by an error or a
;; continuation, the peer is told by refuse, and the socket is closed: the question cannot be
;; entered again.
(define (call-with-question socket ask refuse)
  (let ((left? #f) (answered? #f))
    (dynamic-wind
      (lambda ()
        (when left?
          (check #f 'tls-handshake "a handshake's question cannot be entered again")))
      (lambda ()
        (ask)
        (set! answered? #t))
      (lambda ()
        (set! left? #t)
        (unless answered?
          (quietly refuse)
          (quietly (lambda () (socket-close-here socket))))))))

;; The program's verifier sees one certificate after the other, from the root to the leaf at depth
;; 0, until it says anything but #t.
(define (verdict socket verifier)
  (let loop ((index 0) (said #f))
    (if (and (< index (rfctls-socket-finding-count socket))
             (or (zero? index) (eq? said #t)))
        (loop (+ index 1)
              (verifier (rfctls-socket-finding-depth socket index)
                        (rfctls-socket-finding-trusted socket index)
                        (x509-certificate->bytevector (rfctls-socket-finding-cert socket index))))
        said)))

(define (answer-question socket question)
  (case question
    ((want-verify) (answer-verify socket))
    ((want-identity) (answer-identity socket))))

(define (answer-verify socket)
  (define (answer said) (rfctls-socket-answer-verify socket said))
  (call-with-question socket
    (lambda () (answer (verdict socket (memory-verifier (memory socket)))))
    (lambda ()
      (answer #f)
      (rfctls-socket-handshake socket))))

(define (answer-identity socket)
  (define (answer identity)
    (if identity
        (rfctls-socket-answer-identity socket (certificates->chain (cdr identity))
                                       (->private-key (car identity)))
        (rfctls-socket-answer-identity socket #f #f)))
  (call-with-question socket
    (lambda () (answer ((memory-certificate-callback (memory socket)) socket)))
    values))

;; ---- makers ----

;; Keywords that a maker does not see to itself are config's, which has their defaults.

(define-maker (make-client-tls-socket node service
                                 #:optional ai-family ai-socktype ai-flags ai-protocol
                                 #:key (handshake #t) (certificates #f) (private-key #f)
                                 (hello-extensions #f) (authorities #f)
                                 (certificate-verifier (tls-default-certificate-verifier))
                                 (session #f) (connect-timeout #f) (handshake-timeout #f)
                                 (prng #f) (version #f)
                                 #:rest options)
  (check-strings 'make-client-tls-socket node service)
  (check-options 'make-client-tls-socket ai-socktype ai-flags ai-protocol)
  (check (or (not session) (tls-session? session)) 'make-client-tls-socket "not a session" session)
  (let* ((config (apply config RFCTLS-CLIENT certificate-verifier
                        #:family (family-number 'make-client-tls-socket ai-family) options))
         (socket (call-connecting node service
                   (lambda ()
                     (remember! (rfctls-socket-connect node service config)
                                #:verifier certificate-verifier)))))
    (closing-on-failure socket
      (lambda ()
        (when session
          (rfctls-socket-set-session socket session))
        (if handshake
            (tls-client-handshake socket)
            socket)))))

(define-maker (make-server-tls-socket service certificates
                                 #:optional ai-family ai-socktype ai-protocol
                                 #:key (private-key #f) (authorities #f)
                                 (client-certificate-required? #f) (certificate-verifier #t)
                                 (hello-extensions #f) (handshake-timeout #f)
                                 (prng #f) (version #f)
                                 #:rest options)
  (check-strings 'make-server-tls-socket service)
  (check-options 'make-server-tls-socket ai-socktype #f ai-protocol)
  (let ((config (apply config RFCTLS-SERVER certificate-verifier #:certificates certificates
                       #:family (family-number 'make-server-tls-socket ai-family) options)))
    (remember! (call-naming-failures #f service
                 (lambda () (rfctls-socket-listen #f service config)))
               #:verifier certificate-verifier)))

;; Another identity, and all else, for the connections that a listener accepts from now on; what it
;; accepted before keeps its own. For a certificate that was renewed.
(define-maker (tls-socket-reload! listener certificates
                             #:key (private-key #f) (authorities #f)
                             (client-certificate-required? #f) (certificate-verifier #t)
                             (hello-extensions #f) (handshake-timeout #f) (version #f)
                             #:rest options)
  (check-tls 'tls-socket-reload! listener)
  (rfctls-socket-reload listener
                        (apply config RFCTLS-SERVER certificate-verifier
                               #:certificates certificates options))
  (set-memory-verifier! (memory listener) certificate-verifier))

;; One listener for each address family that the system has.
(define (make-server-tls-socket* service certificates . options)
  (define (listen family)
    (call-with-rescue socket-error? identity
                      (lambda ()
                        (apply make-server-tls-socket service certificates family options))))
  (let ((results (map listen (list AF_INET AF_INET6))))
    (unless (or-map tls-socket? results)
      (raise-exception (car results)))
    (filter tls-socket? results)))

;; What socket->tls-socket takes, as a transport: a plain socket; a port with a descriptor, which keeps
;; it and is closed with the TLS socket; or a descriptor, which is taken over. TLS begins with what a port
;; has read ahead.
(define (->transport thing)
  (cond ((socket? thing)
         (give-back-ahead! thing)
         thing)
        ((port? thing)
         (when (output-port? thing)
           (force-output thing))
         (let ((transport (rfctls-raw-adopt (fileno thing) #f)))
           (when (input-port? thing)
             (rfctls-raw-unread transport (take-ahead thing)))
           transport))
        (else (rfctls-raw-adopt thing #t))))

;; The name to ask for and to check is the plain socket's node, unless an extension names one.
(define (wrap thing config verifier)
  (let ((tls-socket (rfctls-socket-wrap (->transport thing) config)))
    (when (and (socket? thing) (socket-node thing))
      (rfctls-socket-set-peer tls-socket (socket-node thing) (socket-service thing)))
    (remember! tls-socket #:verifier verifier
               #:transport (and (port? thing) thing)
               #:plain (and (socket? thing) thing))))

(define-maker (socket->tls-socket socket
                             #:key (client-socket #t) (handshake #t) (hello-extensions #f)
                             (certificates #f) (private-key #f) (authorities #f)
                             (certificate-verifier
                              (or (not client-socket) (tls-default-certificate-verifier)))
                             (peer-certificate-required?
                              (or (pair? authorities) (procedure? certificate-verifier)))
                             (handshake-timeout #f) (version #f)
                             #:rest options)
  (let ((config (apply config (if client-socket RFCTLS-CLIENT RFCTLS-SERVER) certificate-verifier
                       #:client-certificate-required?
                       (and (not client-socket) peer-certificate-required?)
                       options)))
    (let ((tls-socket (wrap socket config certificate-verifier)))
      (if handshake
          (closing-on-failure tls-socket
            (lambda ()
              (if client-socket
                  (tls-client-handshake tls-socket)
                  (tls-server-handshake tls-socket))))
          tls-socket))))

;; ---- handshakes ----

;; The socket, or #f if it is non-blocking and the handshake is not done yet: then call again.
(define (handshake socket role)
  (check (eqv? (rfctls-socket-role socket) role) 'tls-handshake
         (if (eqv? role RFCTLS-CLIENT)
             "a server's socket cannot do a client's handshake"
             "a client's socket cannot do a server's handshake")
         socket)
  (and (drive socket writing (rfctls-socket-handshake socket)
              wait (lambda (question) (answer-question socket question)))
       socket))

(define* (tls-client-handshake socket #:key (hello-extensions '()))
  (apply-socket-extensions socket hello-extensions)
  (handshake socket RFCTLS-CLIENT))

(define* (tls-server-handshake socket #:key (raise-error #t))
  (if raise-error
      (handshake socket RFCTLS-SERVER)
      (call-with-rescue socket-error? (lambda (failure) #f)
                        (lambda () (handshake socket RFCTLS-SERVER)))))

;; A connection that fails its handshake is closed. #f if the listener is non-blocking and nobody
;; is there.
(define* (tls-socket-accept socket #:key (handshake #t) (raise-error #t))
  (define (shake connection)
    (closing-on-failure connection
      (lambda ()
        (or (tls-server-handshake connection #:raise-error raise-error)
            (begin
              (quietly (lambda () (tls-socket-close connection)))
              #f)))))
  (check-tls 'tls-socket-accept socket)
  (let ((connection (drive socket reading (rfctls-any-accept socket))))
    (and connection
         (begin
           (remember! connection #:verifier (memory-verifier (memory socket)))
           (if handshake
               (shake connection)
               connection)))))

;; Of either kind; the keywords are for a TLS socket.
(define (socket-accept socket . options)
  (if (tls-socket? socket)
      (apply tls-socket-accept socket options)
      (plain-accept socket)))

;; ---- what is common with plain sockets ----

(define-for-tls (tls-socket-send bv) ((flags 0)) socket-send)
(define-for-tls (tls-socket-send/range bv) ((start 0) (len -1) (flags 0)) socket-send/range)
(define-for-tls (tls-socket-recv size) ((flags 0)) socket-recv)
(define-for-tls (tls-socket-recv! bv start len) ((flags 0)) socket-recv!)
(define-for-tls (tls-socket-ready?) () socket-ready?)
(define-for-tls (tls-socket-shutdown how) () socket-shutdown)
(define-for-tls (tls-socket-close) () socket-close)
(define-for-tls (tls-socket-closed?) () socket-closed?)
(define-for-tls (call-with-tls-socket procedure) () call-with-socket)
(define-for-tls (tls-socket-blocking!) () socket-blocking!)
(define-for-tls (tls-socket-nonblocking!) () socket-nonblocking!)
(define-for-tls (nonblocking-tls-socket?) () nonblocking-socket?)
(define-for-tls (tls-socket-set-read-timeout! timeout) () socket-set-read-timeout!)
(define-for-tls (tls-socket-get-read-timeout) () socket-get-read-timeout)
(define-for-tls (tls-socket-peer) () socket-peer)
(define-for-tls (tls-socket-info) () socket-info)
(define-for-tls (tls-socket-name) () socket-name)
(define* (tls-socket-info-values socket #:key (type 'peer))
  (check-tls 'tls-socket-info-values socket)
  (socket-info-values socket #:type type))

;; ---- what only TLS has ----

(define (tls-socket-pending? socket)
  (positive? (rfctls-socket-pending socket)))

;; For its addresses and its descriptor: what it has to say is said in TLS.
(define (tls-socket-raw-socket socket)
  (check-tls 'tls-socket-raw-socket socket)
  (show-plain socket))

;; Closes at once, without a goodbye: the peer finds a truncation.
(define (tls-socket-abort socket)
  (rfctls-socket-abort socket)
  (wake-tasks socket)
  (close-transport socket))

;; The descriptor was taken out of the TLS socket.
(define (let-go-of-transport! socket)
  (wake-tasks socket)
  (set-memory-transport! (memory socket) #f))

;; Ends TLS politely on both sides, to go on without it: the port that the socket was made of, or else a
;; plain socket. What the peer sent before must have been received. #f if the socket is non-blocking
;; and the peer has not said goodbye yet: then call again.
(define (tls-socket-unwrap socket)
  (let ((descriptor (drive socket reading (rfctls-socket-unwrap socket))))
    (and descriptor
         (let* ((memory (memory socket))
                (below (or (memory-transport memory)
                           (ready (rfctls-raw-adopt descriptor #t)
                                  #:node (tls-socket-node socket)
                                  #:service (tls-socket-service socket)))))
           (let-go-of-transport! socket)
           (when (and (socket? below) (not (memory-blocking? memory)))
             (socket-nonblocking! below))
           below))))

;; Ends TLS at once, without a goodbye: the descriptor, open, which is the caller's, or the port's that the
;; socket was made of.
(define (tls-socket-detach socket)
  (let ((descriptor (rfctls-socket-detach socket)))
    (let-go-of-transport! socket)
    descriptor))

;; Changes the keys of both directions (RFC 8446 section 4.6.3); neither side's data notices. #f if the
;; socket is non-blocking and nothing was changed: then call again.
(define (tls-socket-key-update! socket)
  (drive socket writing (rfctls-socket-key-update socket)))

;; callback is called with the socket when the server asks for a certificate, and answers
;; (private-key certificate ...) or #f. Only before the handshake; #f takes it away.
(define (tls-socket-client-certificate-callback-set! socket callback)
  (check-tls 'tls-socket-client-certificate-callback-set! socket)
  (check (or (not callback) (procedure? callback))
         'tls-socket-client-certificate-callback-set! "neither a procedure nor #f" callback)
  (let ((memory (memory socket)))
    (rfctls-socket-set-asking socket (procedure? (memory-verifier memory)) (and callback #t))
    (set-memory-certificate-callback! memory callback)))

;; ---- what a socket tells ----

(define tls-socket-peer-certificate rfctls-socket-peer-cert)

;; Those that the peer sent, the leaf first.
(define (tls-socket-peer-certificates socket)
  (let ((chain (rfctls-socket-peer-chain socket)))
    (if chain (chain->list chain) '())))

(define tls-socket-selected-alpn rfctls-socket-protocol)
(define tls-socket-cipher rfctls-socket-cipher)
(define tls-socket-cipher-bits rfctls-socket-cipher-bits)
(define tls-socket-group rfctls-socket-group)
(define tls-socket-server-name rfctls-socket-server-name)
(define tls-socket-node rfctls-socket-node)
(define tls-socket-service rfctls-socket-service)

;; "TLSv1.3", or #f before the handshake is done.
(define (tls-socket-version socket)
  (rfctls-tls-version-name (rfctls-socket-tls-version socket)))

;; A key for another use, of so many bytes, which both ends of this connection get for the same label and
;; context (RFC 8446 section 7.5). label: registered with IANA, or "EXPERIMENTAL ..."; context: a bytevector.
(define* (tls-socket-export-key socket label size #:optional (context #f))
  (rfctls-socket-export-key socket label context size))

;; What ties an authentication above to this connection: "tls-exporter" (RFC 9266), "tls-server-end-point"
;; or, in TLS 1.2, "tls-unique" (RFC 5929).
(define* (tls-socket-channel-binding socket #:optional (type "tls-exporter"))
  (rfctls-socket-channel-binding socket type RFCTLS-LIMIT-BINDING))

;; ---- sessions, to resume a connection later: sockets that are made alike do so by themselves ----

(define tls-session? rfctls-session-p)

;; The newest that the server gave, or #f. In TLS 1.3 it comes with what is received after the
;; handshake.
(define (tls-socket-session socket)
  (call-with-rescue tls-error? (lambda (failure) #f)
                    (lambda () (rfctls-socket-session socket))))

(define tls-socket-resumed? rfctls-socket-is-resumed)

;; Why #:session was not resumed, as a string; #f: it was, or there was none, or the handshake is not done.
(define tls-socket-session-refused rfctls-socket-session-refused)

;; SECRET: who has the bytes can read the session, and pretend to be its client.
(define tls-session->bytevector rfctls-session-bytes)
(define bytevector->tls-session rfctls-session-from-bytes)
