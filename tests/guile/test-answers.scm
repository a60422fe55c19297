;;; What a program's verifier may answer: tests/parity/answers.tsv, at every entrance and in both roles.

(add-to-load-path (dirname (car (command-line))))
(use-modules (helper) (rfc tls) (ice-9 textual-ports) (rnrs conditions) ((rnrs exceptions) #:select (guard))
             (srfi srfi-1))

(begin-tests)

(define rows
  (map (lambda (line) (string-split line #\tab))
       (cdr (string-split (string-trim-right
                           (call-with-input-file
                               (string-append (dirname (car (command-line))) "/../parity/answers.tsv")
                             get-string-all))
                          #\newline))))

(define (row-verifier row)
  (let ((answer (compile-answer (list-ref row 3))))
    (lambda arguments (answer))))

(define (compile-answer text)
  (eval `(lambda () ,(call-with-input-string text read)) (current-module)))

(define (yes . arguments) #t)

(define (identity-of name)
  (list #:certificates (certificates name) #:private-key (key name) #:authorities (certificates "ca")))

;; What an end made of it: yes or no. In TLS 1.3 a client hears of a refusal when it reads.
(define (end-of socket server?)
  (let ((said (guard (condition (#t 'no))
                (tls-socket-set-read-timeout! socket 20000)
                ((if server? tls-server-handshake tls-client-handshake) socket)
                (if server?
                    (tls-socket-send socket (bytes 1))
                    (tls-socket-recv socket 1))
                'yes)))
    (guard (condition (#t #f)) (tls-socket-close socket))
    said))

(define (answers client server)
  (let* ((thread (in-thread (lambda () (end-of server #t))))
         (said (end-of client #f)))
    (list said (outcome thread))))

;; Over a listener and a connection, and over two ends of a pair of descriptors.
(define (connected of-client of-server)
  (let* ((listener (make-server-tls-socket "0" (certificates "server") #:private-key (key "server")
                                           #:authorities (certificates "ca")
                                           #:client-certificate-required? #t
                                           #:certificate-verifier of-server))
         (client (apply connect-client (port-of listener) #:handshake #f
                        #:certificate-verifier of-client (identity-of "client")))
         (server (tls-socket-accept listener #:handshake #f)))
    (tls-socket-close listener)
    (answers client server)))

(define (wrapped of-client of-server)
  (let* ((ends (socketpair PF_UNIX SOCK_STREAM 0))
         (end (lambda (port . options)
                (let ((descriptor (dup->fdes port)))
                  (close-port port)
                  (apply socket->tls-socket descriptor #:handshake #f options)))))
    (answers (apply end (car ends) #:certificate-verifier of-client
                    #:hello-extensions (list (make-server-name-indication '("server.test")))
                    (identity-of "client"))
             (apply end (cdr ends) #:client-socket #f #:certificate-verifier of-server
                    (identity-of "server")))))

(for-each
 (lambda (row)
   (unless (string=? "-" (list-ref row 3))
     (let ((expected (if (string=? "yes" (list-ref row 5)) 'yes 'no)))
       (behaviour (string-append (first row) " is a " (symbol->string expected))
         (begin
           (for-each
            (lambda (shake)
              (check-equal expected (first (shake (row-verifier row) yes)))
              (check-equal expected (second (shake yes (row-verifier row)))))
            (list connected wrapped)))))))
 rows)

(behaviour "what is neither a boolean nor a procedure is no verifier"
  (for-each
   (lambda (bad)
     (check (condition? (raised (connect-client "1" #:certificate-verifier bad))))
     (check (condition? (raised (make-server-tls-socket "0" (certificates "server")
                                                        #:private-key (key "server")
                                                        #:certificate-verifier bad))))
     (check (condition? (raised (parameterize ((tls-default-certificate-verifier bad)) bad)))))
   '(1 0 "no" () yes)))

(behaviour "a switch is a boolean"
  (for-each
   (lambda (switch)
     (for-each (lambda (bad) (check (condition? (raised (parameterize ((switch bad)) bad)))))
               '(1 0 "no" () yes)))
   (list tls-insecure-skip-name-check tls-allow-truncation tls-session-cache tls-system-trust)))

(end-tests)
