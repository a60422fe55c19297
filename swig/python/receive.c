/* Receiving, in one call of Python even where nothing is there yet; and into a new bytes object, which is
 * as large as what came, not as what was asked. */

enum {
  KEEP_LOCKED = 2 * 1024,  /* so few bytes are quicker done than Python's lock is got back */
  RECEIVE_MOST = 64 * 1024 /* about what one read of the transport yields                  */
};

/* Waits once, at most patience milliseconds (-1: for ever, 0: not at all), and tries again. Whatever is
 * unfinished then is Python's to go on with: it knows of signals, and of its deadline. */
static rfctls_status rfctls_socket_recv_into(rfctls_socket *socket, uint32_t flags,
                                             int64_t patience, void *buffer, size_t capacity,
                                             size_t *received) {
  PyThreadState *unlocked = capacity > KEEP_LOCKED ? PyEval_SaveThread() : NULL;
  rfctls_status status = rfctls_socket_recv(socket, flags, buffer, capacity, received);
  if (patience != 0 && (status == RFCTLS_WANT_READ || status == RFCTLS_WANT_WRITE)) {
    if (!unlocked)
      unlocked = PyEval_SaveThread();
    if (rfctls_socket_wait(socket, status, patience) == RFCTLS_OK) {
      status = rfctls_socket_recv(socket, flags, buffer, capacity, received);
    }
  }
  if (unlocked)
    PyEval_RestoreThread(unlocked);
  return status;
}

static rfctls_status rfctls_socket_recv_bytes(rfctls_socket *socket, uint32_t flags,
                                              int64_t patience, size_t capacity, PyObject **bytes) {
  char scratch[RECEIVE_MOST];
  size_t received = 0;
  rfctls_status status;
  if (capacity > sizeof scratch)
    capacity = sizeof scratch;
  status = rfctls_socket_recv_into(socket, flags, patience, scratch, capacity, &received);
  if (status != RFCTLS_OK)
    return status;
  *bytes = PyBytes_FromStringAndSize(scratch, (Py_ssize_t)received);
  return *bytes ? RFCTLS_OK : RFCTLS_E_MEMORY;
}

/* The same for what a memory transport has for the peer; none of that takes long. */
static rfctls_status rfctls_raw_drain_bytes(rfctls_raw *raw, size_t capacity, PyObject **bytes) {
  char scratch[RECEIVE_MOST];
  size_t received = 0;
  rfctls_status status;
  if (capacity > sizeof scratch)
    capacity = sizeof scratch;
  status = rfctls_raw_drain(raw, scratch, capacity, &received);
  if (status != RFCTLS_OK)
    return status;
  *bytes = PyBytes_FromStringAndSize(scratch, (Py_ssize_t)received);
  return *bytes ? RFCTLS_OK : RFCTLS_E_MEMORY;
}
