;;; Plain sockets, over TCP.

(export make-client-socket make-server-socket socket-unread!)

;; ---- address options, which plain and TLS sockets share ----

(define family-numbers
  `((#f . ,RFCTLS-FAMILY-ANY) (,AF_UNSPEC . ,RFCTLS-FAMILY-ANY)
    (,AF_INET . ,RFCTLS-FAMILY-IPV4) (,AF_INET6 . ,RFCTLS-FAMILY-IPV6)))

(define (family-number who ai-family)
  (or (assv-ref family-numbers ai-family)
      (check #f who "not an address family" ai-family)))

;; Flags and protocol numbers are taken as the original takes them; TCP is what they lead to.
(define (check-options who ai-socktype ai-flags ai-protocol)
  (define (number-or-false? thing)
    (or (not thing) (and (exact-integer? thing) (>= thing 0))))
  (check (memv ai-socktype (list #f 0 SOCK_STREAM)) who "only SOCK_STREAM is served" ai-socktype)
  (check (number-or-false? ai-flags) who "not address flags" ai-flags)
  (check (memv ai-protocol (list #f 0 IPPROTO_TCP)) who "only TCP is served" ai-protocol))

;; ---- makers ----

(define (ready plain . facts)
  (rfctls-raw-set-blocking plain #f)
  (apply remember! plain facts))

;; What (make) answers, once it is connected; else it is closed.
(define (call-connecting node service make)
  (call-naming-failures node service
    (lambda ()
      (let ((socket (make)))
        (closing-on-failure socket
          (lambda ()
            (drive socket patiently (rfctls-any-finish-connect socket))
            socket))))))

(define (check-strings who . things)
  (for-each (lambda (thing) (check-string who thing)) things))

;; connect-timeout: milliseconds, for looking the name up and all its addresses together.
(define* (make-client-socket node service
                             #:optional ai-family ai-socktype ai-flags ai-protocol
                             #:key (connect-timeout RFCTLS-DEFAULT-CONNECT))
  (check-strings 'make-client-socket node service)
  (check-options 'make-client-socket ai-socktype ai-flags ai-protocol)
  (call-connecting node service
    (lambda ()
      (remember! (rfctls-raw-connect node service (family-number 'make-client-socket ai-family) #f
                                     connect-timeout)
                 #:node node #:service service))))

;; Service "0" is any free port, which socket-info-values tells.
(define* (make-server-socket service #:optional ai-family ai-socktype ai-protocol)
  (check-strings 'make-server-socket service)
  (check-options 'make-server-socket ai-socktype #f ai-protocol)
  (let* ((family (family-number 'make-server-socket ai-family))
         (addresses (call-naming-failures #f service
                      (lambda () (rfctls-addresses-resolve #f service family #t)))))
    (ready (rfctls-raw-listen (rfctls-addresses-at addresses 0) 0) #:service service)))

;; #f if the listener is non-blocking and nobody is there.
(define (plain-accept listener)
  (let ((plain (drive listener reading (rfctls-any-accept listener))))
    (and plain (remember! plain))))

;; Gives bytes back that were received and not used: the next receive, also that of TLS over this socket,
;; finds them first.
(define (socket-unread! socket bv)
  (check-plain 'socket-unread! socket)
  (check-bytes 'socket-unread! bv)
  (rfctls-raw-unread socket bv))

;; The plain socket below a TLS socket, always the same object.
(define (show-plain tls-socket)
  (let ((memory (memory tls-socket)))
    (unless (memory-plain memory)
      (set-memory-plain! memory (remember! (rfctls-socket-raw tls-socket)
                                           #:node (rfctls-socket-node tls-socket)
                                           #:service (rfctls-socket-service tls-socket))))
    (memory-plain memory)))
