;;; Fetches a page over HTTPS and prints its body; the status line goes to stderr.
;;;
;;;   guile https-get.scm HOST [PORT [PATH [CAFILE]]]
(use-modules (rfc tls) (rfc x509) (ice-9 binary-ports) (ice-9 match) (web client) (web response)
             (web uri))

(define* (open-socket host port #:optional cafile)
  (make-client-tls-socket host port
                          #:authorities (if cafile (read-x509-certificates cafile) '())
                          #:hello-extensions (list (make-server-name-indication (list host))
                                                   (make-protocol-name-list '("http/1.1")))))

;; Guile's own web client over our port. A cut connection is an error, never a short page.
(define* (get host #:optional (port "443") (path "/") cafile)
  (let ((io (tls-socket-port (open-socket host port cafile)))
        (uri (build-uri 'https #:host host #:port (string->number port) #:path path)))
    (call-with-values (lambda () (http-get uri #:port io #:decode-body? #f))
      (lambda (response body)
        (close-port io)
        (format (current-error-port) "~a ~a~%" (response-code response)
                (response-reason-phrase response))
        (put-bytevector (current-output-port) (or body #vu8()))))))

(match (cdr (command-line))
  ((host . rest)
   (apply get host rest))
  (_
   (display "usage: https-get.scm HOST [PORT [PATH [CAFILE]]]\n" (current-error-port))
   (exit 2)))
