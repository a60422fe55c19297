;;; (rfc tls text): transcoded-port, for ports that get what they read piece by piece.
;;;
;;; Guile's own waits until 1,024 bytes have come. An R6RS program imports
;;;
;;;   (except (rnrs) transcoded-port) (rfc tls text)

(library (rfc tls text)
  (export transcoded-port)
  (import (guile)
          (only (rnrs io ports)
                transcoder-codec transcoder-error-handling-mode))

  ;; Guile's ports are binary and textual at once: the same port, with the transcoder's codec and error
  ;; handling. The end-of-line style is left alone, as Guile does.
  (define (transcoded-port port transcoder)
    (set-port-encoding! port (transcoder-codec transcoder))
    (set-port-conversion-strategy! port
                                   (case (transcoder-error-handling-mode transcoder)
                                     ((raise) 'error)
                                     (else 'substitute)))
    port))
