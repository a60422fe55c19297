;;; (rfc tls): TLS sockets with the names, keywords and results of Sagittarius Scheme's library, and what
;;; takes plain and TLS sockets alike.

(define-module (rfc tls)
  #:use-module (rfc tls facade)
  #:re-export (MSG_PEEK MSG_DONTWAIT socket-unread!))

(export-tls-sockets)
(export-common)
(export-ports)
(export-selects)
(export-configs)
(export-policy)
(export-addresses)
(export-conditions)
