;;; (rfc tls condition): the conditions of sockets, plain and TLS.

(define-module (rfc tls condition)
  #:use-module ((rnrs conditions) #:select (define-condition-type))
  #:use-module ((rnrs files) #:select (&i/o))
  #:export (&host-not-found make-host-not-found-error host-not-found-error?
            host-not-found-error-node host-not-found-error-service
            &socket make-socket-error socket-error? socket-error-socket
            &socket-connection make-socket-connection-error socket-connection-error?
            &socket-closed make-socket-closed-error socket-closed-error?
            &socket-read-timeout make-socket-read-timeout-error socket-read-timeout-error?
            &socket-reset make-socket-reset-error socket-reset-error?
            &socket-truncated make-socket-truncated-error socket-truncated-error?
            &tls make-tls-error tls-error?
            tls-error-status tls-error-message tls-error-alert tls-error-depth))

(define-condition-type &host-not-found &i/o
  make-host-not-found-error host-not-found-error?
  (node host-not-found-error-node)
  (service host-not-found-error-service))

(define-condition-type &socket &i/o
  make-socket-error socket-error?
  (socket socket-error-socket))

(define-condition-type &socket-connection &socket
  make-socket-connection-error socket-connection-error?)

(define-condition-type &socket-closed &socket
  make-socket-closed-error socket-closed-error?)

(define-condition-type &socket-read-timeout &socket
  make-socket-read-timeout-error socket-read-timeout-error?)

;; The peer reset the connection.
(define-condition-type &socket-reset &socket
  make-socket-reset-error socket-reset-error?)

;; TCP ended without close_notify, after all data that came.
(define-condition-type &socket-truncated &socket
  make-socket-truncated-error socket-truncated-error?)

;; What only TLS can say. status is a symbol: E_VERIFY, E_ALERT, ...
(define-condition-type &tls &socket
  make-tls-error tls-error?
  (status tls-error-status)
  (message tls-error-message)
  (alert tls-error-alert)
  (depth tls-error-depth))
