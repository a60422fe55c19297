/* The port types.
 *
 * "tls" is a port over a plain or a TLS socket. Its reading and writing are the facade's, so that they can
 * be suspended: Guile takes a Scheme procedure for both its own callers in C and those of
 * (ice-9 suspendable-ports). Unlike R6RS custom ports it reads what is there, and yet writes at once.
 *
 * "watch" stands for events of a descriptor, for the current-read-waiter of whatever schedules. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* ---- what a port holds: a reference of its own, so that the order of finalisers does not matter ---- */

enum { LINK_PLAIN = 1, LINK_CLOSES = 2 };

static scm_t_bits link_tag;

static SCM link_new(SCM handle, any_socket any, int closes) {
  scm_t_bits flags = (any.plain != NULL ? LINK_PLAIN : 0) | (closes ? LINK_CLOSES : 0);
  void *pointer =
      any.plain != NULL ? (void *)rfctls_raw_ref(any.plain) : (void *)rfctls_socket_ref(any.tls);
  return scm_new_double_smob(link_tag, (scm_t_bits)pointer, SCM_UNPACK(handle), flags);
}

static any_socket link_socket(SCM link) {
  any_socket any = {NULL, NULL};
  if ((SCM_SMOB_DATA_3(link) & LINK_PLAIN) != 0)
    any.plain = (rfctls_raw *)SCM_SMOB_DATA(link);
  else
    any.tls = (rfctls_socket *)SCM_SMOB_DATA(link);
  return any;
}

/* The port was dropped: nothing is sent, and nothing waited for. */
static size_t link_free(SCM link) {
  any_socket any = link_socket(link);
  if ((SCM_SMOB_DATA_3(link) & LINK_CLOSES) != 0)
    (void)(any.plain != NULL ? rfctls_raw_close(any.plain) : rfctls_socket_abort(any.tls));
  rfctls_raw_unref(any.plain);
  rfctls_socket_unref(any.tls);
  SCM_SET_SMOB_DATA(link, 0);
  SCM_SET_SMOB_DATA_3(link, 0);
  return 0;
}

/* ---- ports over sockets ---- */

static scm_t_port_type *port_type;

/* What the facade does, since it may have to wait: variables. Reading and writing are the type's own. */
static SCM is_ready, close_here;

static SCM port_link(SCM port) {
  return SCM_PACK(SCM_STREAM(port));
}

static SCM rfctls_port_socket(SCM port) {
  return SCM_SMOB_OBJECT_2(port_link(port));
}

static int port_fd(SCM port) {
  return (int)rfctls_any_wait_fd(link_socket(port_link(port)));
}

static int port_ready(SCM port) {
  return scm_is_true(scm_call_1(scm_variable_ref(is_ready), rfctls_port_socket(port)));
}

static void port_close(SCM port) {
  SCM link = port_link(port);
  if ((SCM_SMOB_DATA_3(link) & LINK_CLOSES) != 0) {
    SCM_SET_SMOB_DATA_3(link, SCM_SMOB_DATA_3(link) & ~(scm_t_bits)LINK_CLOSES);
    scm_call_1(scm_variable_ref(close_here), rfctls_port_socket(port));
  }
}

/* Half a TLS record of reading (RFC 8446 section 5.1): who reads more at once gets it past the buffer, and
 * each connection has one, which the collector works for. Writes need no flush. */
static void port_buffer_sizes(SCM port, size_t *read_size, size_t *write_size) {
  (void)port;
  *read_size = 8192;
  *write_size = 1;
}

/* mode is "r", "w" or "r+". */
static SCM rfctls_make_port(const char *mode, SCM socket, int closes) {
  return scm_c_make_port_with_encoding(
      port_type, scm_mode_bits((char *)mode), scm_from_utf8_symbol("ISO-8859-1"),
      scm_from_utf8_symbol("error"),
      SCM_UNPACK(link_new(socket, any_in(socket, 2, "rfctls-make-port"), closes)));
}

