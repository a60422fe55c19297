;;; Is the module, loaded from source or compiled at the first run, what it is when it comes compiled?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (ice-9 ftw) (srfi srfi-1))

(begin-tests)

(define compiled-path (parse-path (getenv "GUILE_LOAD_COMPILED_PATH")))

;; What a program writes, in an environment of its own. One that hangs is ended.
(define (guile environment program)
  (call-with-values
      (lambda ()
        (apply run "env" (append environment (list "timeout" "100" "guile" "-c" program))))
    (lambda (status output)
      (check-equal 0 status)
      output)))

(define (call-with-folder proc)
  (let ((folder (mkdtemp "/tmp/rfctls-XXXXXX")))
    (dynamic-wind
      values
      (lambda () (proc folder))
      (lambda () (run "rm" "-r" folder)))))

(define (write-to-string thing)
  (call-with-output-string (lambda (port) (write thing port))))

;; Parent and child each make a socket, after a socket of before the fork had waited.
(define forking
  (write-to-string
   '(begin
      (use-modules (rfc tls))
      (define (listener) (make-server-tls-socket "0" '()))
      (define before (listener))
      (tls-socket-set-read-timeout! before 1)
      (false-if-exception (tls-socket-accept before))
      (let ((child (primitive-fork)))
        (if (zero? child)
            (primitive-_exit (if (tls-socket? (listener)) 7 1))
            (write (list (status:exit-val (cdr (waitpid child)))
                         (tls-socket? (listener)) (tls-socket-closed? before))))))))

(behaviour "a process that loaded the module from source forks"
  (check-equal "(7 #t #f)"
               (guile '("GUILE_LOAD_COMPILED_PATH=" "GUILE_AUTO_COMPILE=0") forking)))

;; All but the module with the extension comes compiled, since compiling it takes a while.
(behaviour "a process that compiled the module as it loaded it forks"
  (call-with-folder
    (lambda (folder)
      (let ((compiled (string-append folder "/compiled")))
        (run "cp" "-r" (find (lambda (path) (file-exists? (string-append path "/rfc/tls/native.go")))
                             compiled-path)
             compiled)
        (delete-file (string-append compiled "/rfc/tls/native.go"))
        (check-equal "(7 #t #f)"
                     (guile (list (string-append "GUILE_LOAD_COMPILED_PATH=" compiled)
                                  (string-append "XDG_CACHE_HOME=" folder "/cache")
                                  "GUILE_AUTO_COMPILE=1")
                            forking))
        (check (file-exists? (string-append folder "/cache")))))))

(behaviour "a program that compiles the module, or loads it again, keeps its sockets and makes new ones"
  (call-with-folder
    (lambda (folder)
      (check-equal "(#f #f socket-read-timeout)"
                   (guile '()
                          (write-to-string
                           `(begin
                              (use-modules (rfc tls) (system base compile) (rnrs exceptions))
                              (define (listener) (make-server-tls-socket "0" '()))
                              (define before (listener))
                              (compile-file (%search-load-path "rfc/tls/native.scm")
                                            #:output-file ,(string-append folder "/native.go"))
                              (define between (listener))
                              (reload-module (resolve-module '(rfc tls native)))
                              (define after (listener))
                              (tls-socket-set-read-timeout! after 1)
                              (write (list (tls-socket-closed? before)
                                           (tls-socket-closed? between)
                                           (guard (condition
                                                   ((socket-read-timeout-error? condition)
                                                    'socket-read-timeout))
                                             (tls-socket-accept after)))))))))))

(end-tests)
