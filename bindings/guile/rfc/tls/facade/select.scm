;;; Waiting for many sockets at once, plain and TLS mixed.

(export-again export-selects
  socket-read-select socket-write-select socket-error-select)

;; The sockets for which (ready? socket) holds after the set found the event. A set may find more: a
;; session ticket wakes readers, too.
(define (select who event ready? timeout sockets)
  (define (find-ready left)
    (let* ((set (rfctls-pollset-new))
           (indices (map (lambda (socket) (rfctls-any-join set socket event)) sockets)))
      (rfctls-any-wait-many set (left->timeout (max 0 left)))
      (filter-map (lambda (socket index)
                    (and (logtest event (rfctls-pollset-events set index))
                         (ready? socket)
                         socket))
                  sockets indices)))
  (let ((deadline (deadline-in (if timeout (timeout->milliseconds who timeout) -1))))
    (let loop ()
      (let* ((left (time-left deadline))
             (ready (find-ready left)))
        (if (and (null? ready) (positive? left))
            (loop)
            ready)))))

;; The sockets, in their order, that need not be waited for. timeout is #f for ever, milliseconds, or
;; a time; past it the answer is the empty list. Decrypted bytes that wait inside a TLS socket count.
;; The whole thread waits: a scheduler's task asks one socket.
(define (socket-read-select timeout . sockets)
  (select 'socket-read-select RFCTLS-EVENT-READ socket-ready? timeout sockets))

(define (socket-write-select timeout . sockets)
  (select 'socket-write-select RFCTLS-EVENT-WRITE any-socket? timeout sockets))

;; Those of which the system reports an error, that were closed, or whose handshake ran out of time.
(define (socket-error-select timeout . sockets)
  (select 'socket-error-select RFCTLS-EVENT-ERROR any-socket? timeout sockets))
