;;; The policy: parameters that hold for the sockets made while they are set, clients and servers alike.

(export-again export-policy
  tls-ciphers tls-cipher-suites tls-groups tls-versions
  tls-system-trust tls-partial-chain tls-revocation-lists tls-session-cache
  tls-allow-truncation tls-insecure-skip-name-check tls-insecure-key-log)

(define settings '()) ; of (parameter default . setter)

;; So that what a program changes afterwards changes no policy.
(define (copied value)
  (cond ((string? value) (string-copy value))
        ((bytevector? value) (bytevector-copy value))
        ((list? value) (map copied value))
        (else value)))

;; A parameter, and the setter that gives a config its value if that is not the default.
(define-syntax-rule (define-setting name default valid? what setter!)
  (begin
    (define name
      (make-parameter default
        (lambda (value)
          (check (valid? value) 'name (string-append "not " what) value)
          (copied value))))
    (set! settings (cons (cons* name default setter!) settings))))

(define (set-policy! config)
  (for-each (lambda (setting)
              (let ((value ((car setting))))
                (unless (equal? value (cadr setting))
                  ((cddr setting) config value))))
            settings))

(define (text-or-false? thing) (or (not thing) (string? thing)))

;; The ciphers to speak up to TLS 1.2, those of TLS 1.3, and the groups to exchange keys in, the preferred
;; first, in the words of OpenSSL: "ECDHE+AESGCM", "TLS_AES_256_GCM_SHA384", "X25519:P-256". #f: the
;; library's choice. Static RSA and DHE are only for ciphers that name them ("DEFAULT:kRSA"); what is known to
;; be weak stays out whatever they say.
(define-setting tls-ciphers #f text-or-false? "a string or #f" rfctls-config-set-ciphers)
(define-setting tls-cipher-suites #f text-or-false? "a string or #f" rfctls-config-set-cipher-suites)
(define-setting tls-groups #f text-or-false? "a string or #f" rfctls-config-set-groups)

;; A list of the oldest and the newest version to speak, or #f: TLS 1.2 and 1.3. Older ones must be named to
;; be spoken (RFC 8996 deprecates them). A maker's #:version wins.
(define (version? thing)
  (and (exact-integer? thing) (<= *tls-version-1.0* thing *tls-version-1.3*)))
(define (versions? thing)
  (or (not thing)
      (and (list? thing) (= 2 (length thing)) (every version? thing))))
(define-setting tls-versions #f versions? "a list of two versions"
  (lambda (config versions) (apply rfctls-config-set-versions config versions)))

;; Whether the system's authorities are trusted beside those of #:authorities; default: by clients.
(define-setting tls-system-trust 'default
  (lambda (thing) (or (boolean? thing) (eq? thing 'default))) "a boolean or default"
  rfctls-config-set-system-trust)

;; Whether a chain may end at any certificate that is trusted; #f: only at a self-issued one, as roots are.
(define-setting tls-partial-chain #t boolean? "a boolean" rfctls-config-set-partial-chain)

;; A list of revocation lists (RFC 5280 section 5), each PEM or a DER bytevector. Once there is one, a peer is
;; refused if its certificate or an issuer's is revoked, and also if no valid list of its issuer is there.
(define-setting tls-revocation-lists '()
  (lambda (thing)
    (and (list? thing) (every (lambda (each) (or (bytevector? each) (string? each))) thing)))
  "a list of bytevectors and strings"
  (lambda (config lists)
    (for-each (lambda (each)
                (rfctls-config-add-crls config (if (string? each) (string->utf8 each) each)))
              lists)))

;; #f: clients keep no sessions to resume, and servers issue no tickets.
(define-setting tls-session-cache #t boolean? "a boolean" rfctls-config-set-session-cache)

;; #t: TCP's end without TLS's goodbye is an end, not &socket-truncated: for peers that are known to be rude,
;; under protocols that carry their own lengths.
(define-setting tls-allow-truncation #f boolean? "a boolean" rfctls-config-set-allow-truncation)

;; DANGER: #t takes a trusted certificate that was issued to anybody.
(define-setting tls-insecure-skip-name-check #f boolean? "a boolean"
  (lambda (config skip?) (rfctls-config-insecure-skip-name-check config)))

;; DANGER: a file that gets the secrets of each connection (SSLKEYLOGFILE), for debugging; #f: none.
(define-setting tls-insecure-key-log #f text-or-false? "a string or #f" rfctls-config-insecure-log-keys)
