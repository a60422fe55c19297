;;; Do the libraries load in every way, with the names that they promise?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (srfi srfi-1))

(begin-tests)

(define (guile . arguments)
  (call-with-values (lambda () (apply run "guile" arguments))
    (lambda (status output)
      (check-equal 0 status)
      output)))

(behaviour "plain Guile and Guile in R6RS mode load the libraries without a word"
  (for-each
   (lambda (mode)
     (check-equal "#t"
                  (apply guile
                         (append mode
                                 '("-c" "(import (rfc tls) (rfc tls socket) (rfc tls port) (rfc x509)
                                                 (sagittarius socket))
                                         (display (procedure? tls-socket-send))")))))
   '(() ("--r6rs"))))

(behaviour "a program that reads prefix keywords writes them as the original's do"
  (check-equal "#t"
               (guile "-c" "(use-modules (rfc tls) (rnrs exceptions))
                            (read-set! keywords 'prefix)
                            (display
                              (primitive-eval
                                (with-input-from-string
                                  \"(guard (condition ((socket-connection-error? condition) #t))
                                      (make-client-tls-socket \\\"127.0.0.1\\\" \\\"1\\\"
                                                              :handshake #f))\"
                                  read)))")))

(behaviour "versions are the protocol's numbers"
  (check-equal '(#x0301 #x0302 #x0303 #x0304)
               (list *tls-version-1.0* *tls-version-1.1* *tls-version-1.2* *tls-version-1.3*)))

(behaviour "every exported name is bound"
  (for-each
   (lambda (name)
     (module-for-each (lambda (symbol variable) (check (variable-bound? variable)))
                      (resolve-interface name)))
   '((rfc tls) (rfc tls socket) (rfc tls port) (rfc x509) (sagittarius socket) (rfc tls native))))

(behaviour "a process that ends with open sockets ends well"
  (check-equal ""
               (guile "-c" "(use-modules (rfc tls))
                            (define listener (make-server-tls-socket \"0\" '()))
                            (exit 0)")))

(behaviour "constants of flags and directions are the system's"
  (check-equal '(0 1 2) (list SHUT_RD SHUT_WR SHUT_RDWR))
  (check (= 3 (length (delete-duplicates (list MSG_PEEK MSG_DONTWAIT MSG_WAITALL))))))

(end-tests)
