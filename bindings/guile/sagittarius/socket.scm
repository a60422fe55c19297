;;; (sagittarius socket): plain sockets, constants, the ends of a connection, and the conditions of
;;; sockets. What works on plain and on TLS sockets alike is the same here and in (rfc tls).

(define-module (sagittarius socket)
  #:use-module (rfc tls facade)
  #:re-export (make-client-socket make-server-socket socket? socket-accept
               socket-port socket-input-port socket-output-port socket-unread!

               AF_UNSPEC AF_INET AF_INET6
               SOCK_STREAM SOCK_DGRAM
               IPPROTO_TCP IPPROTO_UDP
               AI_PASSIVE AI_CANONNAME AI_NUMERICHOST AI_NUMERICSERV AI_V4MAPPED AI_ALL AI_ADDRCONFIG
               MSG_PEEK MSG_DONTWAIT))

(export-common)
(export-selects)
(export-addresses)
(export-conditions)
