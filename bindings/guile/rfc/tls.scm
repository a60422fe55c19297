;;; (rfc tls): TLS sockets with the names, keywords and results of Sagittarius Scheme's library.

(define-module (rfc tls)
  #:use-module (rfc tls facade)
  #:re-export (make-client-tls-socket make-server-tls-socket make-server-tls-socket* socket->tls-socket
               tls-client-handshake tls-server-handshake tls-socket-accept
               make-hello-extension make-server-name-indication make-protocol-name-list

               <tls-socket> tls-socket?
               tls-socket-send tls-socket-send/range tls-socket-recv tls-socket-recv!
               tls-socket-pending?
               tls-socket-shutdown tls-socket-close tls-socket-closed?
               call-with-tls-socket
               tls-socket-peer-certificate tls-socket-selected-alpn
               tls-socket-client-certificate-callback-set!
               tls-socket-peer tls-socket-info tls-socket-name tls-socket-info-values
               tls-socket-node tls-socket-service
               tls-socket-nonblocking! tls-socket-blocking! nonblocking-tls-socket?
               tls-socket-set-read-timeout! tls-socket-get-read-timeout
               tls-socket-raw-socket
               tls-socket-port tls-socket-input-port tls-socket-output-port

               ;; ---- integration methods: for plain and TLS sockets alike ----
               socket-send socket-send/range socket-recv socket-recv! socket-accept
               socket-shutdown socket-close socket-closed? call-with-socket
               socket-peer socket-name socket-info socket-info-values socket-node socket-service
               socket-port socket-input-port socket-output-port
               socket-nonblocking! socket-blocking! nonblocking-socket?
               socket-set-read-timeout! socket-get-read-timeout
               socket-read-select socket-write-select socket-error-select

               *tls-version-1.3* *tls-version-1.2* *tls-version-1.1* *tls-version-1.0*

               ;; ---- ours ----
               tls-default-certificate-verifier tls-default-authorities
               tls-ciphers tls-cipher-suites tls-groups tls-versions
               tls-system-trust tls-partial-chain tls-revocation-lists tls-session-cache
               tls-allow-truncation tls-insecure-skip-name-check tls-insecure-key-log
               tls-socket-reload! tls-socket-abort tls-socket-unwrap tls-socket-detach
               tls-socket-version tls-socket-cipher tls-socket-cipher-bits tls-socket-group
               tls-socket-server-name
               tls-socket-peer-certificates tls-socket-ready?
               tls-socket-key-update! tls-socket-export-key tls-socket-channel-binding
               tls-socket-session tls-socket-resumed?
               tls-session? tls-session->bytevector bytevector->tls-session
               socket-unread!

               ;; ---- of (sagittarius socket) ----
               SHUT_RD SHUT_WR SHUT_RDWR MSG_PEEK MSG_DONTWAIT MSG_WAITALL
               socket-info? socket-info-hostname socket-info-ip-address socket-info-port
               ip-address? ip-address->string ip-address->bytevector
               &host-not-found host-not-found-error?
               host-not-found-error-node host-not-found-error-service
               &socket socket-error? socket-error-socket
               &socket-connection socket-connection-error?
               &socket-closed socket-closed-error?
               &socket-read-timeout socket-read-timeout-error?
               &socket-reset socket-reset-error?
               &socket-truncated socket-truncated-error?
               &tls tls-error? tls-error-status tls-error-message tls-error-alert tls-error-depth))