static void rfctls_set_port_procedures(SCM read, SCM write, SCM ready, SCM closes_here) {
  scm_set_port_scm_read(port_type, read);
  scm_set_port_scm_write(port_type, write);
  scm_variable_set_x(is_ready, ready);
  scm_variable_set_x(close_here, closes_here);
}

/* ---- watches ---- */

typedef struct watch {
  int epoll;
  int timer; /* -1: none */
} watch;

static scm_t_port_type *watch_type;
static int always_readable; /* a descriptor */

static watch *watch_of(SCM port) {
  return (watch *)SCM_STREAM(port);
}

static int watch_fd(SCM port) {
  return watch_of(port)->epoll;
}

static size_t watch_read(SCM port, SCM bytes, size_t start, size_t count) {
  (void)port, (void)bytes, (void)start, (void)count;
  return 0;
}

static void close_fd(int fd) {
  if (fd >= 0)
    close(fd);
}

static void watch_close(SCM port) {
  close_fd(watch_of(port)->timer);
  close_fd(watch_of(port)->epoll);
  *watch_of(port) = (watch){-1, -1};
}

static int watch_add(int epoll, int fd, uint32_t events) {
  struct epoll_event event = {.events = events};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static int timer_in(int64_t milliseconds) {
  struct itimerspec at = {.it_value = {.tv_sec = (time_t)(milliseconds / 1000),
                                       .tv_nsec = (long)(milliseconds % 1000) * 1000000}};
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (timer >= 0)
    timerfd_settime(timer, 0, &at, NULL);
  return timer;
}

/* A port that is readable when the descriptor has one of the events (RFCTLS_EVENT_*), or after some
 * milliseconds (more than 0; negative: never). */
static SCM rfctls_make_watch(intptr_t fd, uint32_t events, int64_t milliseconds) {
  uint32_t wanted = ((events & RFCTLS_EVENT_READ) != 0 ? EPOLLIN | EPOLLRDHUP : 0) |
                    ((events & RFCTLS_EVENT_WRITE) != 0 ? EPOLLOUT : 0);
  watch *made = scm_gc_malloc_pointerless(sizeof *made, "watch");
  int failed;
  made->epoll = epoll_create1(EPOLL_CLOEXEC);
  made->timer = milliseconds > 0 ? timer_in(milliseconds) : -1;
  failed = made->epoll < 0 || (milliseconds > 0 && made->timer < 0) ||
           watch_add(made->epoll, (int)fd, wanted) != 0 ||
           (made->timer >= 0 && watch_add(made->epoll, made->timer, EPOLLIN) != 0);
  if (failed) {
    int code = errno;
    close_fd(made->timer);
    close_fd(made->epoll);
    errno = code;
    scm_syserror("rfctls-make-watch");
  }
  return scm_c_make_port(watch_type, scm_mode_bits((char *)"r"), (scm_t_bits)made);
}

/* Makes a watch readable, once and for all. */
static void rfctls_watch_wake(SCM port) {
  if (SCM_PORTP(port) && SCM_PORT_TYPE(port) == watch_type && watch_of(port)->epoll >= 0)
    (void)watch_add(watch_of(port)->epoll, always_readable, EPOLLIN);
}

static void port_init(void) {
  always_readable = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
  is_ready = scm_permanent_object(scm_make_variable(SCM_BOOL_F));
  close_here = scm_permanent_object(scm_make_variable(SCM_BOOL_F));
  handle_type(&link_tag, "port-link", link_free);
  port_type = scm_make_port_type((char *)"tls", NULL, NULL);
  scm_set_port_input_waiting(port_type, port_ready);
  scm_set_port_read_wait_fd(port_type, port_fd);
  scm_set_port_write_wait_fd(port_type, port_fd);
  scm_set_port_close(port_type, port_close);
  scm_set_port_get_natural_buffer_sizes(port_type, port_buffer_sizes);
  watch_type = scm_make_port_type((char *)"watch", watch_read, NULL);
  scm_set_port_read_wait_fd(watch_type, watch_fd);
  scm_set_port_close(watch_type, watch_close);
  scm_set_port_needs_close_on_gc(watch_type, 1);
}
