/* The stream: two buffers around a socket. Each belongs to the call that has its turn, so that no lock is
 * held while that call waits. */
#include "rfctls/stream.h"

#include <string.h>

#include "base/alloc.h"
#include "tls/close.h"
#include "tls/io.h"

enum {
  READ_AHEAD = 16 * 1024, /* one record */
  HELD = 64 * 1024        /* one step of sending */
};

struct rfctls_stream {
  rfctls__refcount refs;
  rfctls_socket *socket;
  int close_socket;
  int closed;  /* atomic                                  */
  int reading; /* whether a call has the turn: atomic     */
  int writing;

  rfctls__buffer in; /* of the reader: received, not read */
  size_t searched;   /* so far there is no newline in it  */

  rfctls__buffer out;    /* of the writer: written, not sent            */
  rfctls__error failure; /* how the last flush failed, while it closes */
};

rfctls_status rfctls_stream_open(rfctls_socket *socket, int close_socket, rfctls_stream **out) {
  rfctls_stream *stream;
  rfctls_status status;
  rfctls__enter(__func__);
  if (out == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no place for the stream");
  }
  *out = NULL;
  status = rfctls__enter_socket(socket);
  if (status == RFCTLS_OK && rfctls_socket_is_listener(socket)) {
    status = rfctls__fail(RFCTLS_E_STATE, "a listener has no stream");
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  stream = rfctls__alloc(sizeof *stream);
  if (stream == NULL) {
    return rfctls__fail_memory();
  }
  rfctls__refcount_init(&stream->refs);
  stream->socket = rfctls_socket_ref(socket);
  stream->close_socket = close_socket != 0;
  *out = stream;
  return RFCTLS_OK;
}

rfctls_stream *rfctls_stream_ref(rfctls_stream *stream) {
  if (stream != NULL) {
    rfctls__refcount_take(&stream->refs);
  }
  return stream;
}

void rfctls_stream_unref(rfctls_stream *stream) {
  if (stream != NULL && rfctls__refcount_drop(&stream->refs)) {
    rfctls__buffer_wipe(&stream->in);
    rfctls__buffer_wipe(&stream->out);
    rfctls_socket_unref(stream->socket);
    rfctls__free(stream);
  }
}

/* ---- turns ---- */

static rfctls_status take_turn(int *turn) {
  return __atomic_exchange_n(turn, 1, __ATOMIC_ACQ_REL) == 0
             ? RFCTLS_OK
             : rfctls__fail(RFCTLS_E_STATE, "another thread does the same with this stream");
}

static void give_turn(int *turn) {
  __atomic_store_n(turn, 0, __ATOMIC_RELEASE);
}

static int is_closed(const rfctls_stream *stream) {
  return __atomic_load_n(&stream->closed, __ATOMIC_ACQUIRE);
}

/* What every operation begins with: it is the only one of its direction, and has its timer once. */
static rfctls_status begin(rfctls_stream *stream, rfctls_timer timer, rfctls__wait_policy *policy) {
  rfctls_status status;
  if (stream == NULL) {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "no stream");
  }
  status = rfctls__wait_policy_of(stream->socket, 0, timer, policy);
  if (status == RFCTLS_OK && is_closed(stream)) {
    status = rfctls__fail(RFCTLS_E_CLOSED, "the stream is closed");
  }
  if (status != RFCTLS_OK) {
    return status;
  }
  return take_turn(timer == RFCTLS_TIMER_READ ? &stream->reading : &stream->writing);
}

/* ---- reading ---- */

/* One way to read from the buffer and what is received behind it: OK, or why there is nothing. */
typedef rfctls_status (*reader)(rfctls_stream *stream, const rfctls__wait_policy *policy,
                                void *buffer, size_t capacity, size_t *received);

