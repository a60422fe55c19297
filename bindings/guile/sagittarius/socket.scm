;;; (sagittarius socket): plain sockets, constants, the ends of a connection, and the conditions of
;;; sockets. What works on plain and on TLS sockets alike is the same here and in (rfc tls).

(define-module (sagittarius socket)
  #:use-module (rfc tls facade)
  #:re-export (make-client-socket make-server-socket socket?
               socket-send socket-send/range socket-recv socket-recv! socket-accept
               socket-shutdown socket-close socket-closed? call-with-socket
               socket-peer socket-name socket-info socket-info-values socket-node socket-service
               socket-port socket-input-port socket-output-port
               socket-nonblocking! socket-blocking! nonblocking-socket?
               socket-set-read-timeout! socket-get-read-timeout socket-unread!

               AF_UNSPEC AF_INET AF_INET6
               SOCK_STREAM SOCK_DGRAM
               IPPROTO_TCP IPPROTO_UDP
               AI_PASSIVE AI_CANONNAME AI_NUMERICHOST AI_NUMERICSERV AI_V4MAPPED AI_ALL AI_ADDRCONFIG
               SHUT_RD SHUT_WR SHUT_RDWR
               MSG_PEEK MSG_DONTWAIT MSG_WAITALL))

(export-selects)
(export-addresses)
(export-conditions)
