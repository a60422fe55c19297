;;; (rfc tls port): sockets as binary ports.
;;;
;;; Reading takes what has come; writing sends at once. For text, set an
;;; encoding with set-port-encoding!. Under (ice-9 suspendable-ports), reading and writing suspend.

(define-module (rfc tls port)
  #:use-module (rfc tls facade))

(export-ports)
