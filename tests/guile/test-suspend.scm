;;; Do verbs and ports let other tasks of the same thread run while they wait? Under the scheduler of the
;;; examples, and under Guile Fibers where they are installed.

(add-to-load-path (dirname (current-filename)))
(add-to-load-path (string-append (dirname (current-filename)) "/../../examples/guile"))
(use-modules (helper) (tasks) (rfc tls) (sagittarius socket) (ice-9 binary-ports) (ice-9 rdelim)
             (ice-9 suspendable-ports) (ice-9 textual-ports) (rnrs bytevectors) (rnrs conditions)
             (srfi srfi-1) ((rnrs exceptions) #:select (guard)))

(begin-tests)

;; Of (name . run-all): runs thunks as tasks of this thread until each has ended.
(define schedulers
  (let ((fibers (resolve-module '(fibers) #:ensure #f))
        (channels (resolve-module '(fibers channels) #:ensure #f)))
    (define (run-fibers thunks)
      (let ((done ((module-ref channels 'make-channel))))
        ((module-ref fibers 'run-fibers)
         (lambda ()
           (for-each (lambda (thunk)
                       ((module-ref fibers 'spawn-fiber)
                        (lambda ()
                          (thunk)
                          ((module-ref channels 'put-message) done #t))))
                     thunks)
           (for-each (lambda (thunk) ((module-ref channels 'get-message) done)) thunks))
         #:parallelism 1 #:hz 0)))
    (cons (cons "own" (lambda (thunks)
                        (run-tasks (lambda () (for-each spawn-task thunks)))))
          (if fibers
              (list (cons "fibers" run-fibers))
              '()))))

;; One behaviour for each scheduler; in its body (in-tasks thunk ...) answers what the thunks did as tasks
;; of this thread, or raises what one raised.
(define-syntax-rule (suspending name in-tasks body ...)
  (for-each
   (lambda (scheduler)
     (behaviour (string-append name " [" (car scheduler) "]")
       (let ((in-tasks (lambda thunks (run-all (cdr scheduler) thunks))))
         body ...)))
   schedulers))

(define (run-all run thunks)
  (let ((results (make-vector (length thunks) 'unfinished)))
    (run (map (lambda (index thunk)
                (lambda ()
                  (vector-set! results index
                               (guard (condition (#t (list 'raised condition)))
                                 (thunk)))))
              (iota (length thunks)) thunks))
    (uninstall-suspendable-ports!)
    (map (lambda (result)
           (if (and (pair? result) (eq? 'raised (car result)))
               (raise-exception (cadr result))
               result))
         (vector->list results))))

(define (make-listener . options)
  (apply make-server-tls-socket "0" (certificates "server") #:private-key (key "server") options))

;; Runs tasks over a connection: (talk client) and (serve server), both after their handshakes.
(define* (over-connection in-tasks talk serve #:optional (meanwhile list))
  (let ((listener (make-listener)))
    (apply values
           (in-tasks (lambda () (serve (tls-socket-accept listener)))
                     (lambda () (talk (connect-client (port-of listener))))
                     meanwhile))))

(suspending "both ends of many connections live in one thread" in-tasks
  (let* ((listener (make-listener)) (port (port-of listener)) (count 150) (lines 3))
    (define (serve)
      (let ((io (tls-socket-port (tls-server-handshake (tls-socket-accept listener #:handshake #f)))))
        (let loop ()
          (let ((line (read-line io)))
            (unless (eof-object? line)
              (put-string io (string-append line "!\n"))
              (loop))))
        (close-port io)))
    (define (talk)
      (let* ((socket (connect-client port)) (io (tls-socket-port socket #f)))
        (let ((answers (map (lambda (i)
                              (put-string io (string-append "line " (number->string i) "\n"))
                              (read-line io))
                            (iota lines))))
          (tls-socket-close socket)
          answers)))
    (let ((results (apply in-tasks (append (make-list count serve) (make-list count talk)))))
      (check-equal (make-list count '("line 0!" "line 1!" "line 2!")) (drop results count)))
    (tls-socket-close listener)))

;; A reader waits for what the other end sends only after it was asked to, by bytes that a third task
;; lets pass: had the reader kept the thread, that task could not run.
(define (reads-while-others-run in-tasks read sent)
  (let ((ran '()))
    (define (note! what) (set! ran (cons what ran)))
    (let ((gate (make-server-socket "0")) (read-value #f))
      (over-connection in-tasks
        (lambda (client)
          (note! 'reading)
          (set! read-value (read client))
          (note! 'read)
          (tls-socket-close client))
        (lambda (server)
          (let ((other (make-client-socket "127.0.0.1" (port-of gate))))
            (socket-recv other 1)
            (note! 'sending)
            (tls-socket-send server sent)
            (tls-socket-recv server 1)
            (tls-socket-close server)
            (socket-close other)))
        (lambda ()
          (let ((other (socket-accept gate)))
            (note! 'other)
            (socket-send other (bytes 1))
            (socket-close other)
            (socket-close gate))))
      (check-equal '(other sending read) (delete 'reading (reverse ran)))
      read-value)))

(for-each
 (lambda (name read sent expected)
   (suspending (string-append name " suspends") in-tasks
     (check-equal expected (reads-while-others-run in-tasks read sent))))
 '("get-u8" "lookahead-u8" "read-char" "peek-char" "get-line" "read-line" "get-bytevector-n"
   "get-bytevector-n!" "get-bytevector-some" "read-delimited" "tls-socket-recv" "tls-socket-recv!"
   "socket-recv with MSG_WAITALL")
 (append
  (map (lambda (read) (lambda (socket) (read (tls-socket-input-port socket))))
       (list (lambda (in) (get-u8 in))
             (lambda (in) (lookahead-u8 in))
             (lambda (in) (read-char in))
             (lambda (in) (peek-char in))
             (lambda (in) (get-line in))
             (lambda (in) (read-line in))
             (lambda (in) (get-bytevector-n in 3))
             (lambda (in) (let ((bv (make-bytevector 2))) (get-bytevector-n! in bv 0 2) bv))
             (lambda (in) (get-bytevector-some in))
             (lambda (in) (read-delimited "c" in))))
  (list (lambda (socket) (tls-socket-recv socket 2))
        (lambda (socket) (let ((bv (make-bytevector 2))) (tls-socket-recv! socket bv 0 2) bv))
        (lambda (socket) (socket-recv socket 3 MSG_WAITALL))))
 (make-list 13 (string->utf8 "abc\n"))
 (list 97 97 #\a #\a "abc" "abc" (string->utf8 "abc") (string->utf8 "ab") (string->utf8 "abc\n") "ab"
       (string->utf8 "ab") (string->utf8 "ab") (string->utf8 "abc")))

;; What is written is more than the system takes, so that the writer waits for the reader.
(for-each
 (lambda (name write)
   (suspending (string-append name " suspends") in-tasks
     (over-connection in-tasks
       (lambda (client)
         (write client)
         (tls-socket-close client))
       (lambda (server)
         (let ((all (tls-socket-recv server 9000000 MSG_WAITALL)))
           (check (equal? (make-bytevector 9000000 97) all))
           (tls-socket-close server))))))
 '("put-bytevector" "put-string" "tls-socket-send")
 (list (lambda (socket)
         (put-bytevector (tls-socket-output-port socket) (make-bytevector 9000000 97)))
       (lambda (socket)
         (put-string (tls-socket-output-port socket) (make-string 9000000 #\a)))
       (lambda (socket)
         (check-equal 9000000 (tls-socket-send socket (make-bytevector 9000000 97))))))

;; On a port of Guile's own they would stop the whole thread.
(suspending "what keeps its frame in C raises where it would have to wait, and the other tasks go on" in-tasks
  (for-each
   (lambda (use)
     (let ((ran '()))
       (define (note! what) (set! ran (cons what ran)))
       (over-connection in-tasks
         (lambda (client)
           (let ((told (format #f "~s" (raised (use (tls-socket-port client #f))))))
             (check (or (string-contains told "a task cannot wait within")
                        (string-contains told "continuation barrier")))) ; of fibers
           (note! 'raised)
           (tls-socket-abort client))
         (lambda (server)
           (check (socket-error? (raised (let loop ()
                                           (tls-socket-recv server 65536)
                                           (loop)))))
           (note! 'other)))
       (check-equal '(raised other) (reverse ran))))
   (list (lambda (port) (get-string-n port 3))
         (lambda (port) (display (make-string 9000000 #\a) port))
         (lambda (port) (let loop () (write-char #\a port) (loop))))))

(suspending "a read timeout raises in time, in a verb and in a port" in-tasks
  (over-connection in-tasks
    (lambda (client)
      (tls-socket-set-read-timeout! client 200)
      (check (on-time? (milliseconds (check (socket-read-timeout-error?
                                             (raised (tls-socket-recv client 1)))))
                       200))
      (check (on-time? (milliseconds (check (socket-read-timeout-error?
                                             (raised (get-u8 (tls-socket-input-port client))))))
                       200))
      (tls-socket-send client (bytes 1))
      (tls-socket-close client))
    (lambda (server)
      (tls-socket-recv server 1)
      (tls-socket-close server))))

(suspending "a silent client ends alone, when its handshake's time is over" in-tasks
  (let* ((listener (make-listener #:handshake-timeout 400)) (port (port-of listener)) (order '()))
    (define (note! what) (set! order (cons what order)))
    (in-tasks
     (lambda ()
       (let ((silent (make-client-socket "127.0.0.1" port)))
         (check (not (tls-server-handshake (tls-socket-accept listener #:handshake #f)
                                           #:raise-error #f)))
         (note! 'silent)
         (socket-close silent)))
     (lambda ()
       (tls-socket-close (tls-socket-accept listener)))
     (lambda ()
       (tls-socket-close (connect-client port))
       (note! 'served)))
    (check-equal '(served silent) (reverse order))
    (tls-socket-close listener)))

(suspending "closing a connection whose peer takes nothing lets the others go on" in-tasks
  (let* ((listener (make-listener)) (port (port-of listener)) (order '()))
    (define (note! what) (set! order (cons what order)))
    (in-tasks
     (lambda ()
       (let ((server (tls-socket-accept listener)))
         (tls-socket-nonblocking! server)
         (let loop () ; until nothing goes any more
           (unless (negative? (tls-socket-send server (make-bytevector 100000)))
             (loop)))
         (raised (tls-socket-close server))
         (note! 'closed)))
     (lambda ()
       (let ((takes-nothing (connect-client port)))
         (tls-socket-close (tls-socket-accept listener))
         (check (not (tls-socket-closed? takes-nothing)))))
     (lambda ()
       (tls-socket-close (connect-client port))
       (note! 'served)))
    (check-equal '(served closed) (reverse order))
    (tls-socket-close listener)))

(suspending "closing wakes the task that reads" in-tasks
  (let* ((listener (make-listener)) (port (port-of listener)) (client #f))
    (in-tasks
     (lambda ()
       (set! client (connect-client port))
       (check (socket-closed-error? (raised (get-u8 (tls-socket-input-port client))))))
     (lambda ()
       (let ((server (tls-socket-accept listener)))
         (tls-socket-send server (bytes 0))
         (tls-socket-close client)
         (tls-socket-close server))))
    (tls-socket-close listener)))

(suspending "shutting a listener down wakes the task that accepts" in-tasks
  (for-each
   (lambda (listener)
     (in-tasks
      (lambda () (check (socket-closed-error? (raised (socket-accept listener)))))
      (lambda () (socket-shutdown listener SHUT_RDWR)))
     (socket-close listener))
   (list (make-listener) (make-server-socket "0"))))

(suspending "the polite end and a cut reach a task as they reach a thread" in-tasks
  (over-connection in-tasks
    (lambda (client)
      (check (eof-object? (get-u8 (tls-socket-input-port client))))
      (tls-socket-close client))
    (lambda (server)
      (tls-socket-shutdown server SHUT_WR)
      (check-equal 0 (bytevector-length (tls-socket-recv server 1)))
      (tls-socket-close server)))
  (call-with-peer '("say" "5" "cut")
    (lambda (port)
      (in-tasks
       (lambda ()
         (let* ((client (connect-client port)) (in (tls-socket-input-port client)))
           (check-equal 5 (bytevector-length (get-bytevector-n in 5)))
           (check (socket-truncated-error? (raised (get-u8 in))))
           (tls-socket-close client)))))))

;; (read in) finds what the other end sends before it cuts the connection; after that read-line raises.
(define (before-a-cut in-tasks encoding read)
  (over-connection in-tasks
    (lambda (client)
      (let ((in (tls-socket-input-port client)))
        (set-port-encoding! in encoding)
        (read in)
        (check (socket-truncated-error? (raised (read-line in))))
        (tls-socket-close client)))
    (lambda (server)
      (tls-socket-send server (string->utf8 "one:\ntwo:"))
      (tls-socket-abort server))))

(suspending "of a line that a cut leaves unfinished a task gets what came, if the encoding lets it" in-tasks
  (before-a-cut in-tasks "UTF-8"
    (lambda (in)
      (check-equal "one:" (read-line in))
      (check-equal "two:" (read-line in))))
  (before-a-cut in-tasks "ISO-8859-1"
    (lambda (in) (check-equal "one:" (read-line in)))))

(suspending "to a task's other readers a cut is no end" in-tasks
  (for-each
   (lambda (encoding)
     (for-each
      (lambda (read)
        (before-a-cut in-tasks encoding
          (lambda (in)
            (check (socket-truncated-error? (raised (let loop ()
                                                      (when (eof-object? (read in))
                                                        (error "an end"))
                                                      (loop))))))))
      (list get-string-all
            (lambda (in) (read-char in))
            (lambda (in) (get-u8 in))
            (lambda (in) (get-bytevector-n in 3))
            (lambda (in) (read-delimited ":" in)))))
   '("ISO-8859-1" "UTF-8")))

(behaviour "1,000 idle connections in one thread of a server, and one more is served within a second"
  (call-with-values (lambda () (getrlimit 'nofile))
    (lambda (soft hard)
      (setrlimit 'nofile (if hard (min hard 4096) 4096) hard))) ; the server inherits it
  (call-with-example "echo-server-tasks.scm" (list "0" (pki "server.pem") (pki "server.key"))
    (lambda (port)
      (let ((idle (map (lambda (i) (connect-client port)) (iota 1000))))
        (check (< (milliseconds
                   (let ((one-more (connect-client port)))
                     (tls-socket-send one-more (string->utf8 "hello"))
                     (check-equal "hello" (text (tls-socket-recv one-more 5 MSG_WAITALL)))
                     (tls-socket-close one-more)))
                  1000))
        ;; The idle ones were not forgotten.
        (for-each (lambda (socket)
                    (tls-socket-send socket (string->utf8 "still"))
                    (check-equal "still" (text (tls-socket-recv socket 5 MSG_WAITALL))))
                  (list (first idle) (list-ref idle 500) (last idle)))))))

(when (names-preloaded?)
  (suspending "a silent address and a silent resolver hold no task up" in-tasks
    (call-with-peer '("late" "0.1")
      (lambda (port)
        (define order '())
        (define (note! what) (set! order (cons what order)))
        (in-tasks
         (lambda ()
           (let* ((condition #f)
                  (took (milliseconds
                         (set! condition (raised (make-client-socket "silent.test" "1"
                                                                     #:connect-timeout 600))))))
             (note! 'resolver)
             (check (socket-connection-error? condition))
             (check (on-time? took 600))))
         (lambda ()
           (let ((client (make-client-tls-socket "silent-first.test" port
                                                 #:authorities (certificates "ca")
                                                 #:hello-extensions
                                                 (list (make-server-name-indication '("server.test"))))))
             (note! 'address)
             (check-equal "late" (read-line (tls-socket-input-port client)))
             (tls-socket-close client)))
         (lambda ()
           (let ((listener (make-server-socket "0" AF_INET)))
             (socket-close (make-client-socket "127.0.0.1" (port-of listener)))
             (note! 'at-once)
             (socket-close listener))))
        (check-equal '(resolver address at-once) order)))))

(end-tests)
