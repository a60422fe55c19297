;;; (rfc tls socket): TLS sockets.

(define-module (rfc tls socket)
  #:use-module (rfc tls facade))

(export-tls-sockets)
