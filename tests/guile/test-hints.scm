;;; A failure says what to do about it, in Guile's words; and a keyword of another library, what it is called here.

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (sagittarius socket) (rnrs bytevectors) (rnrs conditions)
             (ice-9 regex) (srfi srfi-1))

(begin-tests)

;; The message ends in the hint.
(define (check-hint condition part)
  (unless (and (message-contains? condition part)
               (string-suffix? ")" (condition-message condition)))
    (error "no such hint:" part (condition-message condition))))

(define-syntax-rule (refused name part)
  (behaviour (string-append "a server whose certificate is " name ": what to do")
    (call-with-peer (list "echo" name)
      (lambda (port) (check-hint (raised (connect-client port)) part)))))

(refused "wrong-ca" "#:authorities (read-x509-certificates \"ca.pem\")")
(refused "self-signed" "#:authorities (read-x509-certificates \"cert.pem\")")
(refused "wrong-name" "make-server-name-indication")
(refused "expired" "renew")
(refused "not-yet-valid" "clock")

(behaviour "a truncated end names the parameter that takes it"
  (call-with-peer '("say" "5" "cut")
    (lambda (port)
      (let ((client (connect-client port)))
        (tls-socket-recv client 5)
        (check-hint (raised (tls-socket-recv client 5)) "(tls-allow-truncation #t)")
        (tls-socket-abort client)))))

(behaviour "a handshake that is still to come is named"
  (let ((ends (make-ends)))
    (check-hint (raised (tls-socket-send (car ends) (string->utf8 "early"))) "tls-client-handshake")
    (for-each tls-socket-abort ends)))

(behaviour "a peer without TLS says where to look"
  (let* ((listener (make-server-socket "0"))
         (thread (in-thread (lambda ()
                              (let ((plain (socket-accept listener)))
                                (socket-send plain (string->utf8 "220 mail.test ESMTP\r\n"))
                                (socket-recv plain 1000)
                                (socket-close plain))))))
    (check-hint (raised (connect-client (port-of listener))) "STARTTLS")
    (outcome thread)
    (socket-close listener)))

(behaviour "a key that does not fit"
  (check-hint (raised (make-server-tls-socket "0" (certificates "server") #:private-key (key "client")))
              "#:certificates"))

(behaviour "an identity without its key"
  (check-hint (raised (read-identity (pki "server.pem"))) "read-private-key"))

(behaviour "a passphrase that is missing or wrong"
  (for-each (lambda (read name)
              (check-hint (raised (read (pki name))) "second argument")
              (check-hint (raised (read (pki name) "wrong")) "encoding"))
            (list read-identity read-private-key) '("server.p12" "server-encrypted.key")))

(behaviour "PEM text where a path is due, and a path where bytes are due"
  (for-each (lambda (read)
              (let ((condition (raised (read (contents "server.key")))))
                (check-hint condition "string->x509-certificates")
                (check (not (message-contains? condition "BEGIN")))))
            (list read-x509-certificates read-private-key read-identity))
  (check-hint (raised (make-client-tls-socket "127.0.0.1" "1" #:authorities (list (pki "ca.pem"))))
              "read-x509-certificates"))

(behaviour "what is clear without one has no hint"
  (check (not (message-contains? (raised (read-x509-certificates "/no/such/file")) "("))))

(behaviour "a keyword of another library is told what it is called here"
  (for-each
   (lambda (keyword part)
     (let ((condition (raised (make-client-tls-socket "127.0.0.1" "1" keyword #f))))
       (check (assertion-violation? condition))
       (check (message-contains? condition part))
       (check (memq keyword (condition-irritants condition)))))
   '(#:cafile #:verify #:server-name #:key #:timeout)
   '("#:authorities" "#:certificate-verifier #f" "make-server-name-indication" "#:private-key" "#:connect-timeout"))
  (for-each
   (lambda (make) (check (message-contains? (raised (make #:password "x")) "read-private-key")))
   (list (lambda more (apply make-server-tls-socket "0" '() more))
         (lambda more (apply socket->tls-socket 0 more))
         (lambda more (apply tls-socket-reload! 0 '() more)))))

(behaviour "a keyword that nobody knows is refused"
  (check (raised (make-client-tls-socket "127.0.0.1" "1" #:no-such-keyword #f))))

(behaviour "what the hints name is there"
  (let* ((facade (resolve-module '(rfc tls facade)))
         (failures (module-ref facade 'failure-hints))
         (habits (module-ref facade 'keyword-hints))
         (hints (append (map cadddr failures) (map cdr habits))))
    (define (names pattern hint)
      (map (lambda (found) (match:substring found 1)) (list-matches pattern hint)))
    (for-each
     (lambda (hint)
       (for-each (lambda (name)
                   (check (module-variable facade (string->symbol name))))
                 (append (names "\\((tls-[a-z!-]+|make-[a-z-]+|read-[a-z0-9-]+)" hint)
                         (names "(string->[a-z0-9-]+|socket->tls-socket)" hint)))
       (for-each (lambda (name)
                   (check (string-contains
                           (call-with-input-file (string-append (getenv "RFCTLS_SOURCE_DIR")
                                                                "/bindings/guile/rfc/tls/facade/socket.scm")
                             (@ (ice-9 textual-ports) get-string-all))
                           (string-append "(" name " "))))
                 (delete "list" (names "#:([a-z?-]+)" hint))))
     hints)))

(end-tests)
