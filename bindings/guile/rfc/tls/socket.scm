;;; (rfc tls socket): TLS sockets.

(define-module (rfc tls socket)
  #:use-module (rfc tls facade)
  #:re-export (make-client-tls-socket make-server-tls-socket make-server-tls-socket* socket->tls-socket
               tls-socket-reload!
               tls-client-handshake tls-server-handshake tls-socket-accept

               <tls-socket> tls-socket?
               tls-socket-send tls-socket-send/range tls-socket-recv tls-socket-recv!
               tls-socket-pending? tls-socket-ready?
               tls-socket-shutdown tls-socket-close tls-socket-closed?
               tls-socket-abort tls-socket-unwrap tls-socket-detach
               call-with-tls-socket
               tls-socket-peer-certificate tls-socket-peer-certificates tls-socket-selected-alpn
               tls-socket-version tls-socket-cipher tls-socket-group tls-socket-server-name
               tls-socket-key-update! tls-socket-export-key tls-socket-channel-binding
               tls-socket-session tls-socket-resumed?
               tls-session? tls-session->bytevector bytevector->tls-session
               tls-socket-client-certificate-callback-set!
               tls-socket-peer tls-socket-info tls-socket-name tls-socket-info-values
               tls-socket-node tls-socket-service
               tls-socket-nonblocking! tls-socket-blocking! nonblocking-tls-socket?
               tls-socket-set-read-timeout! tls-socket-get-read-timeout

               tls-socket-raw-socket

               *tls-version-1.3* *tls-version-1.2* *tls-version-1.1* *tls-version-1.0*

               ;; of either kind
               socket-accept))
