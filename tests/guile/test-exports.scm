;;; Is every operation there, under its name? Does every export refuse wrong arguments of every kind, one
;;; at a time, with a condition and nothing worse? Is each used in a test?

(add-to-load-path (dirname (current-filename)))
(use-modules (helper) (rfc tls) (rfc tls text) (rfc x509) (sagittarius socket) (ice-9 match)
             (ice-9 rdelim) (ice-9 textual-ports) (rnrs bytevectors) (rnrs conditions)
             ((rnrs io ports) #:select (make-transcoder utf-8-codec))
             (srfi srfi-1) (srfi srfi-19) ((rnrs exceptions) #:select (guard)))

(begin-tests)

(define libraries '((rfc tls) (rfc tls text) (rfc x509) (sagittarius socket)))

;; Every exported name and what it is; macros have no value.
(define exports
  (delete-duplicates
   (append-map (lambda (library)
                 (module-map (lambda (name variable) (cons name (variable-ref variable)))
                             (resolve-interface library)))
               libraries)
   (lambda (a b) (eq? (car a) (car b)))))

(behaviour "every operation is exported by (rfc tls), or by (rfc x509) what reads a file, under its name"
  (let ((interfaces (map resolve-interface '((rfc tls) (rfc x509)))))
    (call-with-input-file
        (string-append (dirname (car (command-line))) "/../parity/operations.tsv")
      (lambda (table)
        (read-line table)
        (let loop ((count 0))
          (match (read-line table)
            ((? eof-object?) (check (>= count 69)))
            (line
             (let* ((cells (string-split line #\tab)) (operation (car cells)))
               (check-equal operation (list-ref cells 4))
               (unless (module-variable ((if (string-prefix? "read-" operation) second first) interfaces)
                                        (string->symbol operation))
                 (error "missing:" operation))
               (loop (+ count 1))))))))))

;; ---- what is right, and what is wrong, of each kind of argument ----

(define listener #f)
(define client #f)
(define accepted #f)
(define plain #f)
(define fresh #f)

(define ca (certificates "ca"))
(define server-chain (certificates "server"))
(define server-key (key "server"))
(define leaf (car server-chain))
(define garbage "neither PEM nor DER")

;; Things of many types; those that are right for a kind are left out by its predicate.
(define (zoo)
  (list #f #t 0 5 -1 -7 1.5 1/2 (expt 2 70) (- (expt 2 70)) #\c "text" "" "nul\x00;inside" 'symbol
        #:keyword '() '(1) '(#f) '("text") '("") '(symbol . improper) (vector 1) (make-bytevector 3 1)
        (list (make-bytevector 3 1)) car (lambda arguments #t) (current-output-port) (make-hash-table)
        client listener plain leaf server-key (list server-key) (list client)
        (delay 1) *unspecified* (make-time time-utc 0 -5) (if #f #f)
        (string->ip-address "127.0.0.1") (make-socket-error #f)))

(define (natural? thing) (and (exact-integer? thing) (>= thing 0)))
(define (small? thing) (and (natural? thing) (< thing (expt 2 62))))
(define (time-or-milliseconds? thing)
  (or (small? thing) (and (time? thing) (>= (time-second thing) 0))))
(define (certificates? thing)
  (and (list? thing) (every (lambda (each) (or (x509-certificate? each) (eqv? each (car ca)))) thing)))
(define (names? thing) (and (list? thing) (pair? thing) (every string? thing)))
(define (anything? thing) #t)
(define (nothing-or is?) (lambda (thing) (or (not thing) (is? thing))))

;; kind: right value, predicate of what is not wrong.
(define kinds
  `((tls ,(lambda () client) ,tls-socket?)
    (listener ,(lambda () listener) ,(const #f))
    (socket ,(lambda () client) ,(lambda (thing) (or (tls-socket? thing) (socket? thing))))
    (plain ,(lambda () plain) ,socket?)
    (unwrapped ,(lambda () plain) ,(lambda (thing) (or (socket? thing) (port? thing) (small? thing))))
    (bytes ,(lambda () (bytes 3)) ,bytevector?)
    (size ,(lambda () 3) ,natural?)
    (start ,(lambda () 0) ,(lambda (thing) (eqv? thing 0)))
    (len ,(lambda () 0) ,(lambda (thing) (memv thing '(0))))
    (len-or-rest ,(lambda () 0) ,(lambda (thing) (memv thing '(0 -1))))
    (flags ,(lambda () MSG_DONTWAIT) ,(lambda (thing) (eqv? thing 0)))
    (how ,(lambda () SHUT_RD) ,(lambda (thing) (memv thing '(0 1 2))))
    (timeout ,(lambda () 0) ,time-or-milliseconds?)
    (timeout-or-forever ,(lambda () 0) ,(nothing-or time-or-milliseconds?))
    (timer ,(lambda () 100)
           ,(nothing-or (lambda (thing) (or (eqv? thing -1) (small? thing)))))
    (procedure ,(lambda () list) ,procedure?)
    (callback ,(lambda () #f) ,(nothing-or procedure?))
    (node ,(lambda () "127.0.0.1") ,(lambda (thing) (equal? thing "text")))
    (service ,(lambda () "1") ,(const #f))
    (family ,(lambda () AF_INET) ,(lambda (thing) (memv thing (list #f 0 AF_INET AF_INET6))))
    (socktype ,(lambda () SOCK_STREAM) ,(lambda (thing) (memv thing (list #f 0 SOCK_STREAM))))
    (ai-flags ,(lambda () 0) ,(nothing-or natural?))
    (protocol ,(lambda () 0) ,(lambda (thing) (memv thing (list #f 0 IPPROTO_TCP))))
    (certificates ,(lambda () server-chain) ,certificates?)
    (authorities ,(lambda () ca) ,certificates?)
    (key ,(lambda () server-key) ,(nothing-or private-key?))
    (some-key ,(lambda () server-key) ,private-key?)
    (extensions ,(lambda () '()) ,null?)
    (verifier ,(lambda () #t) ,(lambda (thing) (or (boolean? thing) (procedure? thing))))
    (version ,(lambda () *tls-version-1.3*) ,(nothing-or (lambda (thing) (eqv? thing 0))))
    (session ,(lambda () #f) ,not)
    (names ,(lambda () '("server.test")) ,names?)
    (type ,(lambda () 'peer) ,(lambda (thing) (memq thing '(peer info))))
    (extension-type ,(lambda () 4711) ,(lambda (thing) (and (natural? thing) (< thing 65536))))
    (certificate ,(lambda () leaf) ,x509-certificate?)
    (der ,(lambda () (x509-certificate->bytevector leaf)) ,(const #f))
    (pem ,(lambda () (contents "server.pem")) ,(const #f))
    (key-bytes ,(lambda () (string->utf8 (contents "server.key"))) ,(const #f))
    (key-text ,(lambda () (contents "server.key")) ,(const #f))
    (identity-bytes ,(lambda () (string->utf8 (contents "both.pem"))) ,(const #f))
    (passphrase ,(lambda () #f) ,(nothing-or string?))
    (setting ,(lambda () #f) ,(nothing-or string?))
    (revocation-lists ,(lambda () '())
                      ,(lambda (thing)
                         (and (list? thing)
                              (every (lambda (each) (or (bytevector? each) (string? each))) thing))))
    (versions ,(lambda () #f) ,not)
    (switch ,(lambda () #f) ,boolean?)
    (label ,(lambda () "EXPERIMENTAL test") ,string?)
    (key-size ,(lambda () 32) ,(lambda (thing) (and (small? thing) (<= 1 thing 8160))))
    (context ,(lambda () #f) ,(nothing-or bytevector?))
    (binding ,(lambda () "tls-exporter") ,(const #f))
    (chain-source ,(lambda () (pki "server.pem")) ,(const #f))
    (key-source ,(lambda () (pki "server.key")) ,(const #f))
    (identity-source ,(lambda () (pki "both.pem")) ,(const #f))
    (name ,(lambda () "server.test") ,(lambda (thing) (equal? thing "text")))
    (checked-name ,(lambda () "server.test") ,string?)
    (address-text ,(lambda () "127.0.0.1") ,(const #f))
    (address ,(lambda () (string->ip-address "127.0.0.1")) ,ip-address?)
    (info ,(lambda () (socket-info client)) ,socket-info?)
    (session-bytes ,(lambda () #f) ,(const #f)) ; there is no right one to be had here
    (a-session ,(lambda () #f) ,tls-session?)
    (port ,(lambda () (open-input-string "")) ,port?)
    (transcoder ,(lambda () (make-transcoder (utf-8-codec))) ,(const #f))
    (not-found ,(lambda () (make-host-not-found-error "node" "service")) ,host-not-found-error?)
    (failure ,(lambda () (make-socket-error #f)) ,socket-error?)
    (tls-failure ,(lambda () (make-tls-error #f 'E_VERIFY "" #f #f)) ,tls-error?)
    (any ,(lambda () #f) ,anything?)
    (boolean ,(lambda () #f) ,anything?)))

(define (right kind) ((cadr (assq kind kinds))))
(define (wrong? kind thing) (not ((caddr (assq kind kinds)) thing)))

;; Name, the kinds of its arguments in their order, then keyword and kind by turns.
(define client-keywords
  '(#:handshake boolean #:certificates certificates #:private-key key #:hello-extensions extensions
    #:authorities authorities #:certificate-verifier verifier #:connect-timeout timer
    #:handshake-timeout timer #:version version #:session session #:prng any))

(define server-keywords
  '(#:private-key key #:authorities authorities #:client-certificate-required? boolean
    #:certificate-verifier verifier #:hello-extensions extensions #:handshake-timeout timer
    #:version version #:prng any))

(define (of-both-kinds name . kinds)
  `((,(symbol-append 'socket- name) socket ,@kinds)
    (,(symbol-append 'tls-socket- name) tls ,@kinds)))

(define procedures
  `((make-client-tls-socket node service family socktype ai-flags protocol ,@client-keywords)
    (make-server-tls-socket service certificates family socktype protocol ,@server-keywords)
    (make-server-tls-socket* service certificates ,@server-keywords)
    (tls-socket-reload! listener certificates
                        ,@(remove (lambda (each) (memq each '(#:prng any))) server-keywords))
    (make-client-socket node service family socktype ai-flags protocol)
    (make-server-socket service family socktype protocol)
    (socket->tls-socket unwrapped
                        #:client-socket boolean #:handshake boolean #:hello-extensions extensions
                        #:certificates certificates #:private-key key #:authorities authorities
                        #:peer-certificate-required? boolean #:certificate-verifier verifier
                        #:handshake-timeout timer #:version version)
    (socket-unread! plain bytes)
    (tls-client-handshake tls #:hello-extensions extensions)
    (tls-server-handshake tls #:raise-error any)
    (socket-accept socket) (tls-socket-accept tls #:handshake any #:raise-error any)
    (make-hello-extension extension-type bytes)
    (make-server-name-indication names) (make-protocol-name-list names)
    ,@(of-both-kinds 'send 'bytes 'flags)
    ,@(of-both-kinds 'send/range 'bytes 'start 'len-or-rest 'flags)
    ,@(of-both-kinds 'recv 'size 'flags)
    ,@(of-both-kinds 'recv! 'bytes 'start 'len 'flags)
    ,@(of-both-kinds 'shutdown 'how)
    ,@(of-both-kinds 'close) ,@(of-both-kinds 'closed?)
    (call-with-socket socket procedure) (call-with-tls-socket tls procedure)
    ,@(of-both-kinds 'peer) ,@(of-both-kinds 'name) ,@(of-both-kinds 'info)
    ,@(of-both-kinds 'info-values #:type 'type)
    ,@(of-both-kinds 'node) ,@(of-both-kinds 'service)
    ,@(of-both-kinds 'port 'boolean) ,@(of-both-kinds 'input-port) ,@(of-both-kinds 'output-port)
    ,@(of-both-kinds 'nonblocking!) ,@(of-both-kinds 'blocking!)
    (nonblocking-socket? socket) (nonblocking-tls-socket? tls)
    ,@(of-both-kinds 'set-read-timeout! 'timeout) ,@(of-both-kinds 'get-read-timeout)
    (socket-read-select timeout-or-forever socket socket)
    (socket-write-select timeout-or-forever socket socket)
    (socket-error-select timeout-or-forever socket socket)
    (tls-socket-pending? tls) (tls-socket-ready? tls) (tls-socket-raw-socket tls)
    (tls-socket-peer-certificate tls) (tls-socket-selected-alpn tls)
    (tls-socket-version tls) (tls-socket-cipher tls) (tls-socket-cipher-bits tls) (tls-socket-group tls)
    (tls-socket-server-name tls) (tls-socket-peer-certificates tls)
    (tls-socket-key-update! tls) (tls-socket-export-key tls label key-size context)
    (tls-socket-channel-binding tls binding)
    (tls-socket-abort tls) (tls-socket-unwrap tls) (tls-socket-detach tls)
    (tls-socket-session tls) (tls-socket-resumed? tls) (tls-socket-session-refused tls)
    (tls-session->bytevector a-session) (bytevector->tls-session session-bytes)
    (tls-socket-client-certificate-callback-set! tls callback)
    (transcoded-port port transcoder)
    (tls-default-certificate-verifier verifier) (tls-default-authorities authorities)
    (tls-ciphers setting) (tls-cipher-suites setting) (tls-groups setting)
    (tls-versions versions) (tls-system-trust switch) (tls-partial-chain switch)
    (tls-revocation-lists revocation-lists)
    (tls-session-cache switch) (tls-allow-truncation switch) (tls-insecure-skip-name-check switch)
    (tls-insecure-key-log setting)

    (bytevector->x509-certificate der) (x509-certificate->bytevector certificate)
    (string->x509-certificates pem) (bytevector->x509-certificates der)
    (read-x509-certificates chain-source)
    (x509-certificate-subject-dn certificate) (x509-certificate-issuer-dn certificate)
    (x509-certificate-serial-number certificate) (x509-certificate-fingerprint certificate)
    (x509-certificate-not-before certificate) (x509-certificate-not-after certificate)
    (x509-certificate-names certificate) (x509-certificate-for? certificate checked-name)
    (bytevector->private-key key-bytes passphrase) (string->private-key key-text passphrase)
    (read-private-key key-source passphrase)
    (bytevector->identity identity-bytes passphrase) (read-identity identity-source passphrase)
    (make-self-signed-identity name)
    (certificates->chain certificates) (->certificates certificates) (->private-key some-key)

    (string->ip-address address-text)
    (ip-address->string address) (ip-address->bytevector address)
    (socket-info-hostname info) (socket-info-ip-address info) (socket-info-port info)
    (host-not-found-error-node not-found) (host-not-found-error-service not-found)
    (socket-error-socket failure)
    (tls-error-status tls-failure) (tls-error-message tls-failure) (tls-error-alert tls-failure)
    (tls-error-depth tls-failure)
    (make-host-not-found-error any any) (make-socket-error any) (make-socket-connection-error any)
    (make-socket-closed-error any) (make-socket-read-timeout-error any)
    (make-socket-reset-error any) (make-socket-truncated-error any)
    (make-tls-error any any any any any)
    ,@(map (lambda (predicate) (list predicate 'any))
           '(tls-socket? socket? socket-info? ip-address? tls-session? x509-certificate? private-key?
             host-not-found-error? socket-error? socket-connection-error? socket-closed-error?
             socket-read-timeout-error? socket-reset-error? socket-truncated-error? tls-error?))))

(behaviour "the list above names every exported procedure"
  (check-equal '()
               (lset-difference eq?
                                (filter-map (match-lambda
                                              ((name . value) (and (procedure? value) name)))
                                            exports)
                                (map car procedures))))

;; ---- one wrong argument at a time, the others right ----

;; The lists of arguments with one of them replaced by something wrong.
(define (mistakes kinds)
  (let loop ((before '()) (rest kinds))
    (match rest
      (() '())
      (((? keyword? keyword) kind . rest)
       (append (wrong-ones before kind (list keyword))
               (loop before rest)))
      ((kind . rest)
       (append (wrong-ones before kind '())
               (loop (append before (list kind)) rest))))))

;; Arguments behind the wrong one are optional, or right ones are made up.
(define (wrong-ones before kind keyword)
  (filter-map (lambda (thing)
                (and (wrong? kind thing)
                     (lambda () (append (map right before) keyword (list thing)))))
              (zoo)))

;; What may be said of a mistake: it is one, or what the argument names is not there or not well-formed.
(define mistaken-statuses '(E_PARSE E_IDENTITY E_RESOLVE E_SYSTEM E_UNSUPPORTED E_ARGUMENT))

;; Accessors of conditions are Guile's own, and raise what that raises.
(define accessors
  '(host-not-found-error-node host-not-found-error-service socket-error-socket tls-error-status
    tls-error-message tls-error-alert tls-error-depth))

(define (refused? name condition)
  (and (condition? condition)
       (or (assertion-violation? condition)
           (and (memq name accessors) (serious-condition? condition))
           (memq (irritant* condition 'status) mistaken-statuses))))

(define (irritant* condition name)
  (and (irritants-condition? condition)
       (let ((irritants (condition-irritants condition)))
         (and (list? irritants) (every pair? irritants) (assq-ref irritants name)))))

(define (try name arguments)
  (let ((procedure (assq-ref exports name)))
    (guard (condition (#t condition))
      (apply procedure arguments)
      'nothing-was-raised)))

(define (complain name arguments outcome)
  (error "not refused:" name arguments outcome))

;; The optional arguments after a wrong one are left out; required ones are right.
(define (complete name arguments kinds)
  (let ((required (match (procedure-minimum-arity (assq-ref exports name))
                    ((required . _) required)
                    (_ 0)))
        (given (length (take-while (negate keyword?) arguments))))
    (append (if (< given required)
                (append arguments
                        (map right (take (drop kinds given) (- required given))))
                arguments))))

(define (check-mistakes name kinds)
  (for-each (lambda (make-arguments)
              (let* ((arguments (make-arguments))
                     (arguments (if (any keyword? arguments)
                                    arguments
                                    (complete name arguments kinds)))
                     (outcome (try name arguments)))
                (unless (refused? name outcome)
                  (complain name arguments outcome))))
            (mistakes kinds)))

(define (check-counts name)
  (for-each (lambda (arguments)
              (let ((outcome (try name arguments)))
                (unless (and (condition? outcome) (assertion-violation? outcome))
                  (complain name arguments outcome))))
            (list (make-list 40 1)
                  (if (parameter? (assq-ref exports name))
                      (make-list 40 1)
                      '()))))

(define (check-keywords name kinds)
  (when (any keyword? kinds)
    (let ((outcome (try name (append (map right (take-while (negate keyword?) kinds))
                                     '(#:no-such-keyword 1)))))
      (unless (refused? name outcome)
        (complain name '(... #:no-such-keyword 1) outcome)))))

(call-with-pair
  (lambda (a b)
    (set! client a)
    (set! accepted b)
    (set! listener (make-server-tls-socket "0" server-chain #:private-key server-key))
    (set! plain (make-server-socket "0"))
    (for-each (match-lambda
                ((name . kinds)
                 (behaviour (string-append "wrong arguments are refused by " (symbol->string name))
                   (check-mistakes name kinds)
                   (check-counts name)
                   (check-keywords name kinds))))
              procedures)
    (behaviour "all of this did the connection no harm"
      (tls-socket-blocking! a)
      (tls-socket-set-read-timeout! a 0)
      (check (not (tls-socket-closed? a)))
      (tls-socket-send a (string->utf8 "well"))
      (check-equal "well" (text (tls-socket-recv b 4 MSG_WAITALL)))
      (tls-socket-send b (string->utf8 "done"))
      (check-equal "done" (text (tls-socket-recv a 4 MSG_WAITALL))))))

;; ---- each is used ----

;; Symbols and keywords of a test file, or of an example.
(define (words file)
  (define (collect datum words)
    (cond ((pair? datum) (collect (car datum) (collect (cdr datum) words)))
          ((vector? datum) (collect (vector->list datum) words))
          ((or (symbol? datum) (keyword? datum)) (cons datum words))
          (else words)))
  (call-with-input-file file
    (lambda (port)
      (let loop ((words '()))
        (let ((datum (read port)))
          (if (eof-object? datum)
              words
              (loop (collect datum words))))))))

(define used
  (let ((folder (dirname (car (command-line)))))
    (append-map (lambda (name) (words (string-append folder "/" name)))
                ((@ (ice-9 ftw) scandir) folder
                 (lambda (name)
                   (and (string-prefix? "test-" name) (string-suffix? ".scm" name)
                        (not (string=? name "test-exports.scm"))))))))

(behaviour "every export is used in another test"
  (check-equal '() (remove (lambda (name) (memq name used)) (map car exports))))

(behaviour "every keyword is used in another test"
  (check-equal '() (remove (lambda (keyword) (memq keyword used))
                           (delete-duplicates (append-map (lambda (each) (filter keyword? each))
                                                          procedures)))))

(end-tests)
