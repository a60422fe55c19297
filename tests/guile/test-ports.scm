;;; Are TLS sockets good ports?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc tls text) (ice-9 binary-ports) (ice-9 rdelim) (ice-9 textual-ports)
             (rnrs bytevectors) (rnrs conditions)
             ((rnrs io ports) #:select (make-transcoder utf-8-codec latin-1-codec eol-style
                                        error-handling-mode get-line)))

(begin-tests)

(behaviour "lines of text go both ways"
  (call-with-server echo
    (lambda (port)
      (let ((io (tls-socket-port (connect-client port))))
        (set-port-encoding! io "UTF-8")
        (check (and (input-port? io) (output-port? io)))
        (for-each (lambda (line)
                    (display line io)
                    (newline io)
                    (check-equal line (read-line io)))
                  '("one" "zwei: äöü" "три" "" "五"))
        (close-port io)))))

(behaviour "what is written leaves at once, without a flush, in one piece"
  (call-with-pair
    (lambda (client server)
      (let ((out (tls-socket-output-port client)))
        (put-string out "piece")
        (check-equal "piece" (text (tls-socket-recv server 100)))
        (put-bytevector out (bytes 300))
        (check-equal 300 (bytevector-length (tls-socket-recv server 1000)))
        (put-u8 out 7)
        (check-equal #vu8(7) (tls-socket-recv server 1000))))))

(behaviour "reading takes what has come and does not wait for more"
  (call-with-pair
    (lambda (client server)
      (let ((in (tls-socket-input-port client)))
        (tls-socket-send server (bytes 5000))
        (check-equal 0 (get-u8 in))
        (check-equal 4999 (bytevector-length (get-bytevector-some in)))
        (tls-socket-send server (bytes 3))
        (check-equal (bytes 3) (get-bytevector-n in 3))))))

(behaviour "the polite end is the end of file; a cut connection is not"
  (call-with-pair
    (lambda (client server)
      (tls-socket-shutdown server SHUT_WR)
      (check (eof-object? (get-u8 (tls-socket-input-port client))))))
  (call-with-peer '("say" "5" "cut")
    (lambda (port)
      (let ((io (tls-socket-port (connect-client port))))
        (check-equal 5 (bytevector-length (get-bytevector-n io 5)))
        (check (socket-truncated-error? (raised (get-u8 io))))
        (close-port io)))))

;; Calls proc with a port on which a text comes before TCP is cut.
(define* (call-with-cut-port text proc #:optional (encoding "UTF-8"))
  (call-with-pair
    (lambda (client server)
      (let ((io (tls-socket-port client)))
        (set-port-encoding! io encoding)
        (tls-socket-send server (string->utf8 text))
        (tls-socket-abort server)
        (proc io)))))

(define-syntax-rule (is-cut expression)
  (check (socket-truncated-error? (raised expression))))

(behaviour "of a line that a cut leaves unfinished read-line gives what came, then it raises"
  (for-each
   (lambda (encoding read)
     (call-with-cut-port "one\ntwo"
       (lambda (io)
         (check-equal "one" (read io))
         (check-equal "two" (read io))
         (is-cut (read io))
         (is-cut (read io))
         (is-cut (get-u8 io))
         (close-port io))
       encoding))
   '("UTF-8" "ISO-8859-1" "ASCII" "UTF-8")
   (list read-line read-line read-line get-line)))

(behaviour "a cut between two lines is raised at once"
  (call-with-cut-port "one\n"
    (lambda (io)
      (check-equal "one" (read-line io))
      (is-cut (read-line io))))
  (call-with-cut-port ""
    (lambda (io) (is-cut (read-line io)))))

(behaviour "to other readers a cut is no end, though they have some of what they want"
  (for-each
   (lambda (read)
     (call-with-cut-port "a:b:"
       (lambda (io)
         (is-cut (let loop ((count 0))
                   (when (or (eof-object? (read io)) (> count 10))
                     (error "an end"))
                   (loop (+ count 1))))
         (is-cut (read-line io)))))
   (list get-string-all read-string get-bytevector-all read-char get-u8 get-bytevector-some
         (lambda (io) (get-string-n io 3))
         (lambda (io) (get-bytevector-n io 3))
         (lambda (io) (read-delimited ":" io)))))

(behaviour "who closes after half a line is told of the cut, once, and the socket is closed"
  (for-each
   (lambda (close)
     (call-with-cut-port "half"
       (lambda (io)
         (check-equal "half" (read-line io))
         (let ((socket ((@ (rfc tls native) rfctls-port-socket) io)))
           (is-cut (close io socket))
           (check (tls-socket-closed? socket))
           (tls-socket-close socket)))))
   (list (lambda (io socket) (close-port io))
         (lambda (io socket) (tls-socket-close socket)))))

(behaviour "large data goes through ports whole"
  (let ((data (bytes 1000000)))
    (call-with-server echo
      (lambda (port)
        (let* ((io (tls-socket-port (connect-client port)))
               (writer (in-thread (lambda () (put-bytevector io data)))))
          (check (equal? data (get-bytevector-n io 1000000)))
          (outcome writer)
          (close-port io))))))

(behaviour "char-ready? tells whether reading would wait"
  (call-with-pair
    (lambda (client server)
      (let ((in (tls-socket-input-port client)))
        (check (not (char-ready? in)))
        (tls-socket-send server (string->utf8 "ab"))
        (let loop () (unless (char-ready? in) (usleep 1000) (loop)))
        (check-equal #\a (read-char in))
        (check (char-ready? in))))))

(behaviour "transcoded-port waits for no more than what has come"
  (call-with-pair
    (lambda (client server)
      (let ((io (transcoded-port (tls-socket-port client) (make-transcoder (utf-8-codec)))))
        (tls-socket-send server (string->utf8 "zwölf\n"))
        (check-equal "zwölf" (get-line io))
        (put-string io "größer\n")
        (check-equal "größer\n" (text (tls-socket-recv server 9 MSG_WAITALL)))))))

(behaviour "transcoded-port raises or replaces what cannot be decoded"
  (call-with-pair
    (lambda (client server)
      (define (transcoded mode)
        (transcoded-port (tls-socket-input-port client)
                         (make-transcoder (utf-8-codec) (eol-style none) mode)))
      (tls-socket-send server #vu8(255 10))
      (check-equal (string #\xfffd) (get-line (transcoded (error-handling-mode replace))))
      (tls-socket-send server #vu8(255 10))
      (check (condition? (raised (get-line (transcoded (error-handling-mode raise))))))
      (tls-socket-send server #vu8(228 10))
      (check-equal "ä" (get-line (transcoded-port (tls-socket-input-port client)
                                                  (make-transcoder (latin-1-codec))))))))

(behaviour "closing the port closes the socket, unless close? is #f"
  (call-with-pair
    (lambda (client server)
      (close-port (tls-socket-port client #f))
      (close-port (tls-socket-input-port client))
      (close-port (tls-socket-output-port client))
      (check (not (tls-socket-closed? client)))
      (let ((io (tls-socket-port client)) (closer (in-thread (lambda () (tls-socket-close server)))))
        (close-port io)
        (check (tls-socket-closed? client))
        (outcome closer)))))

(behaviour "a port that outlives its socket raises"
  (call-with-pair
    (lambda (client server)
      (let ((io (tls-socket-port client #f)) (closer (in-thread (lambda () (tls-socket-close server)))))
        (tls-socket-close client)
        (outcome closer)
        (check (socket-closed-error? (raised (get-u8 io))))
        (check (socket-closed-error? (raised (put-u8 io 1))))
        (close-port io)))))

(behaviour "a port keeps its socket from the collector"
  (call-with-server echo
    (lambda (port)
      (let ((io (tls-socket-port (connect-client port))))
        (gc) (gc)
        (display "kept\n" io)
        (check-equal "kept" (read-line io))
        (close-port io)))))

(end-tests)