static rfctls_status read_by(reader read, rfctls_stream *stream, void *buffer, size_t capacity,
                             size_t *received) {
  rfctls__wait_policy policy;
  rfctls_status status = rfctls__count(received, buffer, capacity);
  if (status == RFCTLS_OK) {
    status = begin(stream, RFCTLS_TIMER_READ, &policy);
  }
  if (status == RFCTLS_OK) {
    status = read(stream, &policy, buffer, capacity, received);
    if (rfctls__buffer_size(&stream->in) == 0) {
      rfctls__buffer_wipe(&stream->in);
    }
    give_turn(&stream->reading);
  }
  return status;
}

static size_t held(const rfctls_stream *stream) {
  return rfctls__buffer_size(&stream->in);
}

static size_t take(rfctls_stream *stream, void *buffer, size_t size) {
  size_t taken = rfctls__buffer_take(&stream->in, buffer, size);
  stream->searched -= stream->searched < taken ? stream->searched : taken;
  return taken;
}

/* OK with *more = 0 is the end. */
static rfctls_status fill(rfctls_stream *stream, const rfctls__wait_policy *policy, size_t *more) {
  uint8_t *room;
  rfctls_status status = rfctls__buffer_reserve(&stream->in, READ_AHEAD, &room);
  *more = 0;
  if (status == RFCTLS_OK) {
    status = rfctls__recv(stream->socket, policy, 0, room, READ_AHEAD, more);
    rfctls__buffer_commit(&stream->in, *more);
  }
  return status;
}

static rfctls_status read_some(rfctls_stream *stream, const rfctls__wait_policy *policy,
                               void *buffer, size_t capacity, size_t *received) {
  rfctls_status status = RFCTLS_OK;
  size_t more;
  if (held(stream) == 0 && capacity >= READ_AHEAD) {
    return rfctls__recv(stream->socket, policy, 0, buffer, capacity, received);
  }
  if (held(stream) == 0 && capacity > 0) {
    status = fill(stream, policy, &more);
  }
  *received = status == RFCTLS_OK ? take(stream, buffer, capacity) : 0;
  return status;
}

/* How many bytes the line has that is there; 0: its end is not, within limit. */
static size_t find_line(rfctls_stream *stream, size_t limit) {
  rfctls__bytes bytes = rfctls__buffer_bytes(&stream->in);
  size_t end = bytes.size < limit ? bytes.size : limit;
  const uint8_t *newline = NULL;
  if (stream->searched < end) {
    newline = memchr(bytes.data + stream->searched, '\n', end - stream->searched);
    stream->searched = newline != NULL ? (size_t)(newline - bytes.data) : end;
  }
  return newline != NULL ? stream->searched + 1 : 0;
}

static rfctls_status read_line(rfctls_stream *stream, const rfctls__wait_policy *policy,
                               void *buffer, size_t capacity, size_t *received) {
  size_t size, more = 1;
  while ((size = find_line(stream, capacity)) == 0 && more > 0) {
    rfctls_status status;
    if (held(stream) >= capacity) {
      return rfctls__fail(RFCTLS_E_LIMIT, "the line is longer than %zu bytes", capacity);
    }
    status = fill(stream, policy, &more);
    if (status != RFCTLS_OK) {
      return status;
    }
  }
  *received = take(stream, buffer, size > 0 ? size : capacity);
  return RFCTLS_OK;
}

static rfctls_status read_all(rfctls_stream *stream, const rfctls__wait_policy *policy,
                              void *buffer, size_t capacity, size_t *received) {
  for (size_t more = 1; more > 0;) {
    rfctls_status status = fill(stream, policy, &more);
    if (status != RFCTLS_OK) {
      return status;
    }
    if (held(stream) > capacity) {
      return rfctls__fail(RFCTLS_E_LIMIT, "more than %zu bytes came", capacity);
    }
  }
  *received = take(stream, buffer, capacity);
  return RFCTLS_OK;
}

rfctls_status rfctls_stream_read(rfctls_stream *stream, void *buffer, size_t capacity,
                                 size_t *received) {
  rfctls__enter(__func__);
  return read_by(read_some, stream, buffer, capacity, received);
}

rfctls_status rfctls_stream_read_line(rfctls_stream *stream, void *buffer, size_t capacity,
                                      size_t *received) {
  rfctls__enter(__func__);
  return read_by(read_line, stream, buffer, capacity, received);
}

