;;; Does a program run that was written from the original's documentation alone? Keywords are written as
;;; there; what must differ is one line, for this server's authority is not in the system's trust store.

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (ice-9 threads))
(eval-when (expand load eval) (read-set! keywords 'prefix))
(import (rnrs) (rfc tls) (rfc x509) (sagittarius socket))

(begin-tests)

(tls-default-authorities (certificates "ca")) ; the line

(define server-certificates (certificates "server"))
(define server-key (key "server"))
(define client-certificates (certificates "client"))
(define client-key (key "client"))

(define (port-number server-socket)
  (let-values (((hostname ip-address port) (tls-socket-info-values server-socket :type 'info)))
    (number->string port)))

;; A server of the documentation: echoes what it receives, until the client closes.
(define (echo-all socket)
  (let ((bv (tls-socket-recv socket 255)))
    (unless (zero? (bytevector-length bv))
      (tls-socket-send socket bv)
      (echo-all socket))))

(define (with-server server-socket serve talk)
  (let* ((thread (in-thread (lambda () (serve server-socket))))
         (result (talk (port-number server-socket)))
         (served (outcome thread)))
    (tls-socket-close server-socket)
    (when (condition? served)
      (raise served))
    result))

(behaviour "a client and a server, handshakes done by the procedures that make them"
  (check-equal "Hello"
    (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
      (lambda (server-socket)
        (let ((socket (tls-socket-accept server-socket)))
          (echo-all socket)
          (tls-socket-close socket)))
      (lambda (port)
        (let ((socket (make-client-tls-socket "localhost" port)))
          (tls-socket-send socket (string->utf8 "Hello"))
          (let ((answer (utf8->string (tls-socket-recv socket 255))))
            (tls-socket-close socket)
            (check (tls-socket-closed? socket))
            answer))))))

(behaviour "with :handshake #f at both ends, and the handshakes by hand"
  (check-equal "by hand"
    (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
      (lambda (server-socket)
        (let ((socket (tls-socket-accept server-socket :handshake #f)))
          (check (tls-socket? (tls-server-handshake socket :raise-error #t)))
          (echo-all socket)
          (tls-socket-close socket)))
      (lambda (port)
        (let ((socket (make-client-tls-socket "localhost" port :handshake #f)))
          (check (tls-socket? (tls-client-handshake socket)))
          (tls-socket-send socket (string->utf8 "by hand") 0)
          (let ((answer (utf8->string (tls-socket-recv socket 255 0))))
            (tls-socket-close socket)
            answer))))))

(behaviour "address options of make-client-socket and make-server-socket are passed on"
  (check-equal 1
    (with-server (make-server-tls-socket "0" server-certificates AF_INET SOCK_STREAM 0
                                         :private-key server-key :prng #f)
      (lambda (server-socket)
        (call-with-tls-socket (tls-socket-accept server-socket) echo-all))
      (lambda (port)
        (let ((socket (make-client-tls-socket "localhost" port AF_INET SOCK_STREAM
                                              (+ AI_V4MAPPED AI_ADDRCONFIG) 0
                                              :handshake #t :prng #f
                                              :version *tls-version-1.2*)))
          (let ((sent (tls-socket-send socket #vu8(1))))
            (tls-socket-recv socket 1)
            (tls-socket-close socket)
            sent))))))

(behaviour "a server with authorities requests the client's certificate, and sees it"
  (define (subject-seen . options)
    (with-server (make-server-tls-socket "0" server-certificates :private-key server-key
                                         :authorities (certificates "ca"))
      (lambda (server-socket)
        (let* ((socket (tls-socket-accept server-socket))
               (certificate (tls-socket-peer-certificate socket)))
          (tls-socket-send socket (string->utf8 (if certificate
                                                    (x509-certificate-subject-dn certificate)
                                                    "none")))
          (tls-socket-close socket)))
      (lambda (port)
        (let* ((socket (apply make-client-tls-socket "localhost" port options))
               (answer (utf8->string (tls-socket-recv socket 255))))
          (tls-socket-close socket)
          answer))))
  (check-equal (x509-certificate-subject-dn (car client-certificates))
               (subject-seen :certificates client-certificates :private-key client-key))
  (check-equal "none" (subject-seen :certificates '())))

(behaviour ":certificate-verifier takes a boolean, or a procedure of depth, error and bytevector"
  (define (connects? verifier)
    (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
      (lambda (server-socket)
        (tls-socket-accept server-socket :raise-error #f)
        #t)
      (lambda (port)
        (guard (e ((i/o-error? e) #f))
          (tls-socket-close (make-client-tls-socket "localhost" port
                                                    :certificate-verifier verifier))
          #t))))
  (check-equal #t (connects? #t))
  (check-equal #t (connects? #f))
  (check-equal #t (connects? (lambda (depth previous certificate) (bytevector? certificate))))
  (check-equal #f (connects? (lambda (depth previous certificate) #f))))

(behaviour "a receive that would block returns #f on a non-blocking socket"
  (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
    (lambda (server-socket)
      (call-with-tls-socket (tls-socket-accept server-socket) echo-all))
    (lambda (port)
      (let ((socket (make-client-tls-socket "localhost" port)))
        (tls-socket-nonblocking! socket)
        (check (nonblocking-tls-socket? socket))
        (check-equal #f (tls-socket-recv socket 10))
        (tls-socket-blocking! socket)
        (tls-socket-close socket)))))

(behaviour "past the read timeout &socket-read-timeout is raised"
  (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
    (lambda (server-socket)
      (call-with-tls-socket (tls-socket-accept server-socket) echo-all))
    (lambda (port)
      (let ((socket (make-client-tls-socket "localhost" port)))
        (tls-socket-set-read-timeout! socket 100)
        (check-equal 'timeout
                     (guard (e ((socket-read-timeout-error? e) 'timeout))
                       (tls-socket-recv socket 10)))
        (tls-socket-close socket)))))

(behaviour "ports carry lines of text, and close the socket unless told otherwise"
  (check-equal '("first" "second")
    (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
      (lambda (server-socket)
        (call-with-tls-socket (tls-socket-accept server-socket) echo-all))
      (lambda (port)
        (let* ((socket (make-client-tls-socket "localhost" port))
               (in (tls-socket-input-port socket))
               (out (tls-socket-output-port socket))
               (io (tls-socket-port socket)))
          (put-bytevector out (string->utf8 "first\n"))
          (let ((first (get-line in)))
            (close-port in)
            (close-port out)
            (check (not (tls-socket-closed? socket)))
            (put-bytevector io (string->utf8 "second\n"))
            (let ((second (get-line io)))
              (close-port io)
              (check (tls-socket-closed? socket))
              (list first second))))))))

(behaviour "the integration methods take either kind of socket"
  (define (talk socket)
    (socket-send socket (string->utf8 "either"))
    (let ((answer (utf8->string (socket-recv socket 255))))
      (socket-shutdown socket SHUT_WR)
      (socket-close socket)
      (list answer (socket-closed? socket))))
  (define (serve socket)
    (call-with-socket socket
      (lambda (socket)
        (let loop ((bv (socket-recv socket 255)))
          (unless (zero? (bytevector-length bv))
            (socket-send socket bv)
            (loop (socket-recv socket 255)))))))
  (for-each
   (lambda (server-socket connect)
     (let* ((port (port-of server-socket))
            (thread (in-thread (lambda () (serve (socket-accept server-socket))))))
       (check-equal '("either" #t) (talk (connect "localhost" port)))
       (check (not (condition? (outcome thread))))
       (socket-close server-socket)))
   (list (make-server-socket "0")
         (make-server-tls-socket "0" server-certificates :private-key server-key))
   (list make-client-socket make-client-tls-socket)))

(behaviour "whoever is done shuts down and closes, a server's socket, too"
  (define (shutdown&close socket)
    (tls-socket-shutdown socket SHUT_RDWR)
    (tls-socket-close socket))
  (let* ((server-socket (make-server-tls-socket "0" server-certificates :private-key server-key))
         (thread (in-thread (lambda () (echo-all (tls-socket-accept server-socket)))))
         (client-socket (make-client-tls-socket "localhost" (port-number server-socket))))
    (shutdown&close client-socket)
    (check (not (condition? (outcome thread))))
    (shutdown&close server-socket)
    (check (tls-socket-closed? server-socket))))

(behaviour "a socket tells its peer, its name and its info"
  (with-server (make-server-tls-socket "0" server-certificates :private-key server-key)
    (lambda (server-socket)
      (call-with-tls-socket (tls-socket-accept server-socket) echo-all))
    (lambda (port)
      (let ((socket (make-client-tls-socket "127.0.0.1" port)))
        (check-equal "127.0.0.1"
                     (ip-address->string (socket-info-ip-address (tls-socket-peer socket))))
        (check (string? (tls-socket-name socket)))
        (let-values (((hostname ip-address peer-port) (tls-socket-info-values socket)))
          (check-equal port (number->string peer-port)))
        (tls-socket-close socket)))))

(behaviour "the versions are the protocol's numbers"
  (check-equal '(#x0303 #x0302 #x0301)
               (list *tls-version-1.2* *tls-version-1.1* *tls-version-1.0*)))

(end-tests)
