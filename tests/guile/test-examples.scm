;;; Do the example programs run, and fail when they should?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (sagittarius socket) (ice-9 match) (ice-9 rdelim)
             (ice-9 textual-ports) (rnrs bytevectors) (srfi srfi-1))

(begin-tests)

;; Exit status and output; what an example says on stderr is of no interest here.
(define (example name . arguments)
  (with-error-to-file "/dev/null"
    (lambda () (apply run "guile" (example-path name) arguments))))

(define (echo-client ca)
  (call-with-values
      (lambda ()
        (call-with-server (lambda (listener)
                            (let ((connection (tls-socket-accept listener #:raise-error #f)))
                              (when connection
                                (call-with-tls-socket connection echo-all))))
          (lambda (port)
            (example "echo-client.scm" "127.0.0.1" port (pki ca) "server.test" "10000"))))
    list))

(behaviour "echo-client.scm prints one line of tab-separated facts"
  (let* ((status+output (echo-client "ca.pem"))
         (fields (string-split (string-trim-right (cadr status+output)) #\tab)))
    (check-equal 0 (car status+output))
    (check-equal 6 (length fields))
    (check-equal (string-append "Guile " (version)) (car fields))
    (check-equal "TLSv1.3" (cadr fields))
    (check-equal '("server.test" "10000") (list (list-ref fields 3) (list-ref fields 4)))
    (check (string->number (list-ref fields 5)))))

(behaviour "echo-client.scm fails without a word when the server is not trusted"
  (let ((status+output (echo-client "other-ca.pem")))
    (check (not (eqv? 0 (car status+output))))
    (check-equal "" (cadr status+output))))

;; Answers one request as a web server that closes politely does.
(define (serve-page listener)
  (call-with-tls-socket (tls-socket-accept listener)
    (lambda (connection)
      (let ((io (tls-socket-port connection #f)))
        (let loop ()
          (unless (member (read-line io) '("\r" ""))
            (loop)))
        (display "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\na page\n" io)))))

(behaviour "first.scm prints the first line of the answer"
  (call-with-values
      (lambda ()
        (call-with-server serve-page
          (lambda (port) (example "first.scm" "localhost" port (pki "ca.pem")))))
    (lambda (status output)
      (check-equal 0 status)
      (check-equal "HTTP/1.0 200 OK" (string-trim-right output)))))

(behaviour "https-get.scm prints the body"
  (call-with-values
      (lambda ()
        (call-with-server serve-page
          (lambda (port) (example "https-get.scm" "localhost" port "/" (pki "ca.pem")))))
    (lambda (status output)
      (check-equal 0 status)
      (check-equal "a page\n" output))))

;; ---- servers ----

(define server-files (list (pki "server.pem") (pki "server.key")))

(define (example-lines name . arguments)
  (call-with-values (lambda () (apply example name arguments))
    (lambda (status output) (cons status (string-split (string-trim-right output) #\newline)))))

(for-each
 (lambda (name)
   (behaviour (string-append name " echoes, to several at once, and outlives those who break off")
     (call-with-example name (cons "0" server-files)
       (lambda (port)
         (let* ((silent (make-client-socket "127.0.0.1" port))
                (clients (map (lambda (i) (connect-client port)) (iota 10))))
           (socket-close (make-client-socket "127.0.0.1" port))
           (for-each (lambda (client i) (tls-socket-send client (bytes (+ i 1)))) clients (iota 10))
           (for-each (lambda (client i)
                       (check (equal? (bytes (+ i 1)) (tls-socket-recv client (+ i 1) MSG_WAITALL))))
                     clients (iota 10))
           (for-each tls-socket-close clients)
           (socket-close silent)
           (check-equal 0 (car (example-lines "echo-client.scm" "127.0.0.1" port (pki "ca.pem")
                                              "server.test" "100000"))))))))
 '("echo-server.scm" "echo-server-tasks.scm"))

(behaviour "https-server.scm answers our web client, curl, and others after one that says nonsense"
  (call-with-example "https-server.scm" (cons "0" server-files)
    (lambda (port)
      (let ((nonsense (make-client-socket "127.0.0.1" port)))
        (socket-send nonsense (string->utf8 "nonsense\n"))
        (socket-close nonsense))
      (check-equal '(0 "You asked for /a/page")
                   (example-lines "https-get.scm" "localhost" port "/a/page" (pki "ca.pem")))
      (call-with-values
          (lambda () (run "curl" "-s" "--cacert" (pki "ca.pem")
                          (string-append "https://localhost:" port "/b")))
        (lambda (status output)
          (check-equal '(0 "You asked for /b\n") (list status output)))))))

(behaviour "pinned.scm talks to the server with the fingerprint, and to no other"
  (let* ((fingerprint (x509-certificate-fingerprint (car (certificates "self-signed"))))
         (pin (lambda (fingerprint)
                (call-with-server
                    (lambda (listener)
                      (let ((connection (tls-socket-accept listener #:raise-error #f)))
                        (when connection
                          (call-with-tls-socket connection echo-all))))
                  (lambda (port) (example-lines "pinned.scm" "localhost" port fingerprint))
                  #:name "self-signed"))))
    (check-equal '(0 "hello") (pin fingerprint))
    (check-equal '(0 "hello") (pin (string-upcase fingerprint)))
    (let ((other (pin (x509-certificate-fingerprint (car (certificates "server"))))))
      (check (not (eqv? 0 (car other))))
      (check-equal '("") (cdr other)))))

(behaviour "client-certificate.scm: the server knows its clients, and takes nobody else"
  (call-with-example "client-certificate.scm" (cons* "server" "0" (pki "ca.pem") server-files)
    (lambda (port)
      (define (ask name)
        (example-lines "client-certificate.scm" "client" "localhost" port (pki "ca.pem")
                       (pki (string-append name ".pem")) (pki (string-append name ".key"))))
      (match (ask "client")
        ((0 line)
         (check-equal (string-append "You are "
                                     (x509-certificate-subject-dn (car (certificates "client"))))
                      line)))
      (check (not (eqv? 0 (car (ask "self-signed")))))
      (check-equal 0 (car (ask "client"))))))

;; A mail server as far as it goes.
(define (serve-mail listener slipped-in)
  (let* ((plain (socket-accept listener)) (io (socket-port plain #f)))
    (define (hear) (string-trim-right (read-line io)))
    (put-string io "220 mail.test\r\n")
    (check-equal "EHLO client.example" (hear))
    (put-string io "250-mail.test\r\n250 STARTTLS\r\n")
    (check-equal "STARTTLS" (hear))
    (put-string io (string-append "220 go ahead\r\n" slipped-in))
    (call-with-tls-socket (socket->tls-socket plain #:client-socket #f
                                              #:certificates (certificates "server")
                                              #:private-key (key "server"))
      (lambda (connection)
        (let ((io (tls-socket-port connection #f)))
          (check-equal "EHLO client.example\r" (read-line io))
          (put-string io "250-mail.test\r\n250-SIZE 1000\r\n250 AUTH PLAIN\r\n")
          (check-equal "QUIT\r" (read-line io))
          (put-string io "221 bye\r\n"))))))

(define (start-tls slipped-in)
  (let* ((listener (make-server-socket "0"))
         (server (in-thread (lambda () (serve-mail listener slipped-in))))
         (lines (example-lines "starttls.scm" "localhost" (port-of listener) (pki "ca.pem"))))
    (values lines (outcome server))))

(behaviour "starttls.scm goes on in TLS, and asks again there"
  (call-with-values (lambda () (start-tls ""))
    (lambda (lines served)
      (check-equal '(0 "mail.test" "SIZE 1000" "AUTH PLAIN") lines))))

(behaviour "what was slipped in before TLS is not taken for an answer in it"
  (call-with-values (lambda () (start-tls "250 I am in between\r\n"))
    (lambda (lines served)
      (check (not (member "I am in between" lines))))))

(behaviour "called wrongly, an example says how to call it"
  (for-each (lambda (name)
              (check-equal 2 (car (example-lines name))))
            '("echo-client.scm" "echo-server.scm" "echo-server-tasks.scm" "https-get.scm"
              "https-server.scm" "pinned.scm" "client-certificate.scm" "starttls.scm")))

(end-tests)
