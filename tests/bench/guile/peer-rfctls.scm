;;; The client on librfctls.
(define-module (peer-rfctls)
  #:use-module (rfc tls)
  #:use-module (rfc x509)
  #:export (context connect))

(define (context authority)
  (if authority (read-x509-certificates authority) '()))

(define extensions (list (make-server-name-indication '("server.test"))))

(define (connect authorities host port)
  (tls-socket-port
   (make-client-tls-socket host port #:authorities authorities #:hello-extensions extensions)))
