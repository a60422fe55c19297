;;; Do the example programs run, and fail when they should?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (ice-9 rdelim) (rnrs bytevectors))

(begin-tests)

(define examples
  (string-append (dirname (car (command-line))) "/../../examples/guile/"))

;; Exit status and output; what an example says on stderr is of no interest here.
(define (example name . arguments)
  (with-error-to-file "/dev/null"
    (lambda () (apply run "guile" (string-append examples name) arguments))))

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

(end-tests)
