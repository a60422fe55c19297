;;; The works of ../c/client.c in Guile: client.scm PEER WORK HOST PORT AUTHORITY NUMBER [SIZE]
;;;
;;; PEER is a module beside this one, (peer-PEER): (context AUTHORITY), and (connect context host port),
;;; which answers a binary port; closing it ends the connection. Two works are not those of C:
;;;
;;;   first     one connection that trusts the system; nothing is printed, the whole process is measured
;;;   import    nothing at all, but that the module is loaded
;;;
;;; Prints nanoseconds of processor time.
(define-module (client)
  #:use-module (ice-9 binary-ports)
  #:use-module (ice-9 match)
  #:use-module (rnrs bytevectors)
  #:export (main))

(define (ask io what number)
  (let ((request (make-bytevector 9)))
    (bytevector-u8-set! request 0 (char->integer what))
    (bytevector-u64-set! request 1 number (endianness big))
    (put-bytevector io request)
    (force-output io)))

(define (receive-all io buffer left)
  (when (positive? left)
    (receive-all io buffer
                 (- left (get-bytevector-n! io buffer 0 (min left (bytevector-length buffer)))))))

(define (upload io buffer number)
  (ask io #\u number)
  (let loop ((left number))
    (when (positive? left)
      (let ((part (min left (bytevector-length buffer))))
        (put-bytevector io buffer 0 part)
        (loop (- left part)))))
  (force-output io)
  (get-u8 io))

(define (download io buffer number)
  (ask io #\d number)
  (receive-all io buffer number))

(define (echo io buffer times)
  (let ((size (bytevector-length buffer)))
    (ask io #\e (* times size))
    (do ((i 0 (1+ i)))
        ((= i times))
      (put-bytevector io buffer)
      (force-output io)
      (receive-all io buffer size))))

(define (measure thunk)
  (let ((begin (get-internal-run-time)))
    (thunk)
    (display (* (- (get-internal-run-time) begin)
                (quotient 1000000000 internal-time-units-per-second)))
    (newline)))

(define (main arguments)
  (match arguments
    ((_ name work host port authority number . size)
     (let* ((peer (and (not (string=? name "none"))
                       (resolve-interface (list (symbol-append 'peer- (string->symbol name))))))
            (trusted (and (not (string=? authority "system")) authority))
            (number (string->number number))
            (size (if (null? size) 1 (string->number (car size)))))
       (define (context) ((module-ref peer 'context) trusted))
       (define (connect context) ((module-ref peer 'connect) context host port))
       (define (visit context)
         (let ((io (connect context)))
           (ask io #\d 1)
           (get-u8 io)
           (close-port io)))
       (define (visits new-context?)
         (let ((kept (context)))
           (visit kept)
           (measure (lambda ()
                      (do ((i 0 (1+ i)))
                          ((= i number))
                        (visit (if new-context? (context) kept)))))))
       (define (transfer move first)
         (let ((io (connect (context)))
               (buffer (make-bytevector size 0)))
           (move io buffer first)
           (measure (lambda () (move io buffer number)))
           (close-port io)))
       (match work
         ((or "connect" "resume") (visits #f))
         ("scratch" (visits #t))
         ("up" (transfer upload 65536))
         ("down" (transfer download 65536))
         ("echo" (transfer echo 1))
         ("first" (visit (context)))
         ("import" #f))))))
