/* The calls that may wait for others are made outside Guile mode, so that a collection that another
 * thread starts need not wait for them. They are few: all other verbs are tried on non-blocking
 * sockets, where leaving Guile mode would cost more than the verb. */

/* AWAY(function, its parameters as members, the same as arguments): what scm_without_guile runs. */
#define AWAY(function, members, ...)        \
  struct function##_call {                  \
    members;                                \
    rfctls_status status;                   \
  };                                        \
  static void *function##_run(void *data) { \
    struct function##_call *call = data;    \
    call->status = function(__VA_ARGS__);   \
    return NULL;                            \
  }

/* clang-format off */
AWAY(rfctls_addresses_resolve,
     const char *node;
     const char *service;
     rfctls_family family;
     int passive;
     rfctls_addresses **out,
     call->node, call->service, call->family, call->passive, call->out)

AWAY(rfctls_raw_connect_unix,
     const char *path;
     int64_t timeout_ms;
     rfctls_raw **out,
     call->path, call->timeout_ms, call->out)

AWAY(rfctls_raw_accept,
     rfctls_raw *listener;
     rfctls_raw **out,
     call->listener, call->out)

AWAY(rfctls_raw_send,
     rfctls_raw *raw;
     uint32_t flags;
     const void *data;
     size_t size;
     size_t *sent,
     call->raw, call->flags, call->data, call->size, call->sent)

AWAY(rfctls_raw_recv,
     rfctls_raw *raw;
     uint32_t flags;
     void *buffer;
     size_t capacity;
     size_t *received,
     call->raw, call->flags, call->buffer, call->capacity, call->received)

AWAY(rfctls_socket_connect,
     const char *node;
     const char *service;
     rfctls_config *config;
     rfctls_socket **out,
     call->node, call->service, call->config, call->out)

AWAY(rfctls_socket_listen,
     const char *node;
     const char *service;
     rfctls_config *config;
     rfctls_socket **out,
     call->node, call->service, call->config, call->out)

AWAY(rfctls_socket_wait,
     rfctls_socket *socket;
     rfctls_status want;
     int64_t timeout_ms,
     call->socket, call->want, call->timeout_ms)

AWAY(rfctls_stream_read,
     rfctls_stream *stream;
     void *buffer;
     size_t capacity;
     size_t *received,
     call->stream, call->buffer, call->capacity, call->received)

AWAY(rfctls_stream_read_line,
     rfctls_stream *stream;
     void *buffer;
     size_t capacity;
     size_t *received,
     call->stream, call->buffer, call->capacity, call->received)

AWAY(rfctls_stream_read_all,
     rfctls_stream *stream;
     void *buffer;
     size_t capacity;
     size_t *received,
     call->stream, call->buffer, call->capacity, call->received)

AWAY(rfctls_stream_write,
     rfctls_stream *stream;
     const void *data;
     size_t size;
     size_t *sent,
     call->stream, call->data, call->size, call->sent)

AWAY(rfctls_stream_flush, rfctls_stream *stream, call->stream)

AWAY(rfctls_stream_close, rfctls_stream *stream, call->stream)

AWAY(rfctls_pollset_wait,
     rfctls_pollset *pollset;
     int64_t timeout_ms;
     size_t *ready,
     call->pollset, call->timeout_ms, call->ready)
/* clang-format on */
