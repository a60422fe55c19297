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

(behaviour "failures are kinds of &i/o, whoever loads (rnrs files) first"
  (for-each
   (lambda (program)
     (check-equal "#t"
                  (guile "-c" (string-append "(use-modules (rfc tls) (rnrs exceptions))"
                                             "(define (fail) (make-client-tls-socket \"127.0.0.1\" \"1\"))"
                                             program))))
   '("(use-modules (rnrs files))
      (display (guard (condition ((i/o-error? condition) #t)) (fail)))"
     "(define condition (guard (condition (#t condition)) (fail)))
      (use-modules (rnrs files))
      (display (and (socket-error? condition) (i/o-error? condition)))"
     "(use-modules (rnrs conditions) (rnrs files))
      (define-condition-type &mine &socket make-mine mine? (more mine-more))
      (define mine (make-mine 'socket 'more))
      (display (and (i/o-error? mine) (socket-error? mine) (not (tls-error? mine))
                    (eq? 'socket (socket-error-socket mine)) (eq? 'more (mine-more mine))))")))

(behaviour "without a descriptor left the first failure is told, and (rnrs files) can be loaded later"
  (check-equal "(#t #t)"
               (guile "-c" "(use-modules (rfc tls) (rnrs exceptions))
                            (setrlimit 'nofile 40 40)
                            (define taken
                              (let loop ((taken '()))
                                (let ((one (false-if-exception (open-fdes \"/dev/null\" O_RDONLY))))
                                  (if one (loop (cons one taken)) taken))))
                            (define condition
                              (guard (condition (#t condition))
                                (make-client-tls-socket \"127.0.0.1\" \"1\")))
                            (for-each close-fdes taken)
                            (use-modules (rnrs files))
                            (display (list (socket-error? condition)
                                           (i/o-error? (make-i/o-error))))")))

(behaviour "constants of flags and directions are the system's"
  (check-equal '(0 1 2) (list SHUT_RD SHUT_WR SHUT_RDWR))
  (check (= 3 (length (delete-duplicates (list MSG_PEEK MSG_DONTWAIT MSG_WAITALL))))))

(end-tests)
