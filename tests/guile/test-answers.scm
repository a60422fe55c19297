;;; What a program's verifier may answer, and what makes a socket lax: the lists of tests/parity, at every
;;; entrance and in both roles.

(add-to-load-path (dirname (car (command-line))))
(use-modules (helper) (rfc tls) (ice-9 textual-ports) (rnrs conditions) ((rnrs exceptions) #:select (guard))
             (srfi srfi-1))

(begin-tests)

;; The rows of a table without its head, as lists of cells.
(define (rows-of path)
  (map (lambda (line) (string-split line #\tab))
       (cdr (string-split (string-trim-right (call-with-input-file path get-string-all) #\newline)
                          #\newline))))

(define (parity name)
  (rows-of (string-append (dirname (car (command-line))) "/../parity/" name)))

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
 (parity "answers.tsv"))

;; ---- laxness ----

;; Of role, name and reason: good ones, and one for each reason, the first.
(define others
  (append '(("server" "server" "-") ("client" "client" "-") ("client" #f "MISSING")
            ("client" "server" "PURPOSE"))
          (delete-duplicates
           (filter-map (lambda (row)
                         (and (string=? "bad" (third row)) (not (string=? "data" (second row)))
                              (list (second row) (first row) (fourth row))))
                       (rows-of (pki "manifest.tsv")))
           (lambda (one other) (and (string=? (first one) (first other))
                                    (string=? (third one) (third other)))))))

;; An option of a table's cell is a keyword or a parameter, and a value. Calls make with keywords.
(define (call-with-option text make)
  (let* ((read-all (call-with-input-string text
                     (lambda (port) (let ((name (read port))) (cons name (read port))))))
         (name (car read-all)))
    (cond ((eof-object? name) (make '()))
          ((keyword? name) (make (list name (eval (cdr read-all) (current-module)))))
          (else (eval `(parameterize ((,name ,(cdr read-all))) (,make '())) (current-module))))))

;; Whether the end in a role, with these options, accepts the other's certificate; 'weak: that cannot be shown.
(define (judged server? cell name)
  (call-with-option cell
    (lambda (options)
      (guard (condition ((eq? 'E_IDENTITY (irritant condition 'status)) 'weak))
        (let* ((listener
                (apply make-server-tls-socket "0" (certificates (if server? "server" name))
                       #:private-key (key (if server? "server" name)) #:authorities (certificates "ca")
                       #:client-certificate-required? #t (if server? options '())))
               (client (apply connect-client (port-of listener) #:handshake #f
                              (append (if (or name (not server?))
                                          (identity-of (if server? name "client"))
                                          '())
                                      (if server? '() options))))
               (server (tls-socket-accept listener #:handshake #f)))
          (tls-socket-close listener)
          (let ((said (answers client server)))
            (eq? 'yes (if server? (second said) (first said)))))))))

(for-each
 (lambda (row)
   (let ((cell (fourth row)) (accepts (list-ref row 5)))
     (unless (string=? "-" cell)
       (behaviour (string-append "a socket is lax by name only: " (first row))
         (for-each
          (lambda (other)
            (let* ((reason (third other))
                   (result (judged (string=? "client" (first other)) cell (second other)))
                   (right (or (member reason (list "-" accepts))
                              (and (string=? "all" accepts) (not (string=? "MISSING" reason))))))
              (unless (eq? 'weak result)
                (check-equal (cons other (->bool right)) (cons other result)))))
          others)))))
 (parity "laxness.tsv"))

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
