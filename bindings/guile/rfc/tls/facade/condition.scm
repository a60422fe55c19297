;;; The conditions of sockets, plain and TLS.
;;;
;;; They are kinds of &i/o, which (rnrs files) has. Loading that would make importing (rfc tls) half as
;;; long again, so the types are made when the first of them is needed.

(export-again export-conditions
  &host-not-found make-host-not-found-error host-not-found-error?
  host-not-found-error-node host-not-found-error-service
  &socket make-socket-error socket-error? socket-error-socket
  &socket-connection make-socket-connection-error socket-connection-error?
  &socket-closed make-socket-closed-error socket-closed-error?
  &socket-read-timeout make-socket-read-timeout-error socket-read-timeout-error?
  &socket-reset make-socket-reset-error socket-reset-error?
  &socket-truncated make-socket-truncated-error socket-truncated-error?
  &tls make-tls-error tls-error?
  tls-error-status tls-error-message tls-error-alert tls-error-depth)

;; Where (rnrs files) cannot be loaded any more (at the limit of descriptors, after chroot), no program
;; has loaded it, so none can tell the difference. It is tried once, by the first failure, before that
;; is raised: within a handler Guile 3.0.8 would give the outer handler what fails in loading.
(define i/o
  (delay (or (false-if-exception (module-ref (resolve-interface '(rnrs files)) '&i/o))
             &error)))

;; As R6RS's define-condition-type, with a promise of the type.
(define-syntax-rule (define-condition-type promise (name supertype) constructor predicate
                      (field accessor) ...)
  (begin
    (define promise (delay (make-exception-type 'name supertype '(field ...))))
    (define-syntax name (identifier-syntax (force promise)))
    (define (constructor . fields)
      (apply (record-constructor (force promise)) fields))
    (define (predicate thing)
      ((exception-predicate (force promise)) thing))
    (define (accessor condition)
      ((exception-accessor (force promise) (record-accessor (force promise) 'field)) condition))
    ...))

(define-condition-type host-not-found-type (&host-not-found (force i/o))
  make-host-not-found-error host-not-found-error?
  (node host-not-found-error-node)
  (service host-not-found-error-service))

(define-condition-type socket-type (&socket (force i/o))
  make-socket-error socket-error?
  (socket socket-error-socket))

(define-condition-type socket-connection-type (&socket-connection &socket)
  make-socket-connection-error socket-connection-error?)

(define-condition-type socket-closed-type (&socket-closed &socket)
  make-socket-closed-error socket-closed-error?)

(define-condition-type socket-read-timeout-type (&socket-read-timeout &socket)
  make-socket-read-timeout-error socket-read-timeout-error?)

;; The peer reset the connection.
(define-condition-type socket-reset-type (&socket-reset &socket)
  make-socket-reset-error socket-reset-error?)

;; TCP ended without close_notify, after all data that came.
(define-condition-type socket-truncated-type (&socket-truncated &socket)
  make-socket-truncated-error socket-truncated-error?)

;; What only TLS can say. status is a symbol: E_VERIFY, E_ALERT, ...
(define-condition-type tls-type (&tls &socket)
  make-tls-error tls-error?
  (status tls-error-status)
  (message tls-error-message)
  (alert tls-error-alert)
  (depth tls-error-depth))
