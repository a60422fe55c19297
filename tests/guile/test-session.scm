;;; Do clients that are made alike resume, and does nobody else?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (rnrs bytevectors))

(begin-tests)

;; Serves so many connections, one byte each, so that the client sees its ticket.
(define (serve count)
  (lambda (listener)
    (do ((i 0 (+ i 1))) ((= i count))
      (let ((connection (tls-socket-accept listener #:raise-error #f)))
        (when connection
          (tls-socket-send connection (bytes 1))
          (tls-socket-recv connection 1)
          (tls-socket-close connection))))))

;; Whether a connection was resumed; use sees it before it ends.
(define* (resumed? port options #:optional (use identity))
  (let ((socket (apply connect-client port options)))
    (tls-socket-recv socket 1)
    (use socket)
    (let ((resumed? (tls-socket-resumed? socket)))
      (tls-socket-close socket)
      resumed?)))

(behaviour "the second client of one making resumes by itself, in TLS 1.3 and 1.2"
  (for-each
   (lambda (version)
     (call-with-server (serve 3)
       (lambda (port)
         (let ((options (list #:version version)))
           (check-equal #f (resumed? port options))
           (check-equal #t (resumed? port options))
           ;; Certificates that were read anew are the same.
           (check-equal #t (resumed? port (append options
                                                  (list #:authorities (certificates "ca")))))))))
   (list *tls-version-1.3* *tls-version-1.2*)))

(behaviour "a client of another making does not"
  (call-with-server (serve 5)
    (lambda (port)
      (check-equal #f (resumed? port '()))
      (check-equal #f (resumed? port (list #:hello-extensions
                                           (list (make-server-name-indication '("localhost"))))))
      (check-equal #f (resumed? port (list #:authorities (append (certificates "ca")
                                                                 (certificates "other-ca")))))
      (check-equal #f (resumed? port '(#:certificate-verifier #f)))
      (check-equal #f (resumed? port (list #:version *tls-version-1.2*))))))

(behaviour "what a program changes in its arguments afterwards makes another client of it"
  (call-with-server (serve 2)
    (lambda (port)
      (let* ((name (string-copy "server.test"))
             (options (list #:hello-extensions (list (make-server-name-indication (list name))))))
        (check-equal #f (resumed? port options))
        (string-copy! name 0 "nobody.test")
        (check (tls-error? (raised (resumed? port options))))))))

(behaviour "a program's verifier is asked each time"
  (let ((asked 0))
    (define (verifier depth ok certificate)
      (set! asked (+ asked (if (zero? depth) 1 0)))
      ok)
    (call-with-server (serve 2)
      (lambda (port)
        (resumed? port (list #:certificate-verifier verifier))
        (resumed? port (list #:certificate-verifier verifier))
        (check-equal 2 asked)))))

(behaviour "a session is saved as bytes, and resumed by another program's client"
  (call-with-server (serve 3)
    (lambda (port)
      (let ((saved #f) (options (list #:version *tls-version-1.3* #:handshake-timeout 20000)))
        (check-equal #f (resumed? port options
                                  (lambda (socket)
                                    (let ((session (tls-socket-session socket)))
                                      (check (tls-session? session))
                                      (set! saved (tls-session->bytevector session))))))
        ;; Another timer: the same config for all that counts.
        (let ((options (list #:version *tls-version-1.3* #:handshake-timeout 21000)))
          (check-equal #t (resumed? port (append options
                                                 (list #:session (bytevector->tls-session saved)))))
          (check-equal #f (tls-session? saved)))
        (check (tls-error? (raised (bytevector->tls-session (bytes 10)))))
        (tls-socket-close (connect-client port))))))

;; Two listeners that are alike.
(behaviour "a session that is given is used on another port, or says why not"
  (call-with-server (serve 1)
    (lambda (control)
      (let* ((options (list #:version *tls-version-1.3*))
             (session #f))
        (resumed? control options (lambda (socket) (set! session (tls-socket-session socket))))
        (call-with-server (serve 2)
          (lambda (data)
            (define (refused options)
              (let ((reason #f))
                (list (resumed? data (append options (list #:session session))
                                (lambda (socket)
                                  (set! reason (tls-socket-session-refused socket))))
                      reason)))
            (check-equal '(#f "it is for another server name")
                         (refused (append options
                                          (list #:hello-extensions
                                                (list (make-server-name-indication '("localhost")))))))
            (check-equal '(#t #f) (refused options))))))))

(behaviour "before there is a session, there is none"
  (call-with-pair
    (lambda (client server)
      (check-equal #f (tls-socket-session server)))))

(behaviour "clients with certificates resume, too, and the server knows them still"
  (let ((seen '()))
    (call-with-server
      (lambda (listener)
        (do ((i 0 (+ i 1))) ((= i 2))
          (let ((connection (tls-socket-accept listener)))
            (set! seen (cons (x509-certificate-fingerprint (tls-socket-peer-certificate connection))
                             seen))
            (tls-socket-send connection (bytes 1))
            (tls-socket-recv connection 1)
            (tls-socket-close connection))))
      (lambda (port)
        (let ((options (list #:certificates (certificates "client") #:private-key (key "client"))))
          (resumed? port options)
          (resumed? port options)))
      #:options (list #:authorities (certificates "ca") #:client-certificate-required? #t))
    (check-equal (make-list 2 (x509-certificate-fingerprint (car (certificates "client")))) seen)))

(end-tests)
