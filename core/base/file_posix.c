/* Files, as POSIX has them: see file.h. */
#if !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"

static rfctls_status cannot_open(const char *path) {
  int code = errno;
  rfctls_status status = rfctls__refuse_pem(path);
  return status == RFCTLS_OK ? rfctls__fail_system(RFCTLS_E_SYSTEM, code, "cannot open %s", path)
                             : status;
}

static rfctls_status too_large(const char *path) {
  return rfctls__fail(RFCTLS_E_LIMIT, "%s is larger than %d bytes", path, RFCTLS__FILE_LIMIT);
}

static rfctls_status read_all(int fd, const char *path, size_t expected, rfctls__buffer *out) {
  size_t before = rfctls__buffer_size(out);
  for (;;) {
    uint8_t *room;
    ssize_t count;
    size_t have = rfctls__buffer_size(out) - before;
    /* One byte more than it says, to meet the end without growing once more. */
    rfctls_status status =
        rfctls__buffer_reserve(out, have < expected ? expected - have + 1 : 4096, &room);
    if (status != RFCTLS_OK) {
      return status;
    }
    count = read(fd, room, rfctls__buffer_room(out));
    if (count == 0) {
      return RFCTLS_OK;
    }
    if (count > 0) {
      rfctls__buffer_commit(out, (size_t)count);
    } else if (errno != EINTR) {
      return rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot read %s", path);
    }
    if (rfctls__buffer_size(out) - before > RFCTLS__FILE_LIMIT) {
      return too_large(path);
    }
  }
}

rfctls_status rfctls__file_read(const char *path, rfctls__buffer *out) {
  rfctls_status status = RFCTLS_OK;
  size_t before = rfctls__buffer_size(out);
  struct stat facts;
  /* O_NONBLOCK: a FIFO without a writer does not hold us up. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return cannot_open(path);
  }
  if (fstat(fd, &facts) != 0) {
    status = rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot read %s", path);
  } else if (!S_ISREG(facts.st_mode)) {
    status = rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a regular file", path);
  } else if (facts.st_size > RFCTLS__FILE_LIMIT) {
    status = too_large(path);
  } else {
    status = read_all(fd, path, (size_t)facts.st_size, out);
  }
  if (status != RFCTLS_OK) {
    out->tail = out->head + before;
  }
  (void)close(fd);
  return status;
}

rfctls_status rfctls__file_append(const char *path, rfctls__bytes bytes) {
  rfctls_status status = RFCTLS_OK;
  struct stat facts;
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
  if (fd < 0) {
    return cannot_open(path);
  }
  if (fstat(fd, &facts) != 0) {
    status = rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot write %s", path);
  } else if (!S_ISREG(facts.st_mode)) {
    status = rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a regular file", path);
  } else if (bytes.size > 0 && write(fd, bytes.data, bytes.size) != (ssize_t)bytes.size) {
    status = rfctls__fail_system(RFCTLS_E_SYSTEM, errno, "cannot write %s", path);
  }
  (void)close(fd);
  return status;
}

rfctls_status rfctls__file_check_folder(const char *path) {
  struct stat facts;
  if (stat(path, &facts) != 0) {
    return cannot_open(path);
  }
  return S_ISDIR(facts.st_mode) ? RFCTLS_OK
                                : rfctls__fail(RFCTLS_E_SYSTEM, "%s is not a folder", path);
}

static int64_t nanoseconds(struct timespec time) {
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void rfctls__file_look(const char *path, rfctls__file_stamp *out) {
  struct stat facts;
  memset(out, 0, sizeof *out);
  if (stat(path, &facts) == 0) {
    out->device = (uint64_t)facts.st_dev;
    out->number = (uint64_t)facts.st_ino;
    out->size = (int64_t)facts.st_size;
    out->modified = nanoseconds(facts.st_mtim);
    out->changed = nanoseconds(facts.st_ctim);
  }
}

int rfctls__file_same(const rfctls__file_stamp *a, const rfctls__file_stamp *b) {
  return a->device == b->device && a->number == b->number && a->size == b->size &&
         a->modified == b->modified && a->changed == b->changed;
}
