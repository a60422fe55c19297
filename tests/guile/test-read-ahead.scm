;;; Does TLS begin with the bytes that were received before it, whoever holds them?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc x509) (sagittarius socket) (ice-9 rdelim) (rnrs bytevectors)
             ((rnrs io ports) #:select (get-bytevector-n)))

(begin-tests)

(define line "PROXY TCP4 10.0.0.1 10.0.0.2 1 2")
(define bytes-of-line (string->utf8 (string-append line "\r\n")))

(define (client-over thing)
  (socket->tls-socket thing #:handshake #f #:authorities (certificates "ca")
                      #:hello-extensions (list (make-server-name-indication '("server.test")))))

(define (server-over thing . options)
  (apply socket->tls-socket thing #:client-socket #f #:certificates (certificates "server")
         #:private-key (key "server") (append options '(#:handshake #f))))

;; A client whose hello has left, behind the line.
(define (say-hello client)
  (tls-socket-nonblocking! client)
  (check (not (tls-client-handshake client)))
  client)

;; Both ends shake hands, and talk.
(define (finish client server)
  (check (tls-socket-ready? server))
  (shake client server)
  (for-each tls-socket-blocking! (list client server))
  (tls-socket-send client (string->utf8 "hello"))
  (check-equal "hello" (text (tls-socket-recv server 5))))

;; Two ports over one pair of descriptors; the first has sent the line.
(define (ports)
  (let ((ends (socketpair PF_UNIX SOCK_STREAM 0)))
    (display (utf8->string bytes-of-line) (car ends))
    (force-output (car ends))
    ends))

;; The plain socket that a server accepted, and the TLS client at its other end.
(define (call-with-plain proc)
  (let* ((listener (make-server-socket "0"))
         (plain (make-client-socket "127.0.0.1" (port-of listener)))
         (accepted (socket-accept listener)))
    (socket-send plain bytes-of-line)
    (proc accepted (say-hello (client-over plain)))))

(behaviour "the buffer of a port of Guile's is taken over, whatever its encoding"
  (for-each (lambda (encoding)
              (let* ((ends (ports)) (client (say-hello (client-over (car ends)))))
                (when encoding
                  (set-port-encoding! (cdr ends) encoding))
                (check-equal (string-append line "\r") (read-line (cdr ends)))
                (finish client (server-over (cdr ends)))
                (check-equal (or encoding (port-encoding (car ends))) (port-encoding (cdr ends)))))
            '(#f "UTF-8" "ISO-8859-1")))

(behaviour "with what was pushed back into it"
  (let* ((ends (ports)) (client (say-hello (client-over (car ends)))))
    (get-bytevector-n (cdr ends) (bytevector-length bytes-of-line))
    (unread-char (read-char (cdr ends)) (cdr ends))
    (finish client (server-over (cdr ends)))))

(behaviour "what was said in the clear is refused at once"
  (let ((ends (ports)))
    (read-char (cdr ends))
    (let* ((client (client-over (cdr ends)))
           (took (milliseconds (check (message-contains? (raised (tls-client-handshake client))
                                                         "not TLS")))))
      (check (< took 5000)))))

(behaviour "the buffers of a plain socket's ports are taken over"
  (for-each (lambda (make-port)
              (call-with-plain
                (lambda (accepted client)
                  (check-equal (string-append line "\r") (read-line (make-port accepted)))
                  (gc)
                  (finish client (server-over accepted)))))
            (list socket-input-port (lambda (socket) (socket-port socket #f)))))

(behaviour "the buffer of a port that closes its socket is taken over, while it is held"
  (call-with-plain
    (lambda (accepted client)
      (let ((port (socket-port accepted)))
        (read-line port)
        (finish client (server-over accepted))
        (check (not (port-closed? port)))))))

(behaviour "bytes are given back"
  (call-with-plain
    (lambda (accepted client)
      (let* ((got (socket-recv accepted 65536))
             (size (bytevector-length bytes-of-line))
             (rest (make-bytevector (- (bytevector-length got) size))))
        (bytevector-copy! got size rest 0 (bytevector-length rest))
        (socket-unread! accepted rest)
        (check-equal (list accepted) (socket-read-select 0 accepted))
        (finish client (server-over accepted))))))

(behaviour "what is given back comes first, the later before the earlier"
  (call-with-plain
    (lambda (accepted client)
      (socket-unread! accepted (string->utf8 "cd"))
      (socket-unread! accepted (string->utf8 "ab"))
      (check-equal "abcd" (text (socket-recv accepted 65536))))))

(behaviour "nothing is given back to a listener, or below TLS"
  (let ((listener (make-server-socket "0")))
    (check-equal 'E_STATE (irritant (raised (socket-unread! listener (bytes 1))) 'status)))
  (call-with-plain
    (lambda (accepted client)
      (server-over accepted)
      (check-equal 'E_STATE (irritant (raised (socket-unread! accepted (bytes 1))) 'status)))))

(end-tests)
