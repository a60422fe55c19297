;;; Is nobody trusted who should not be, and does the program's own verdict count?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (rnrs bytevectors) (rnrs conditions) (rnrs files)
             ((srfi srfi-1) #:select (every))
             ((rnrs exceptions) #:select (guard)))

(begin-tests)

;; What a client's maker raises against a peer that shows a certificate, after which that peer must
;; have seen no application byte.
(define* (refusal name #:optional (names '("server.test")))
  (call-with-values
      (lambda ()
        (call-with-peer (list "echo" name)
          (lambda (port)
            (raised (connect-client port #:hello-extensions
                             (if names (list (make-server-name-indication names)) '()))))))
    (lambda (condition last-words)
      (check (or (string=? last-words "saw 0") (string-prefix? "failed" last-words)))
      condition)))

(define-syntax-rule (refuses name why argument ...)
  (behaviour (string-append "a server is refused that is " name)
    (let ((condition (refusal name argument ...)))
      (check (tls-error? condition))
      (check-equal 'E_VERIFY (tls-error-status condition))
      (check-equal why (irritant condition 'reason))
      (check-equal 0 (tls-error-depth condition))
      (check (positive? (string-length (condition-message condition)))))))

(refuses "expired" 'EXPIRED)
(refuses "wrong-name" 'NAME)
(refuses "wrong-ca" 'ISSUER)
(refuses "self-signed" 'SELF_SIGNED)
(refuses "ip-under-dns" 'NAME #f)

(behaviour "a good server is accepted by its IP address and by its name"
  (for-each
   (lambda (extensions)
     (call-with-server echo
       (lambda (port)
         (tls-socket-close (connect-client port #:hello-extensions extensions)))))
   (list '() (list (make-server-name-indication '("server.test"))))))

(behaviour "tls-default-authorities are trusted, and the parameter ends with its extent"
  (call-with-server
    (lambda (listener)
      (tls-socket-accept listener #:raise-error #f)
      (tls-socket-accept listener #:raise-error #f))
    (lambda (port)
      (parameterize ((tls-default-authorities (certificates "ca")))
        (tls-socket-close (make-client-tls-socket "127.0.0.1" port)))
      (check-equal 'E_VERIFY
                   (tls-error-status (raised (make-client-tls-socket "127.0.0.1" port)))))))

(behaviour ":certificate-verifier #f checks nothing, and so does the default that is set to #f"
  (for-each
   (lambda (connect-client)
     (call-with-values
         (lambda ()
           (call-with-peer '("echo" "expired")
             (lambda (port) (tls-socket-close (connect-client port)))))
       (lambda (value last-words)
         (check-equal "saw 0" last-words))))
   (list (lambda (port) (connect-client port #:certificate-verifier #f))
         (lambda (port)
           (parameterize ((tls-default-certificate-verifier #f))
             (make-client-tls-socket "127.0.0.1" port))))))

;; ---- the program's own verifier ----

(define (call-with-verifier verifier use)
  (call-with-server (lambda (listener) (tls-socket-accept listener #:raise-error #f))
    (lambda (port)
      (use (lambda () (connect-client port #:certificate-verifier verifier))))))

(behaviour "a verifier sees depth, verdict and certificate, from the root to the leaf"
  (let ((seen '()))
    (call-with-verifier
        (lambda (depth preverify bv)
          (set! seen (cons (list depth preverify (bytevector->x509-certificate bv)) seen))
          #t)
      (lambda (connect-client)
        (tls-socket-close (connect-client))))
    (check-equal (iota (length seen)) (map car seen))
    (check (>= (length seen) 2))
    (check-equal (map (lambda (finding) #t) seen) (map cadr seen))
    (check-equal (x509-certificate->bytevector (car (certificates "server")))
                 (x509-certificate->bytevector (caddr (car seen))))))

(behaviour "a verifier may accept what the library refuses, for this connection only"
  (let ((verdicts '()))
    (call-with-peer '("echo" "expired")
      (lambda (port)
        (tls-socket-close
         (connect-client port #:certificate-verifier
                  (lambda (depth preverify bv)
                    (set! verdicts (cons preverify verdicts))
                    #t)))))
    (check-equal #f (car verdicts))
    (check-equal 'E_VERIFY (tls-error-status (refusal "expired")))))

(behaviour "a verifier that says anything but #t refuses, and is not asked again"
  (for-each
   (lambda (answer)
     (let ((asked 0))
       (call-with-verifier
           (lambda (depth preverify bv)
             (set! asked (+ asked 1))
             answer)
         (lambda (connect-client)
           (let ((condition (raised (connect-client))))
             (check-equal 'E_VERIFY (tls-error-status condition))
             (check-equal 'REFUSED (irritant condition 'reason)))))
       (check-equal 1 asked)))
   (list #f 1 'yes '())))

(behaviour "what a verifier raises reaches the caller unharmed, and the peer is told"
  (let ((mine (list 'my 'own)))
    (call-with-server
      (lambda (listener)
        (check (not (tls-socket-accept listener #:raise-error #f))))
      (lambda (port)
        (check (eq? mine (raised (connect-client port #:certificate-verifier
                                          (lambda arguments (raise-exception mine))))))))))

(behaviour "what a verifier raises in a handshake by hand closes the socket"
  (call-with-server
    (lambda (listener) (tls-socket-accept listener #:raise-error #f))
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f
                             #:certificate-verifier (lambda arguments (raise-exception 'mine)))))
        (check-equal 'mine (raised (tls-client-handshake socket)))
        (check (tls-socket-closed? socket))
        (check (socket-closed-error? (raised (tls-client-handshake socket))))))))

(behaviour "a continuation that escapes from a verifier fails the handshake, and cannot come back"
  (let ((inside #f) (results '()))
    (define (attempt port)
      (guard (condition (#t condition))
        (call/cc
         (lambda (escape)
           (connect-client port #:certificate-verifier
                           (lambda arguments
                             (call/cc (lambda (k) (set! inside k)))
                             (escape 'escaped)))))))
    (call-with-server
      (lambda (listener)
        (check (not (tls-socket-accept listener #:raise-error #f))))
      (lambda (port)
        (let ((result (attempt port)))
          (set! results (cons result results))
          (when (= 1 (length results))
            (inside 'back)))))
    (check-equal 'escaped (cadr results))
    (check (assertion-violation? (car results)))))

(behaviour "a verifier that closes its own socket ends the handshake with an error"
  (call-with-server
    (lambda (listener) (tls-socket-accept listener #:raise-error #f))
    (lambda (port)
      (letrec ((socket (connect-client port #:handshake #f
                                #:certificate-verifier
                                (lambda arguments
                                  (tls-socket-close socket)
                                  #t))))
        (check (socket-error? (raised (tls-client-handshake socket))))
        (check (tls-socket-closed? socket))))))

(behaviour "a verifier's closure lives as long as its socket, whatever the collector does"
  (call-with-server echo
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f
                             #:certificate-verifier
                             (let ((mine (make-vector 10 #t)))
                               (lambda (depth . rest) (gc) (vector-ref mine depth))))))
        (gc)
        (tls-client-handshake socket)
        (tls-socket-close socket)))))

;; ---- certificates of clients ----

(define (serve-client options connect-options)
  (call-with-server
    (lambda (listener)
      (let ((connection (tls-socket-accept listener)))
        (tls-socket-send connection
                         (string->utf8
                          (let ((certificate (tls-socket-peer-certificate connection)))
                            (if certificate (x509-certificate-subject-dn certificate) "nobody"))))
        (tls-socket-close connection)))
    (lambda (port)
      (let* ((socket (apply connect-client port connect-options))
             (answer (text (tls-socket-recv socket 1000))))
        (tls-socket-close socket)
        answer))
    #:options options))

(define client-identity
  (list #:certificates (certificates "client") #:private-key (key "client")))

(behaviour "without authorities a server asks for no certificate"
  (check-equal "nobody" (serve-client '() client-identity)))

(behaviour "with authorities it asks, and takes an empty list"
  (let ((options (list #:authorities (certificates "ca"))))
    (check (string-contains (serve-client options client-identity) "CN="))
    (check-equal "nobody" (serve-client options '()))))

(behaviour "the listener's verifier judges the clients of the sockets that it accepts"
  (let ((depths '()))
    (check (string-contains
            (serve-client (list #:authorities (certificates "ca")
                                #:certificate-verifier
                                (lambda (depth preverify bv)
                                  (set! depths (cons depth depths))
                                  preverify))
                          client-identity)
            "CN="))
    (check-equal 0 (car depths))))

(define (accept-quietly listener)
  (check (not (tls-socket-accept listener #:raise-error #f))))

;; In TLS 1.3 a client learns of its refusal when it reads first.
(define (refused-client connect-options)
  (call-with-server accept-quietly
    (lambda (port)
      (raised (tls-socket-recv (apply connect-client port connect-options) 1)))
    #:options (list #:authorities (certificates "ca") #:client-certificate-required? #t)))

(behaviour "a required certificate that is missing, or another authority's, is refused at both ends"
  (for-each
   (lambda (options)
     (let ((condition (refused-client options)))
       (check-equal 'E_ALERT (tls-error-status condition))
       (check (integer? (tls-error-alert condition)))))
   (list '()
         (list #:certificates (certificates "client-other-ca")
               #:private-key (key "client-other-ca")))))

(behaviour "a wrapped server that does not require a certificate takes a client without"
  (for-each
   (lambda (required? works?)
     (let* ((listener (socket PF_INET SOCK_STREAM 0))
            (thread (begin
                      (bind listener AF_INET INADDR_LOOPBACK 0)
                      (listen listener 1)
                      (in-thread
                       (lambda ()
                         (call-with-tls-socket
                             (socket->tls-socket (car (accept listener)) #:client-socket #f
                                                 #:certificates (certificates "server")
                                                 #:private-key (key "server")
                                                 #:authorities (certificates "ca")
                                                 #:peer-certificate-required? required?)
                           echo-all)))))
            (client (connect-client (number->string (sockaddr:port (getsockname listener)))))
            (told (guard (condition (#t condition)) (tls-socket-shutdown client SHUT_WR)
                         (tls-socket-recv client 1))))
       (check-equal works? (bytevector? told))
       (check-equal works? (not (condition? (outcome thread))))
       (guard (condition (#t #f)) (tls-socket-close client))
       (close-port listener)))
   '(#f #t) '(#t #f)))

(behaviour "a required certificate is required though any will do"
  (call-with-server
    (lambda (listener)
      (for-each
       (lambda (name)
         (let ((connection (tls-socket-accept listener)))
           (check-equal (x509-certificate->bytevector (car (certificates name)))
                        (x509-certificate->bytevector (tls-socket-peer-certificate connection)))
           (tls-socket-close connection)))
       '("client" "client-other-ca" "self-signed" "server"))
      (check (message-contains? (raised (tls-socket-accept listener)) "sent no certificate")))
    (lambda (port)
      (for-each
       (lambda (name)
         (let ((socket (connect-client port #:certificates (certificates name) #:private-key (key name))))
           (tls-socket-recv socket 1)
           (tls-socket-close socket)))
       '("client" "client-other-ca" "self-signed" "server"))
      (guard (condition (#t #f))
        (tls-socket-recv (connect-client port) 1)))
    #:options (list #:client-certificate-required? #t #:certificate-verifier #f)))

(behaviour "a callback gives the client's identity when the server asks"
  (call-with-server
    (lambda (listener)
      (let ((connection (tls-socket-accept listener)))
        (check (tls-socket-peer-certificate connection))
        (tls-socket-close connection)))
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f)) (asked #f))
        (tls-socket-client-certificate-callback-set! socket
          (lambda (its-socket)
            (set! asked its-socket)
            (cons (key "client") (certificates "client"))))
        (tls-client-handshake socket)
        (check (eq? socket asked))
        (tls-socket-recv socket 1)
        (tls-socket-close socket)))
    #:options (list #:authorities (certificates "ca") #:client-certificate-required? #t)))

(behaviour "a callback that answers #f sends none, one that raises fails the handshake"
  (call-with-server
    (lambda (listener)
      (check (not (tls-socket-peer-certificate (tls-socket-accept listener))))
      (check (not (tls-socket-accept listener #:raise-error #f))))
    (lambda (port)
      (let ((socket (connect-client port #:handshake #f)))
        (tls-socket-client-certificate-callback-set! socket (lambda (socket) #f))
        (tls-client-handshake socket)
        (tls-socket-close socket))
      (let ((socket (connect-client port #:handshake #f)))
        (tls-socket-client-certificate-callback-set! socket
          (lambda (socket) (raise-exception 'no-card)))
        (check-equal 'no-card (raised (tls-client-handshake socket)))
        (check (tls-socket-closed? socket))))
    #:options (list #:authorities (certificates "ca"))))

;; ---- forms of certificates and keys ----

(behaviour "objects, DER bytevectors and PEM strings do wherever certificates and keys are asked for"
  (for-each
   (lambda (chain private-key authorities)
     (let* ((listener (make-server-tls-socket "0" chain #:private-key private-key))
            (thread (in-thread (lambda () (echo listener)))))
       (tls-socket-close (connect-client (port-of listener) #:authorities authorities))
       (check (not (condition? (outcome thread))))
       (tls-socket-close listener)))
   (list (certificates "server")
         (map x509-certificate->bytevector (certificates "server"))
         (list (contents "server.pem")))
   (list (key "server")
         (call-with-input-file (pki "server.key.der")
           (@ (ice-9 binary-ports) get-bytevector-all) #:binary #t)
         (contents "server.key"))
   (list (certificates "ca")
         (map x509-certificate->bytevector (certificates "ca"))
         (list (contents "ca.pem")))))

(behaviour "an identity is read from one file, PEM or PKCS#12"
  (for-each
   (lambda (arguments)
     (call-with-values (lambda () (apply read-identity arguments))
       (lambda (chain private-key)
         (check (every x509-certificate? chain))
         (check (private-key? private-key)))))
   (list (list (pki "both.pem")) (list (pki "server.p12") "secret"))))

(behaviour "files that cannot be read, and damaged ones, say so"
  (for-each
   (lambda (read path status)
     (let ((condition (raised (read path))))
       (check (i/o-error? condition))
       (check-equal status (irritant condition 'status))
       (check (string-contains (condition-message condition) (basename path)))))
   (list read-x509-certificates read-x509-certificates read-x509-certificates read-private-key
         read-private-key)
   (list (pki "missing.pem") (pki "garbage.pem") (pki "truncated.pem")
         (pki "server-encrypted.key") "/")
   '(E_SYSTEM E_PARSE E_PARSE E_PARSE E_SYSTEM)))

(end-tests)
