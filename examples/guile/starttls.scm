;;; Asks a mail server what it can do, over TLS that begins in mid-connection (SMTP's STARTTLS, RFC 3207).
;;;
;;;   guile starttls.scm HOST [PORT [CAFILE]]
(use-modules (rfc tls) (rfc x509) (sagittarius socket) (ice-9 match) (ice-9 rdelim)
             (ice-9 textual-ports))

;; The lines of an answer; a hyphen behind the code says that another one comes.
(define (answer io code)
  (let ((line (string-trim-right (read-line io))))
    (unless (string-prefix? code line)
      (error "the server says" line))
    (if (string-prefix? (string-append code "-") line)
        (cons (substring line 4) (answer io code))
        (list (substring line 4)))))

(define (ask io question code)
  (put-string io (string-append question "\r\n"))
  (answer io code))

;; Nothing that came before TLS counts any more: the port over the plain socket is dropped, and with it
;; whatever somebody in between may have slipped into its buffer.
(define (start-tls socket authorities)
  (let ((io (socket-port socket #f)))
    (answer io "220")
    (ask io "EHLO client.example" "250")
    (ask io "STARTTLS" "220")
    (socket->tls-socket socket #:authorities authorities)))

(define* (main host #:optional (port "25") cafile)
  (let* ((authorities (if cafile (read-x509-certificates cafile) '()))
         (socket (start-tls (make-client-socket host port) authorities)))
    (call-with-tls-socket socket
      (lambda (socket)
        (let ((io (tls-socket-port socket #f)))
          (for-each (lambda (line) (display line) (newline))
                    (ask io "EHLO client.example" "250"))
          (ask io "QUIT" "221"))))))

(match (cdr (command-line))
  ((host . rest) (apply main host rest))
  (_
   (display "usage: starttls.scm HOST [PORT [CAFILE]]\n" (current-error-port))
   (exit 2)))
