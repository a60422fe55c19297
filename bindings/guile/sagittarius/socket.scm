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
               socket-set-read-timeout! socket-get-read-timeout
               socket-read-select socket-write-select socket-error-select

               AF_UNSPEC AF_INET AF_INET6
               SOCK_STREAM SOCK_DGRAM
               IPPROTO_TCP IPPROTO_UDP
               AI_PASSIVE AI_CANONNAME AI_NUMERICHOST AI_NUMERICSERV AI_V4MAPPED AI_ALL AI_ADDRCONFIG
               SHUT_RD SHUT_WR SHUT_RDWR
               MSG_PEEK MSG_DONTWAIT MSG_WAITALL

               socket-info? socket-info-hostname socket-info-ip-address socket-info-port
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
               tls-error-status tls-error-message tls-error-alert tls-error-depth))
