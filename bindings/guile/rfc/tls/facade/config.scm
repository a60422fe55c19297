;;; Hello extensions, and what a socket should be, made of a maker's arguments.

(export-again export-configs
  make-hello-extension make-server-name-indication make-protocol-name-list
  tls-default-certificate-verifier tls-default-authorities)

;; ---- hello extensions ----

;; data is a bytevector, or a list of names where this library knows how they are written.
(define-record-type <hello-extension>
  (make-extension type data)
  hello-extension?
  (type hello-extension-type)
  (data hello-extension-data))

(define server-name-type 0)
(define protocol-names-type 16)

(define (check-names who names)
  (check (and (list? names) (pair? names) (every string? names))
         who "not a list of one or more strings" names))

;; Any other extension of a client's hello (RFC 8446 section 4.2), as it goes over the wire.
(define (make-hello-extension type data)
  (check (and (exact-integer? type) (<= 0 type #xffff)) 'make-hello-extension
         "not an extension's number" type)
  (check (bytevector? data) 'make-hello-extension "not a bytevector" data)
  (make-extension type data))

;; The first name is asked for and checked.
(define (make-server-name-indication names)
  (check-names 'make-server-name-indication names)
  (make-extension server-name-type names))

;; The preferred first; servers choose from theirs, too.
(define (make-protocol-name-list names)
  (check-names 'make-protocol-name-list names)
  (make-extension protocol-names-type names))

(define (check-extensions extensions)
  (check (and (list? extensions) (every hello-extension? extensions))
         'hello-extensions "not a list of hello extensions" extensions))

;; Hands each extension to the setters of a thing: a config or a socket.
(define (apply-extensions extensions thing set-name! add-protocol! add-extension!)
  (check-extensions extensions)
  (for-each (lambda (extension)
              (let ((type (hello-extension-type extension))
                    (data (hello-extension-data extension)))
                (cond ((bytevector? data) (add-extension! thing type data))
                      ((eqv? type server-name-type) (set-name! thing (car data)))
                      (else (for-each (lambda (name) (add-protocol! thing name)) data)))))
            extensions))

(define (apply-socket-extensions socket extensions)
  (apply-extensions extensions socket rfctls-socket-set-server-name rfctls-socket-add-protocol
                    rfctls-socket-add-hello-extension))

(define (apply-config-extensions config extensions)
  (apply-extensions extensions config rfctls-config-set-server-name rfctls-config-add-protocol
                    rfctls-config-add-hello-extension))

;; ---- configs ----

(define (check-verifier verifier)
  (check (or (boolean? verifier) (procedure? verifier)) 'certificate-verifier
         "neither a boolean nor a procedure" verifier))

;; What a client checks of its server when the program does not say: #t the library's checks
;; (chain, trust store, host name), a procedure, or #f nothing.
(define tls-default-certificate-verifier
  (make-parameter #t
    (lambda (verifier)
      (check-verifier verifier)
      verifier)))

;; Trust anchors of clients beside the system's.
(define tls-default-authorities
  (make-parameter '()
    (lambda (authorities)
      (->certificates authorities)
      authorities)))

(define (set-verifier! config verifier)
  (check-verifier verifier)
  (cond ((procedure? verifier) (rfctls-config-set-asking config #t #f))
        ((not verifier) (rfctls-config-insecure-skip-verify config))))

;; A server that is given neither certificates nor a key makes itself a throw-away identity.
(define (set-identity! config role certificates private-key)
  (define (set certificates private-key)
    (rfctls-config-set-identity config (certificates->chain certificates)
                                (->private-key private-key)))
  (cond ((identity? certificates private-key) (set certificates private-key))
        ((eqv? role RFCTLS-SERVER)
         (call-with-values (lambda () (make-self-signed-identity "localhost")) set))))

(define (identity? certificates private-key)
  (or private-key (not (null? certificates))))

(define (set-timer! config timer milliseconds)
  (when milliseconds
    (rfctls-config-set-timeout config timer milliseconds)))

;; Of a maker's keywords; those that say something else are the maker's. Equal ones share their sessions:
;; librfctls sees to that.
(define* (config role verifier #:key (certificates '()) (private-key #f) (hello-extensions '())
                 (authorities (if (eqv? role RFCTLS-CLIENT) (tls-default-authorities) '()))
                 (version #f) (family RFCTLS-FAMILY-ANY) (connect-timeout #f) (handshake-timeout #f)
                 (client-certificate-required? #f) #:allow-other-keys)
  (let ((config (rfctls-config-new role)))
    (set-policy! config)
    (rfctls-config-set-blocking config #f)
    (rfctls-config-set-family config family)
    (set-identity! config role certificates private-key)
    (apply-config-extensions config hello-extensions)
    (for-each (lambda (authority) (rfctls-config-add-authority config authority))
              (->certificates authorities))
    (set-verifier! config verifier)
    (when version
      (rfctls-config-set-versions config version version))
    (set-timer! config RFCTLS-TIMER-CONNECT connect-timeout)
    (set-timer! config RFCTLS-TIMER-HANDSHAKE handshake-timeout)
    (when client-certificate-required?
      (rfctls-config-set-peer-cert config RFCTLS-PEER-CERT-REQUIRED))
    config))
