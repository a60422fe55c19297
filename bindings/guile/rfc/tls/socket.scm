;;; (rfc tls socket): TLS sockets.
;;;
;;; The C sockets below are non-blocking throughout; one loop here, drive, tries a verb, waits, answers
;;; questions, and tries again. A tls-socket is the native handle itself; what this library remembers
;;; of it is a <memory>, kept with the handle.

(library (rfc tls socket)
  (export make-client-tls-socket make-server-tls-socket make-server-tls-socket* socket->tls-socket
          tls-default-certificate-verifier tls-default-authorities
          tls-client-handshake tls-server-handshake tls-socket-accept
          make-hello-extension make-server-name-indication make-protocol-name-list

          tls-socket?
          tls-socket-send tls-socket-send/range tls-socket-recv tls-socket-recv!
          tls-socket-pending? tls-socket-ready?
          tls-socket-shutdown tls-socket-close tls-socket-closed?
          call-with-tls-socket
          tls-socket-peer-certificate tls-socket-selected-alpn
          tls-socket-version tls-socket-cipher tls-socket-server-name
          tls-socket-client-certificate-callback-set!
          tls-socket-peer tls-socket-info tls-socket-name tls-socket-info-values
          tls-socket-node tls-socket-service
          tls-socket-nonblocking! tls-socket-blocking! nonblocking-tls-socket?
          tls-socket-set-read-timeout! tls-socket-get-read-timeout

          *tls-version-1.3* *tls-version-1.2* *tls-version-1.1* *tls-version-1.0*

          ;; for (rfc tls port)
          read-waiting! write-waiting)
  (import (guile)
          (only (rnrs base) assertion-violation)
          (only (rnrs bytevectors) make-bytevector bytevector-length bytevector-copy!)
          (srfi srfi-9)
          (rfc tls native)
          (rfc tls failure)
          (rfc x509)
          (sagittarius socket))

  (define *tls-version-1.3* #x0304)
  (define *tls-version-1.2* #x0303)
  (define *tls-version-1.1* #x0302)
  (define *tls-version-1.0* #x0301)

  (define tls-socket? rfctls-socket-p)

  ;; ---- what is remembered of a socket ----

  (define-record-type <memory>
    (make-memory blocking? read-timeout verifier certificate-callback transport)
    memory?
    (blocking? memory-blocking? set-memory-blocking!)
    (read-timeout memory-read-timeout set-memory-read-timeout!) ; milliseconds, -1: none
    (verifier memory-verifier)
    (certificate-callback memory-certificate-callback set-memory-certificate-callback!)
    (transport memory-transport)) ; the port that owns the descriptor, or #f

  (define memory rfctls-socket-facade)

  (define* (remember! socket #:key (verifier #f) (certificate-callback #f) (transport #f))
    (rfctls-socket-set-facade socket (make-memory #t -1 verifier certificate-callback transport))
    socket)

  ;; ---- the loop ----

  ;; Interrupts (a key in the REPL, a signal handler, a time slice of fibers) run between two waits,
  ;; so no wait is longer than this many milliseconds.
  (define longest-wait 500)

  (define never most-positive-fixnum)

  ;; One more, since the clock cuts off parts of a millisecond: a timeout is never early.
  (define (deadline-in milliseconds)
    (if (negative? milliseconds)
        never
        (+ (rfctls-clock) milliseconds 1)))

  ;; May come back early.
  (define (wait socket want deadline)
    (let ((left (- deadline (rfctls-clock))))
      (unless (positive? left)
        (raise-exception (socket-condition make-socket-read-timeout-error 'tls-socket socket
                                           "the peer sent nothing in time"
                                           '(status . E_TIMEOUT))))
      (rfctls-socket-wait socket want (min left longest-wait))))

  ;; What attempt answers when it is finished. Only if it is not, patience is asked how many
  ;; milliseconds to wait: -1 for ever, 0 not at all, then the answer is #f.
  (define (drive socket patience attempt)
    (let loop ((deadline #f))
      (let ((result (attempt)))
        (case result
          ((want-read want-write)
           (let ((deadline (or deadline
                               (let ((milliseconds (patience (memory socket))))
                                 (and (not (zero? milliseconds))
                                      (deadline-in milliseconds))))))
             (and deadline
                  (begin
                    (wait socket result deadline)
                    (loop deadline)))))
          ((want-verify) (answer-verify socket) (loop deadline))
          ((want-identity) (answer-identity socket) (loop deadline))
          (else result)))))

  (define (reading memory) (if (memory-blocking? memory) (memory-read-timeout memory) 0))
  (define (writing memory) (if (memory-blocking? memory) -1 0))
  (define (patiently memory) -1)
  (define (at-once memory) 0)

  ;; ---- failures ----

  ;; Values of thunk. If it raises what matches, those of (rescue failure) instead.
  (define (call-with-rescue matches? rescue thunk)
    (with-exception-handler
        (lambda (failure)
          (if (matches? failure)
              (rescue failure)
              (raise-exception failure)))
      thunk
      #:unwind? #t))

  (define (anything? failure) #t)

  (define (quietly thunk)
    (call-with-rescue anything? (lambda (failure) #f) thunk))

  (define (closing-on-failure socket thunk)
    (call-with-rescue anything?
                      (lambda (failure)
                        (quietly (lambda () (tls-socket-close socket)))
                        (raise-exception failure))
                      thunk))

  ;; ---- questions of the handshake ----

  ;; Calls ask, which must answer the question. If it is left in any other way, by an error or a
  ;; continuation, the peer is told by refuse, and the socket is closed: the question cannot be
  ;; entered again.
  (define (call-with-question socket ask refuse)
    (let ((left? #f) (answered? #f))
      (dynamic-wind
        (lambda ()
          (when left?
            (assertion-violation 'tls-handshake "a handshake's question cannot be entered again")))
        (lambda ()
          (ask)
          (set! answered? #t))
        (lambda ()
          (set! left? #t)
          (unless answered?
            (quietly refuse)
            (quietly (lambda () (tls-socket-close socket))))))))

  ;; The program's verifier sees one certificate after the other, from the root to the leaf at depth
  ;; 0, until it says anything but #t.
  (define (accepted? socket verifier)
    (let ((count (rfctls-socket-finding-count socket)))
      (let loop ((index 0))
        (or (= index count)
            (and (eq? #t (verifier (rfctls-socket-finding-depth socket index)
                                   (rfctls-socket-finding-trusted socket index)
                                   (x509-certificate->bytevector
                                    (rfctls-socket-finding-cert socket index))))
                 (loop (+ index 1)))))))

  (define (answer-verify socket)
    (define (answer accept?) (rfctls-socket-answer-verify socket accept?))
    (call-with-question socket
      (lambda () (answer (accepted? socket (memory-verifier (memory socket)))))
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

  ;; ---- hello extensions ----

  (define-record-type <hello-extension>
    (make-hello-extension type data)
    hello-extension?
    (type hello-extension-type)
    (data hello-extension-data))

  (define server-name-type 0)
  (define protocol-names-type 16)

  ;; The first name is asked for and checked.
  (define (make-server-name-indication names)
    (make-hello-extension server-name-type names))

  (define (make-protocol-name-list names)
    (make-hello-extension protocol-names-type names))

  ;; Hands each extension to the setters of a config or of a socket.
  (define (apply-extensions extensions set-name! add-protocol!)
    (for-each (lambda (extension)
                (let ((data (hello-extension-data extension)))
                  (cond ((eqv? (hello-extension-type extension) server-name-type)
                         (set-name! (car data)))
                        ((eqv? (hello-extension-type extension) protocol-names-type)
                         (for-each add-protocol! data))
                        (else
                         (assertion-violation 'make-hello-extension
                                              "only server name and protocol names can be sent"
                                              (hello-extension-type extension))))))
              extensions))

  (define (apply-socket-extensions socket extensions)
    (apply-extensions extensions
                      (lambda (name) (rfctls-socket-set-server-name socket name))
                      (lambda (name) (rfctls-socket-add-protocol socket name))))

  ;; ---- configs ----

  ;; What a client checks of its server when the program does not say: #t the library's checks
  ;; (chain, trust store, host name), a procedure, or #f nothing.
  (define tls-default-certificate-verifier (make-parameter #t))

  ;; Trust anchors of clients beside the system's.
  (define tls-default-authorities (make-parameter '()))

  (define family-numbers
    `((#f . ,RFCTLS-FAMILY-ANY) (,AF_UNSPEC . ,RFCTLS-FAMILY-ANY)
      (,AF_INET . ,RFCTLS-FAMILY-IPV4) (,AF_INET6 . ,RFCTLS-FAMILY-IPV6)))

  (define (family-number ai-family)
    (or (assv-ref family-numbers ai-family)
        (assertion-violation 'make-tls-socket "not an address family" ai-family)))

  (define (check-stream ai-socktype)
    (unless (memv ai-socktype (list #f 0 SOCK_STREAM))
      (assertion-violation 'make-tls-socket "TLS needs SOCK_STREAM" ai-socktype)))

  (define (set-verifier! config verifier)
    (cond ((procedure? verifier) (rfctls-config-set-asking config #t #f))
          ((not verifier) (rfctls-config-insecure-skip-verify config))
          ((not (eq? verifier #t))
           (assertion-violation 'make-tls-socket "a verifier is a boolean or a procedure"
                                verifier))))

  (define (set-identity! config certificates private-key)
    (when (or private-key (pair? certificates))
      (rfctls-config-set-identity config (certificates->chain certificates)
                                  (->private-key private-key))))

  ;; What clients and servers have in common.
  (define (make-config role certificates private-key extensions authorities verifier version)
    (let ((config (rfctls-config-new role)))
      (rfctls-config-set-blocking config #f)
      (set-identity! config certificates private-key)
      (apply-extensions extensions
                        (lambda (name) (rfctls-config-set-server-name config name))
                        (lambda (name) (rfctls-config-add-protocol config name)))
      (for-each (lambda (authority) (rfctls-config-add-authority config authority))
                (->certificates authorities))
      (set-verifier! config verifier)
      (when version
        (rfctls-config-set-versions config version version))
      config))

  (define (set-timer! config timer milliseconds)
    (when milliseconds
      (rfctls-config-set-timeout config timer milliseconds)))

  ;; A server that is given neither certificates nor a key makes itself a throw-away identity.
  (define (make-server-config certificates private-key extensions authorities verifier version)
    (define (make certificates private-key)
      (make-config RFCTLS-SERVER certificates private-key extensions authorities verifier version))
    (if (or private-key (pair? certificates))
        (make certificates private-key)
        (call-with-values (lambda () (make-self-signed-identity "localhost")) make)))

  (define (require-certificate! config)
    (rfctls-config-set-peer-cert config RFCTLS-PEER-CERT-REQUIRED))

  ;; ---- makers ----

  ;; Without a handshake, connecting is waited for here; otherwise the handshake does both.
  (define* (make-client-tls-socket node service
                                   #:optional ai-family ai-socktype ai-flags ai-protocol
                                   #:key (handshake #t) (certificates '()) (private-key #f)
                                   (hello-extensions '()) (authorities (tls-default-authorities))
                                   (certificate-verifier (tls-default-certificate-verifier))
                                   (connect-timeout #f) (handshake-timeout #f)
                                   (prng #f) (version #f))
    (check-stream ai-socktype)
    (let ((config (make-config RFCTLS-CLIENT certificates private-key hello-extensions authorities
                               certificate-verifier version)))
      (rfctls-config-set-family config (family-number ai-family))
      (rfctls-config-set-blocking config (not handshake))
      (set-timer! config RFCTLS-TIMER-CONNECT connect-timeout)
      (set-timer! config RFCTLS-TIMER-HANDSHAKE handshake-timeout)
      (let ((socket (call-naming-host node service
                      (lambda () (rfctls-socket-connect node service config)))))
        (rfctls-socket-set-blocking socket #f)
        (remember! socket #:verifier certificate-verifier)
        (if handshake
            (closing-on-failure socket (lambda () (tls-client-handshake socket)))
            socket))))

  (define* (make-server-tls-socket service certificates
                                   #:optional ai-family ai-socktype ai-protocol
                                   #:key (private-key #f) (authorities '())
                                   (client-certificate-required? #f) (certificate-verifier #t)
                                   (hello-extensions '()) (handshake-timeout #f)
                                   (prng #f) (version #f))
    (check-stream ai-socktype)
    (let ((config (make-server-config certificates private-key hello-extensions authorities
                                      certificate-verifier version)))
      (rfctls-config-set-family config (family-number ai-family))
      (set-timer! config RFCTLS-TIMER-HANDSHAKE handshake-timeout)
      (when client-certificate-required?
        (require-certificate! config))
      (remember! (call-naming-host #f service
                   (lambda () (rfctls-socket-listen #f service config)))
                 #:verifier certificate-verifier)))

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

  ;; A port keeps its descriptor and is closed with the TLS socket; a bare descriptor is taken over.
  (define* (socket->tls-socket socket
                               #:key (client-socket #t) (handshake #t) (hello-extensions '())
                               (certificates '()) (private-key #f)
                               (authorities (if client-socket (tls-default-authorities) '()))
                               (peer-certificate-required? #t)
                               (certificate-verifier
                                (or (not client-socket) (tls-default-certificate-verifier)))
                               (handshake-timeout #f) (version #f))
    (let ((port (and (port? socket) socket))
          (config (if client-socket
                      (make-config RFCTLS-CLIENT certificates private-key hello-extensions
                                   authorities certificate-verifier version)
                      (make-server-config certificates private-key hello-extensions authorities
                                          certificate-verifier version))))
      (set-timer! config RFCTLS-TIMER-HANDSHAKE handshake-timeout)
      (when (and (not client-socket) peer-certificate-required?
                 (or (pair? authorities) (procedure? certificate-verifier)))
        (require-certificate! config))
      (when (and port (output-port? port))
        (force-output port))
      (let* ((descriptor (if port (fileno port) socket))
             (tls-socket (rfctls-socket-wrap (rfctls-raw-adopt descriptor (not port)) config)))
        (remember! tls-socket #:verifier certificate-verifier #:transport port)
        (cond ((not handshake) tls-socket)
              (client-socket
               (closing-on-failure tls-socket (lambda () (tls-client-handshake tls-socket))))
              (else
               (closing-on-failure tls-socket (lambda () (tls-server-handshake tls-socket))))))))

  ;; ---- handshakes ----

  ;; The socket, or #f if it is non-blocking and the handshake is not done yet: then call again.
  (define (handshake socket role)
    (unless (eqv? (rfctls-socket-role socket) role)
      (assertion-violation 'tls-handshake
                           (if (eqv? role RFCTLS-CLIENT)
                               "a server's socket cannot do a client's handshake"
                               "a client's socket cannot do a server's handshake")
                           socket))
    (and (drive socket writing (lambda () (rfctls-socket-handshake socket)))
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
    (let ((connection (drive socket reading (lambda () (rfctls-socket-accept socket)))))
      (and connection
           (begin
             (remember! connection #:verifier (memory-verifier (memory socket)))
             (if handshake
                 (shake connection)
                 connection)))))

  ;; ---- arguments ----

  (define (check-count who count)
    (unless (and (exact-integer? count) (>= count 0))
      (assertion-violation who "not a count of bytes" count)))

  ;; How many bytes a range has; len -1 is to the end.
  (define (range-count who bv start len)
    (let ((size (bytevector-length bv)))
      (unless (and (exact-integer? start) (<= 0 start size))
        (assertion-violation who "start is not in the bytevector" start))
      (unless (and (exact-integer? len) (<= -1 len (- size start)))
        (assertion-violation who "the range ends outside the bytevector" start len))
      (if (= len -1) (- size start) len)))

  ;; Whether flags have a bit; MSG_PEEK, MSG_DONTWAIT and MSG_WAITALL are all there are.
  (define (flag? flags bit)
    (not (zero? (logand flags bit))))

  (define (check-flags who flags known)
    (unless (and (exact-integer? flags) (zero? (logand flags (lognot known))))
      (assertion-violation who "unknown flags" flags)))

  ;; ---- sending ----

  (define (send who socket bv start count flags)
    (check-flags who flags MSG_DONTWAIT)
    (or (drive socket (if (flag? flags MSG_DONTWAIT) at-once writing)
               (lambda () (rfctls-socket-send-range socket 0 bv start count)))
        -1))

  ;; The rest of what is to be sent, after the first step: sent of count bytes.
  (define (send-rest who socket bv start count flags sent)
    (call-counting
     (lambda () sent)
     (lambda ()
       (let loop ()
         (let ((more (send who socket bv (+ start sent) (- count sent) flags)))
           (unless (negative? more)
             (set! sent (+ sent more))
             (unless (= sent count)
               (loop))))
         sent))))

  (define (send-all who socket bv start count flags)
    (let ((sent (send who socket bv start count flags)))
      (if (or (negative? sent) (= sent count))
          sent
          (send-rest who socket bv start count flags sent))))

  (define* (tls-socket-send socket bv #:optional (flags 0))
    (send-all 'tls-socket-send socket bv 0 (bytevector-length bv) flags))

  (define* (tls-socket-send/range socket bv #:optional (start 0) (len -1) (flags 0))
    (send-all 'tls-socket-send/range socket bv start
              (range-count 'tls-socket-send/range bv start len) flags))

  ;; ---- receiving ----

  (define recv-flags (logior MSG_PEEK MSG_DONTWAIT MSG_WAITALL))

  (define (receive who socket flags attempt)
    (check-flags who flags recv-flags)
    (drive socket (if (flag? flags MSG_DONTWAIT) at-once reading)
           (let ((native-flags (if (flag? flags MSG_PEEK) RFCTLS-PEEK 0)))
             (lambda () (attempt native-flags)))))

  (define (receive! who socket bv start count flags)
    (receive who socket flags
             (lambda (native-flags)
               (rfctls-socket-recv-range socket native-flags bv start count))))

  ;; Until the range is full, at the end, or nothing more is there: MSG_WAITALL.
  (define (receive-all! who socket bv start count flags)
    (let loop ((received 0))
      (let ((more (receive! who socket bv (+ start received) (- count received) flags)))
        (cond ((not more) (and (positive? received) received))
              ((or (zero? more) (= (+ received more) count)) (+ received more))
              (else (loop (+ received more)))))))

  (define (all? flags)
    (and (flag? flags MSG_WAITALL) (not (flag? flags MSG_PEEK))))

  (define* (tls-socket-recv! socket bv start len #:optional (flags 0))
    (let ((count (range-count 'tls-socket-recv! bv start len)))
      (or ((if (all? flags) receive-all! receive!) 'tls-socket-recv! socket bv start count flags)
          -1)))

  ;; What there is, at most size bytes: memory is taken for what has come, not for what was asked.
  (define* (tls-socket-recv socket size #:optional (flags 0))
    (check-count 'tls-socket-recv size)
    (if (all? flags)
        (let* ((bv (make-bytevector size))
               (count (receive-all! 'tls-socket-recv socket bv 0 size flags)))
          (and count
               (if (= count size)
                   bv
                   (let ((shorter (make-bytevector count)))
                     (bytevector-copy! bv 0 shorter 0 count)
                     shorter))))
        (let ((size (min size most-positive-fixnum)))
          (receive 'tls-socket-recv socket flags
                   (lambda (native-flags)
                     (rfctls-socket-recv-bytes socket native-flags size))))))

  (define (tls-socket-pending? socket)
    (positive? (rfctls-socket-pending socket)))

  ;; Whether a receiving call would come back at once: with bytes, the end, or a failure.
  (define (tls-socket-ready? socket)
    (call-with-rescue socket-error? (lambda (failure) #t)
                      (lambda ()
                        (and (tls-socket-recv socket 1 (logior MSG_PEEK MSG_DONTWAIT)) #t))))

  ;; ---- for ports, which wait though the socket is non-blocking ----

  (define (read-waiting! socket bv start count)
    (drive socket memory-read-timeout
           (lambda () (rfctls-socket-recv-range socket 0 bv start count))))

  ;; At least one byte of it.
  (define (write-waiting socket bv start count)
    (drive socket patiently
           (lambda () (rfctls-socket-send-range socket 0 bv start count))))

  ;; ---- ending ----

  (define (tls-socket-shutdown socket how)
    (drive socket patiently (lambda () (rfctls-socket-shutdown socket how)))
    *unspecified*)

  ;; Also of a non-blocking socket it waits until the peer has all, for two seconds at most.
  (define (tls-socket-close socket)
    (dynamic-wind
      values
      (lambda () (drive socket patiently (lambda () (rfctls-socket-close socket))))
      (lambda ()
        (let ((port (memory-transport (memory socket))))
          (when port
            (close-port port)))))
    *unspecified*)

  (define tls-socket-closed? rfctls-socket-is-closed)

  (define (call-with-tls-socket socket procedure)
    (call-with-values (lambda () (closing-on-failure socket (lambda () (procedure socket))))
      (lambda results
        (tls-socket-close socket)
        (apply values results))))

  ;; ---- settings ----

  (define (tls-socket-blocking! socket)
    (set-memory-blocking! (memory socket) #t))

  (define (tls-socket-nonblocking! socket)
    (set-memory-blocking! (memory socket) #f))

  (define (nonblocking-tls-socket? socket)
    (not (memory-blocking? (memory socket))))

  ;; (srfi srfi-19) is loaded when the first time object is met.
  (define (time->milliseconds time)
    (unless ((@ (srfi srfi-19) time?) time)
      (assertion-violation 'tls-socket-set-read-timeout! "neither milliseconds nor a time" time))
    (+ (* 1000 ((@ (srfi srfi-19) time-second) time))
       (ceiling-quotient ((@ (srfi srfi-19) time-nanosecond) time) 1000000)))

  ;; Milliseconds or a time; 0 is none.
  (define (tls-socket-set-read-timeout! socket timeout)
    (let ((milliseconds (if (number? timeout) timeout (time->milliseconds timeout))))
      (check-count 'tls-socket-set-read-timeout! milliseconds)
      (set-memory-read-timeout! (memory socket) (if (zero? milliseconds) -1 milliseconds))))

  (define (tls-socket-get-read-timeout socket)
    (max 0 (memory-read-timeout (memory socket))))

  ;; callback is called with the socket when the server asks for a certificate, and answers
  ;; (private-key certificate ...) or #f. Only before the handshake; #f takes it away.
  (define (tls-socket-client-certificate-callback-set! socket callback)
    (let ((memory (memory socket)))
      (rfctls-socket-set-asking socket (procedure? (memory-verifier memory)) (and callback #t))
      (set-memory-certificate-callback! memory callback)))

  ;; ---- what a socket tells ----

  (define tls-socket-peer-certificate rfctls-socket-peer-cert)
  (define tls-socket-selected-alpn rfctls-socket-protocol)
  (define tls-socket-cipher rfctls-socket-cipher)
  (define tls-socket-server-name rfctls-socket-server-name)
  (define tls-socket-node rfctls-socket-node)
  (define tls-socket-service rfctls-socket-service)

  ;; "TLSv1.3", or #f before the handshake is done.
  (define (tls-socket-version socket)
    (assv-ref `((,*tls-version-1.0* . "TLSv1") (,*tls-version-1.1* . "TLSv1.1")
                (,*tls-version-1.2* . "TLSv1.2") (,*tls-version-1.3* . "TLSv1.3"))
              (rfctls-socket-tls-version socket)))

  ;; #f if there is none (a listener has no peer), or it is not known yet.
  (define (address-of native socket)
    (call-with-rescue socket-error? (lambda (failure) #f) (lambda () (native socket))))

  (define (address->info address)
    (and address
         (make-socket-info (rfctls-address-host address)
                           (string->ip-address (rfctls-address-ip address))
                           (rfctls-address-port address))))

  (define (tls-socket-peer socket)
    (address->info (address-of rfctls-socket-peer-address socket)))

  (define (tls-socket-info socket)
    (address->info (address-of rfctls-socket-local-address socket)))

  ;; "127.0.0.1:443", "[::1]:443"
  (define (tls-socket-name socket)
    (let ((address (address-of rfctls-socket-local-address socket)))
      (and address
           (let ((ip (rfctls-address-ip address))
                 (port (number->string (rfctls-address-port address))))
             (if (string-index ip #\:)
                 (string-append "[" ip "]:" port)
                 (string-append ip ":" port))))))

  (define* (tls-socket-info-values socket #:key (type 'peer))
    (let ((info (case type
                  ((peer) (tls-socket-peer socket))
                  ((info) (tls-socket-info socket))
                  (else (assertion-violation 'tls-socket-info-values
                                             "type is neither peer nor info" type)))))
      (if info
          (values (socket-info-hostname info) (socket-info-ip-address info)
                  (socket-info-port info))
          (values #f #f #f)))))