rfctls_status rfctls_stream_read_all(rfctls_stream *stream, void *buffer, size_t capacity,
                                     size_t *received) {
  rfctls__enter(__func__);
  return read_by(read_all, stream, buffer, capacity, received);
}

/* ---- writing ---- */

/* What was sent in part stays at the head of the buffer: bytes that are pending come first again. */
static rfctls_status flush(rfctls_stream *stream, const rfctls__wait_policy *policy) {
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && rfctls__buffer_size(&stream->out) > 0) {
    rfctls__bytes bytes = rfctls__buffer_bytes(&stream->out);
    size_t sent = 0;
    status = rfctls__send(stream->socket, policy, bytes.data, bytes.size, &sent);
    rfctls__buffer_consume(&stream->out, sent);
  }
  if (status == RFCTLS_OK) {
    rfctls__buffer_wipe(&stream->out);
  }
  return status;
}

static rfctls_status write_through(rfctls_stream *stream, const rfctls__wait_policy *policy,
                                   const uint8_t *data, size_t size, size_t *taken) {
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && *taken < size) {
    size_t room = HELD - rfctls__buffer_size(&stream->out);
    size_t part = size - *taken < room ? size - *taken : room;
    status = rfctls__buffer_append(&stream->out, data + *taken, part);
    *taken += status == RFCTLS_OK ? part : 0;
    if (status == RFCTLS_OK && rfctls__buffer_size(&stream->out) == HELD) {
      status = flush(stream, policy);
    }
  }
  return status > 0 && *taken > 0 ? RFCTLS_OK : status;
}

rfctls_status rfctls_stream_write(rfctls_stream *stream, const void *data, size_t size,
                                  size_t *sent) {
  rfctls__wait_policy policy;
  rfctls_status status;
  rfctls__enter(__func__);
  status = rfctls__count(sent, data, size);
  if (status == RFCTLS_OK) {
    status = begin(stream, RFCTLS_TIMER_WRITE, &policy);
  }
  if (status == RFCTLS_OK) {
    status = write_through(stream, &policy, data, size, sent);
    give_turn(&stream->writing);
  }
  return status;
}

rfctls_status rfctls_stream_flush(rfctls_stream *stream) {
  rfctls__wait_policy policy;
  rfctls_status status;
  rfctls__enter(__func__);
  status = begin(stream, RFCTLS_TIMER_WRITE, &policy);
  if (status == RFCTLS_OK) {
    status = flush(stream, &policy);
    give_turn(&stream->writing);
  }
  return status;
}

/* ---- closing ---- */

/* What cannot be sent any more is given up, and said at the end. */
static rfctls_status flush_for_good(rfctls_stream *stream, const rfctls__wait_policy *policy) {
  rfctls_status status = flush(stream, policy);
  if (status < 0 && status != RFCTLS_E_TIMEOUT) {
    rfctls__error_save(&stream->failure);
    rfctls__buffer_wipe(&stream->out);
    status = RFCTLS_OK;
  }
  return status;
}

static rfctls_status close_all(rfctls_stream *stream, const rfctls__wait_policy *policy) {
  rfctls_status status = flush_for_good(stream, policy);
  if (status != RFCTLS_OK) {
    return status;
  }
  if (stream->close_socket) {
    status = rfctls__close(stream->socket);
    if (status > 0) {
      return status;
    }
  }
  __atomic_store_n(&stream->closed, 1, __ATOMIC_RELEASE);
  return stream->failure.status != RFCTLS_OK ? rfctls__error_restore(&stream->failure) : status;
}

rfctls_status rfctls_stream_close(rfctls_stream *stream) {
  rfctls__wait_policy policy;
  rfctls_status status;
  rfctls__enter(__func__);
  if (stream != NULL && is_closed(stream)) {
    return RFCTLS_OK;
  }
  status = begin(stream, RFCTLS_TIMER_WRITE, &policy);
  if (status == RFCTLS_OK) {
    status = close_all(stream, &policy);
    give_turn(&stream->writing);
  }
  return status;
}
