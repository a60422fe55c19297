;;; The ends of a connection.

(export-again export-addresses
  string->ip-address ip-address? ip-address->string ip-address->bytevector
  socket-info?
  socket-info-hostname socket-info-ip-address socket-info-port)

(define-record-type <ip-address>
  (make-ip-address text bytes)
  ip-address?
  (text ip-address->string)
  (bytes ip-address-bytes))

;; The zone of a link-local address stays in the text, and is left out of the bytes.
(define (string->ip-address text)
  (let* ((ip (car (string-split text #\%)))
         (ipv6? (string-index ip #\:))
         (number (false-if-exception (inet-pton (if ipv6? AF_INET6 AF_INET) ip)))
         (bytes (make-bytevector (if ipv6? 16 4))))
    (check number 'string->ip-address "not an IP address" text)
    (bytevector-uint-set! bytes 0 number (endianness big) (bytevector-length bytes))
    (make-ip-address text bytes)))

;; Network byte order: 4 or 16 bytes.
(define (ip-address->bytevector address)
  (bytevector-copy (ip-address-bytes address)))

(define-record-type <socket-info>
  (make-socket-info hostname ip-address port)
  socket-info?
  (hostname socket-info-hostname)
  (ip-address socket-info-ip-address)
  (port socket-info-port))

;; Of a native address; #f of #f. The ends of a Unix-domain socket have no IP address.
(define (address->info address)
  (and address
       (let ((ip (rfctls-address-ip address)))
         (make-socket-info (rfctls-address-host address)
                           (and (not (string-null? ip)) (string->ip-address ip))
                           (rfctls-address-port address)))))

;; "127.0.0.1:443", "[::1]:443", a path; #f of #f.
(define (address->name address)
  (and address
       (let ((ip (rfctls-address-ip address))
             (port (number->string (rfctls-address-port address))))
         (cond ((string-null? ip) (rfctls-address-host address))
               ((string-index ip #\:) (string-append "[" ip "]:" port))
               (else (string-append ip ":" port))))))
