/* Sends text to an echo server and checks what comes back.
 *
 *   echo_client HOST PORT CAFILE SERVERNAME TEXT_BYTES
 *
 * Prints one line, fields set apart by tabs: language, TLS version, cipher, the peer's name as
 * verified, bytes echoed, milliseconds from connecting to the last byte. */
#include <rfctls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(_WIN32)
#include <windows.h>
#endif

enum { LINE = 64, CHUNK = 64 * LINE };

/* One line of the text. It reads the same backwards, so that a server which reverses every line
 * (openssl s_server -rev) serves as well. */
static void write_line(char line[LINE], size_t number) {
  const size_t text = LINE - 1; /* without the newline */
  for (size_t i = 0; i <= text / 2; i++) {
    line[i] = (char)('!' + (number * 31 + i * i) % 90);
    line[text - 1 - i] = line[i];
  }
  line[text] = '\n';
}

/* Sends the text chunk by chunk, each after the last came back: neither end has to buffer it all. */
static rfctls_status echo(rfctls_socket *socket, size_t bytes, size_t *echoed) {
  rfctls_status status = RFCTLS_OK;
  char sent[CHUNK], back[CHUNK];
  *echoed = 0;
  while (status == RFCTLS_OK && *echoed < bytes) {
    size_t size = bytes - *echoed < CHUNK ? bytes - *echoed : CHUNK;
    size_t count = 0;
    for (size_t i = 0; i * LINE < CHUNK; i++)
      write_line(sent + i * LINE, *echoed / LINE + i);
    sent[size - 1] = '\n'; /* the last line may be shorter: whoever reads lines waits for its end */
    status = rfctls_socket_send(socket, 0, sent, size, &count);
    if (status == RFCTLS_OK)
      status = rfctls_socket_recv(socket, RFCTLS_WAITALL, back, size, &count);
    if (status == RFCTLS_OK && (count != size || memcmp(sent, back, size) != 0))
      break; /* the caller sees that too little was echoed */
    if (status == RFCTLS_OK)
      *echoed += size;
  }
  return status;
}

static rfctls_status make_config(const char *cafile, const char *name, rfctls_config **out) {
  rfctls_status status = rfctls_config_new(RFCTLS_CLIENT, out);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_system_trust(*out, 0);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_server_name(*out, name);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_READ, 30000);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_WRITE, 30000);
  if (status == RFCTLS_OK)
    status = rfctls_config_add_trust_file(*out, cafile, NULL);
  return status;
}

static const char *version_text(rfctls_tls_version version) {
  return version == RFCTLS_TLS_1_3 ? "TLSv1.3" : version == RFCTLS_TLS_1_2 ? "TLSv1.2" : "unknown";
}

static long long now_ms(void) {
#if defined(_WIN32) /* its older C library has no timespec_get */
  return (long long)GetTickCount64();
#else
  struct timespec now;
  timespec_get(&now, TIME_UTC);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
#endif
}

int main(int argc, char **argv) {
  rfctls_config *config = NULL;
  rfctls_socket *socket = NULL;
  rfctls_status status;
  size_t bytes, echoed = 0;
  long long start = now_ms();
  if (argc != 6) {
    fprintf(stderr, "usage: echo_client HOST PORT CAFILE SERVERNAME TEXT_BYTES\n");
    return 2;
  }
  bytes = strtoul(argv[5], NULL, 10);
  status = make_config(argv[3], argv[4], &config);
  if (status == RFCTLS_OK)
    status = rfctls_socket_connect(argv[1], argv[2], config, &socket);
  if (status == RFCTLS_OK)
    status = rfctls_socket_handshake(socket);
  if (status == RFCTLS_OK)
    status = echo(socket, bytes, &echoed);
  if (status == RFCTLS_OK)
    status = rfctls_socket_close(socket);
  if (status != RFCTLS_OK)
    fprintf(stderr, "echo_client: %s\n", rfctls_error_message());
  else if (echoed != bytes)
    fprintf(stderr, "echo_client: what came back differs after %zu bytes\n", echoed);
  else
    printf("C\t%s\t%s\t%s\t%zu\t%lld\n", version_text(rfctls_socket_tls_version(socket)),
           rfctls_socket_cipher(socket), rfctls_socket_server_name(socket), echoed,
           now_ms() - start);
  rfctls_socket_unref(socket);
  rfctls_config_unref(config);
  return status == RFCTLS_OK && echoed == bytes ? 0 : 1;
}
