;;; (sagittarius socket): constants, the ends of a connection, and the conditions of sockets.

(library (sagittarius socket)
  (export AF_UNSPEC AF_INET AF_INET6
          SOCK_STREAM
          AI_PASSIVE AI_CANONNAME AI_NUMERICHOST AI_NUMERICSERV AI_V4MAPPED AI_ALL AI_ADDRCONFIG
          SHUT_RD SHUT_WR SHUT_RDWR
          MSG_PEEK MSG_DONTWAIT MSG_WAITALL

          make-socket-info socket-info?
          socket-info-hostname socket-info-ip-address socket-info-port
          string->ip-address ip-address? ip-address->string ip-address->bytevector

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
  (import (guile)
          (only (rnrs bytevectors) make-bytevector bytevector-uint-set! endianness)
          (only (rnrs conditions) define-condition-type)
          (only (rnrs files) &i/o)
          (srfi srfi-9))

  (define SHUT_RD 0)
  (define SHUT_WR 1)
  (define SHUT_RDWR 2)

  ;; Guile has no name for it. Only this library reads the number, so it is the same everywhere.
  (define MSG_WAITALL #x100)

  ;; ---- the ends of a connection ----

  (define-record-type <ip-address>
    (string->ip-address text)
    ip-address?
    (text ip-address->string))

  ;; Network byte order: 4 or 16 bytes. The zone of a link-local address is left out.
  (define (ip-address->bytevector address)
    (let* ((text (car (string-split (ip-address->string address) #\%)))
           (ipv6? (string-index text #\:))
           (bytes (make-bytevector (if ipv6? 16 4))))
      (bytevector-uint-set! bytes 0 (inet-pton (if ipv6? AF_INET6 AF_INET) text)
                            (endianness big) (if ipv6? 16 4))
      bytes))

  (define-record-type <socket-info>
    (make-socket-info hostname ip-address port)
    socket-info?
    (hostname socket-info-hostname)
    (ip-address socket-info-ip-address)
    (port socket-info-port))

  ;; ---- conditions ----

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
    (depth tls-error-depth)))
