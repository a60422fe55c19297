;;; Makes conditions of what the native module reports; at the end, lets its failures raise them.

;; A condition with a message for people and irritants for programs.
(define (describe kind who message irritants)
  (make-exception kind
                  (make-exception-with-origin who)
                  (make-exception-with-message message)
                  (make-exception-with-irritants irritants)))

(define (socket-condition make who socket message . irritants)
  (describe (make socket) who message irritants))

;; A wrong argument: an &assertion.
(define (check right? who message . culprits)
  (unless right?
    (raise-exception (describe (make-assertion-failure) who message culprits))))

;; A thing of the wrong type, as Guile's own procedures report it: an &assertion, too.
(define (wrong-type who kind thing)
  (scm-error 'wrong-type-arg (symbol->string who) "Not a ~A: ~S" (list kind thing) (list thing)))

;; (define-check name right? kind): a procedure of who and a thing, which has to be right.
(define-syntax-rule (define-check name right? kind)
  (define (name who thing)
    (unless (right? thing)
      (wrong-type who kind thing))))

(define-check check-string string? "string")
(define-check check-bytes bytevector? "bytevector")
(define-check check-plain rfctls-raw-p "plain socket")
(define-check check-tls rfctls-socket-p "TLS socket")

;; To the program "rfctls_socket_recv" is tls-socket-recv, "rfctls_raw_recv" and "rfctls-any-recv" are socket-recv.
(define (origin->who origin)
  (let ((name (string-map (lambda (char) (if (char=? char #\_) #\- char)) (or origin "rfctls"))))
    (string->symbol (cond ((string-prefix? "rfctls-socket-" name)
                           (string-append "tls-" (substring name 7)))
                          ((or (string-prefix? "rfctls-raw-" name) (string-prefix? "rfctls-any-" name))
                           (string-append "socket-" (substring name 11)))
                          (else name)))))

(define (status->condition status message alert depth argument)
  (let ((socket (and (or (rfctls-socket-p argument) (rfctls-raw-p argument)) argument)))
    (case status
      ((E_ARGUMENT) (make-assertion-failure))
      ((E_RESOLVE) (make-host-not-found-error argument #f))
      ((E_CONNECT) (make-socket-connection-error socket))
      ((E_SYSTEM) (make-socket-error socket))
      ((E_TIMEOUT) (make-socket-read-timeout-error socket))
      ((E_CLOSED) (make-socket-closed-error socket))
      ((E_TRUNCATED) (make-socket-truncated-error socket))
      ((E_RESET) (make-socket-reset-error socket))
      (else (make-tls-error socket status message alert depth)))))

;; Only what is known: ((status . E_VERIFY) (reason . EXPIRED) (depth . 0)).
(define (irritants status system-code engine-code alert depth reason count)
  (define (known key value unknown)
    (if (eqv? value unknown) '() (list (cons key value))))
  (append (list (cons 'status status))
          (known 'reason reason 'NONE)
          (known 'depth depth -1)
          (known 'alert alert -1)
          (known 'system-code system-code 0)
          (known 'engine-code engine-code 0)
          (known 'count count #t)))

;; "what happened (what to do about it)", as far as that is known.
(define (with-hint status reason origin message)
  (define told (string-append (or origin "") ": " message))
  (define (fits? hint)
    (and (eq? status (car hint))
         (memq (cadr hint) (list reason 'NONE))
         (string-contains told (caddr hint))))
  (let ((hint (find fits? failure-hints)))
    (if hint
        (string-append message " (" (cadddr hint) ")")
        message)))

(define (handle-failure status text origin system-code engine-code alert depth reason count argument)
  (define message (with-hint status reason origin text))
  (raise-exception
   (describe (status->condition status message
                                (and (>= alert 0) alert) (and (>= depth 0) depth) argument)
             (origin->who origin)
             message
             (irritants status system-code engine-code alert depth reason count))))

;; Values of thunk. If it raises what matches, those of (rescue failure) instead.
(define (call-with-rescue matches? rescue thunk)
  (with-exception-handler
      (lambda (failure)
        (if (matches? failure)
            (rescue failure)
            (raise-exception failure)))
    thunk
    #:unwind? #t))

(define (anything? failure) #t)

(define (quietly thunk)
  (call-with-rescue anything? (lambda (failure) #f) thunk))

;; Calls thunk; a failure of a socket is raised with each of its parts replaced by (better part).
(define (call-improving better thunk)
  (with-exception-handler
      (lambda (failure)
        (raise-exception (if (or (socket-error? failure) (host-not-found-error? failure))
                             (apply make-exception (map better (simple-exceptions failure)))
                             failure)))
    thunk))

;; A host that is not found is reported with the service, too, and a peer that does not answer the
;; connection attempt is no read timeout.
(define (call-naming-failures node service thunk)
  (call-improving
   (lambda (part)
     (cond ((host-not-found-error? part) (make-host-not-found-error node service))
           ((socket-read-timeout-error? part)
            (make-socket-connection-error (socket-error-socket part)))
           (else part)))
   thunk))

;; Adds what earlier calls had done, (count), to the count that a failure tells.
(define (call-counting count thunk)
  (define (add irritants)
    (acons 'count (+ (count) (or (assq-ref irritants 'count) 0))
           (assq-remove! (list-copy irritants) 'count)))
  (call-improving
   (lambda (part)
     (if (exception-with-irritants? part)
         (make-exception-with-irritants (add (exception-irritants part)))
         part))
   thunk))

;; Tells what a keyword of other libraries is called here; Guile itself tells of all other unknown ones.
(define (check-habits who arguments)
  (for-each (lambda (argument)
              (let ((hint (and (keyword? argument) (assq-ref keyword-hints argument))))
                (check (not hint) who (and hint (string-append "no such keyword: " hint)) argument)))
            arguments))

;; A procedure with keywords, as define* makes it, which does so.
(define-syntax-rule (define-maker (name . formals) body ...)
  (define (name . arguments)
    (check-habits 'name arguments)
    (apply (lambda* formals body ...) arguments)))

(rfctls-set-failure-handler handle-failure)
