;;; Sends text to an echo server and checks what comes back.
;;;
;;;   guile echo-client.scm HOST PORT CAFILE SERVERNAME BYTES
;;;
;;; Prints one line, fields set apart by tabs: language, TLS version, cipher, the peer's name as
;;; verified, bytes echoed, milliseconds from connecting to the last byte.
(use-modules (rfc tls) (rfc x509) (ice-9 match) (rnrs bytevectors))

(define line-length 64)
(define chunk-length 4096)

;; One line of the text. It reads the same backwards, so that a server which reverses every line
;; (openssl s_server -rev) serves as well.
(define (line number)
  (let ((half (map (lambda (i) (integer->char (+ 33 (modulo (+ (* number 31) (* i i)) 90))))
                   (iota (/ line-length 2)))))
    (list->string (append half (cdr (reverse half)) '(#\newline)))))

;; The text's next bytes, at most a chunk; the last line may be shorter, but ends as the others do.
(define (chunk from bytes)
  (let* ((first (/ from line-length))
         (lines (map (lambda (i) (line (+ first i))) (iota (/ chunk-length line-length))))
         (size (min (- bytes from) chunk-length)))
    (string->utf8 (string-append (substring (apply string-append lines) 0 (- size 1)) "\n"))))

;; Sends the text chunk by chunk, each after the last came back: neither end has to buffer it all.
(define (echo socket bytes)
  (let loop ((echoed 0))
    (when (< echoed bytes)
      (let* ((sent (chunk echoed bytes)) (size (bytevector-length sent)))
        (tls-socket-send socket sent)
        (unless (equal? sent (tls-socket-recv socket size MSG_WAITALL))
          (error "what came back differs after" echoed 'bytes))
        (loop (+ echoed size))))))

(define (milliseconds-since start)
  (quotient (* 1000 (- (get-internal-real-time) start)) internal-time-units-per-second))

(define (main host port cafile server-name bytes)
  (let* ((start (get-internal-real-time))
         (socket (make-client-tls-socket
                  host port
                  #:authorities (read-x509-certificates cafile)
                  #:hello-extensions (list (make-server-name-indication (list server-name))))))
    (call-with-tls-socket socket (lambda (socket) (echo socket bytes)))
    (format #t "Guile ~a\t~a\t~a\t~a\t~a\t~a~%" (version) (tls-socket-version socket)
            (tls-socket-cipher socket) (tls-socket-server-name socket) bytes
            (milliseconds-since start))))

(match (cdr (command-line))
  ((host port cafile server-name bytes)
   (main host port cafile server-name (string->number bytes)))
  (_
   (display "usage: echo-client.scm HOST PORT CAFILE SERVERNAME BYTES\n" (current-error-port))
   (exit 2)))
