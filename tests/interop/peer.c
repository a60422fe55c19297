/* A small TLS program on the public API alone, for tests to set against other programs:
 *
 *   peer client HOST PORT [SETTING=VALUE ...]   sends its input, prints as many bytes as it sent
 *   peer echo COUNT [SETTING=VALUE ...]         serves COUNT connections: sends back what comes
 *   peer http COUNT [SETTING=VALUE ...]         the same: answers a request with its own head
 *
 * Settings: ca=FILE, identity=PREFIX (PREFIX.pem and PREFIX.key), alpn=NAME (again for the next),
 * name=HOST, version=1.2 (that one alone), demand=optional|required, extension=NUMBER:TEXT, and
 * ciphers, suites, groups, keylog, resume=off. A client without input reads
 * one byte. A server listens on a port that its first line, port=NUMBER, tells. Each connection
 * makes one line on standard error, key=value between tabs: what was agreed, what was seen of the
 * peer, and how it ended. Exits with 1 if a client's connection failed, 2 if there was none. */
#include <rfctls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#endif

#define LIMIT_MS 20000 /* of every timer that may wait for the peer; not reached when all is well */

/* How a connection went. The first failure is kept before the next call forgets it. */
typedef struct outcome {
  rfctls_status status;
  rfctls_reason reason;
  int alert;
  char origin[64];
  char message[512];
  size_t sent;
  size_t received;
} outcome;

typedef void talker(rfctls_socket *socket, outcome *result);

static int good(outcome *result, rfctls_status status) {
  if (status != RFCTLS_OK && result->status == RFCTLS_OK) {
    result->status = status;
    result->reason = rfctls_error_verify_reason();
    result->alert = rfctls_error_alert();
    snprintf(result->origin, sizeof result->origin, "%s", rfctls_error_origin());
    snprintf(result->message, sizeof result->message, "%s", rfctls_error_message());
  }
  return status == RFCTLS_OK;
}

static int send_all(rfctls_socket *socket, outcome *result, const void *data, size_t size) {
  size_t sent = 0;
  int ok = good(result, rfctls_socket_send(socket, 0, data, size, &sent));
  result->sent += sent;
  return ok;
}

/* How much came; 0 at the end, however it came. */
static size_t receive(rfctls_socket *socket, outcome *result, void *buffer, size_t capacity) {
  size_t received = 0;
  good(result, rfctls_socket_recv(socket, 0, buffer, capacity, &received));
  result->received += received;
  return received;
}

/* ---- what is said ---- */

static void talk_as_client(rfctls_socket *socket, outcome *result) {
  static char buffer[65536];
  size_t size = fread(buffer, 1, sizeof buffer, stdin);
  size_t expected = size > 0 ? size : 1;
  if (size > 0 && !send_all(socket, result, buffer, size)) {
    return;
  }
  while (result->received < expected) {
    size = receive(socket, result, buffer, expected - result->received);
    if (size == 0) {
      return;
    }
    fwrite(buffer, 1, size, stdout);
  }
}

static void echo(rfctls_socket *socket, outcome *result) {
  char buffer[16384];
  size_t size;
  do {
    size = receive(socket, result, buffer, sizeof buffer);
  } while (size > 0 && send_all(socket, result, buffer, size));
}

static void answer_http(rfctls_socket *socket, outcome *result) {
  static char request[65536];
  static const char end[] = {'\r', '\n', '\r', '\n'};
  char head[128];
  size_t size = 0, more;
  int head_size;
  do {
    more = receive(socket, result, request + size, sizeof request - size);
    size += more;
    if (more == 0) {
      return;
    }
  } while (size < sizeof end || memcmp(request + size - sizeof end, end, sizeof end) != 0);
  head_size = snprintf(head, sizeof head,
                       "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", size);
  if (send_all(socket, result, head, (size_t)head_size)) {
    send_all(socket, result, request, size);
  }
}

/* ---- what is told ---- */

static const struct {
  const char *name;
  rfctls_tls_version version;
} versions[] = {
    {"1.0", RFCTLS_TLS_1_0},
    {"1.1", RFCTLS_TLS_1_1},
    {"1.2", RFCTLS_TLS_1_2},
    {"1.3", RFCTLS_TLS_1_3},
};

static void show(const char *key, const char *value) {
  if (value != NULL) {
    fprintf(stderr, "%s=%s\t", key, value);
  }
}

static void tell_bytes(const char *key, rfctls_status status, const unsigned char *bytes,
                       size_t size) {
  char text[2 * 64 + 1] = "";
  for (size_t i = 0; i < size; i++) {
    snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  }
  show(key, status == RFCTLS_OK ? text : NULL);
}

static void tell_bindings(const rfctls_socket *socket) {
  static const char *const types[] = {"tls-exporter", "tls-server-end-point", "tls-unique"};
  unsigned char bytes[64];
  size_t size = 0;
  rfctls_status status =
      rfctls_socket_export_key(socket, "EXPERIMENTAL rfctls", NULL, 0, bytes, 32, &size);
  tell_bytes("exported", status, bytes, size);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    status = rfctls_socket_channel_binding(socket, types[i], bytes, sizeof bytes, &size);
    tell_bytes(types[i], status, bytes, size);
  }
}

static void tell_agreement(const rfctls_socket *socket) {
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    if (versions[i].version == rfctls_socket_tls_version(socket)) {
      show("version", versions[i].name);
    }
  }
  show("cipher", rfctls_socket_cipher(socket));
  show("group", rfctls_socket_group(socket));
  show("alpn", rfctls_socket_protocol(socket));
  show("sni", rfctls_socket_server_name(socket));
  show("subject", rfctls_cert_subject(rfctls_socket_peer_cert(socket)));
  tell_bindings(socket);
}

static void tell_outcome(const outcome *result) {
  if (result->status != RFCTLS_OK) {
    show("origin", result->origin);
    show("message", result->message);
    show("reason", rfctls_reason_name(result->reason));
    fprintf(stderr, "alert=%d\t", result->alert);
  }
  fprintf(stderr, "sent=%zu\treceived=%zu\tstatus=%s\n", result->sent, result->received,
          rfctls_status_name(result->status));
}

static int converse(rfctls_socket *socket, talker *talk) {
  outcome result = {.alert = -1};
  if (good(&result, rfctls_socket_handshake(socket))) {
    talk(socket, &result);
  }
  good(&result, rfctls_socket_close(socket));
  tell_agreement(socket);
  tell_outcome(&result);
  return result.status == RFCTLS_OK;
}

/* ---- settings ---- */

static rfctls_status add_authority(rfctls_config *config, const char *path) {
  rfctls_chain *chain = NULL;
  rfctls_status status = rfctls_chain_from_file(path, NULL, &chain);
  if (status == RFCTLS_OK) {
    status = rfctls_config_add_authority(config, rfctls_chain_at(chain, 0));
  }
  rfctls_chain_unref(chain);
  return status;
}

static rfctls_status set_identity(rfctls_config *config, const char *prefix) {
  char path[4096];
  rfctls_chain *chain = NULL;
  rfctls_key *key = NULL;
  rfctls_status status;
  snprintf(path, sizeof path, "%s.pem", prefix);
  status = rfctls_chain_from_file(path, NULL, &chain);
  if (status == RFCTLS_OK) {
    snprintf(path, sizeof path, "%s.key", prefix);
    status = rfctls_key_from_file(path, NULL, &key);
  }
  if (status == RFCTLS_OK) {
    status = rfctls_config_set_identity(config, chain, key);
  }
  rfctls_key_unref(key);
  rfctls_chain_unref(chain);
  return status;
}

static rfctls_status set_version(rfctls_config *config, const char *name) {
  rfctls_tls_version version = RFCTLS_TLS_ANY;
  for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
    if (strcmp(versions[i].name, name) == 0) {
      version = versions[i].version;
    }
  }
  return rfctls_config_set_versions(config, version, version);
}

static rfctls_status set_demand(rfctls_config *config, const char *name) {
  int required = strcmp(name, "required") == 0;
  return rfctls_config_set_peer_cert(
      config, required ? RFCTLS_PEER_CERT_REQUIRED : RFCTLS_PEER_CERT_OPTIONAL);
}

static rfctls_status add_extension(rfctls_config *config, const char *value) {
  char *text = NULL;
  unsigned long type = strtoul(value, &text, 10);
  text += *text == ':';
  return rfctls_config_add_hello_extension(config, (uint16_t)type, text, strlen(text));
}

static rfctls_status set_resumption(rfctls_config *config, const char *value) {
  return rfctls_config_set_session_cache(config, strcmp(value, "off") != 0);
}

static const struct {
  const char *name;
  rfctls_status(RFCTLS_CALL *apply)(rfctls_config *config, const char *value);
} settings[] = {
    {"ca", add_authority},
    {"identity", set_identity},
    {"alpn", rfctls_config_add_protocol},
    {"name", rfctls_config_set_server_name},
    {"version", set_version},
    {"demand", set_demand},
    {"extension", add_extension},
    {"ciphers", rfctls_config_set_ciphers},
    {"suites", rfctls_config_set_cipher_suites},
    {"groups", rfctls_config_set_groups},
    {"keylog", rfctls_config_insecure_log_keys},
    {"resume", set_resumption},
};

static int complain(const char *what) {
  fprintf(stderr, "peer: %s: %s: %s\n", what, rfctls_status_name(rfctls_error_status()),
          rfctls_error_message());
  return 2;
}

static int apply(rfctls_config *config, const char *setting) {
  size_t size = strcspn(setting, "=");
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    if (strlen(settings[i].name) == size && strncmp(settings[i].name, setting, size) == 0 &&
        setting[size] == '=') {
      return settings[i].apply(config, setting + size + 1) == RFCTLS_OK;
    }
  }
  return 0;
}

/* The tests stand alone: what the system trusts does not count, and nothing waits for ever. */
static int prepare(rfctls_config *config, char **arguments) {
  static const rfctls_timer timers[] = {RFCTLS_TIMER_READ, RFCTLS_TIMER_WRITE, RFCTLS_TIMER_ACCEPT};
  if (rfctls_config_set_system_trust(config, 0) != RFCTLS_OK) {
    return complain("system trust");
  }
  for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
    if (rfctls_config_set_timeout(config, timers[i], LIMIT_MS) != RFCTLS_OK) {
      return complain("timer");
    }
  }
  for (; *arguments != NULL; arguments++) {
    if (!apply(config, *arguments)) {
      return complain(*arguments);
    }
  }
  return 0;
}

/* ---- the two roles ---- */

static int run_client(rfctls_config *config, const char *host, const char *port) {
  rfctls_socket *socket = NULL;
  int ok;
  if (rfctls_socket_connect(host, port, config, &socket) != RFCTLS_OK) {
    return complain("connect");
  }
  ok = converse(socket, talk_as_client);
  rfctls_socket_unref(socket);
  return ok ? 0 : 1;
}

static int tell_port(const rfctls_socket *listener) {
  rfctls_address *address = NULL;
  if (rfctls_socket_local_address(listener, &address) != RFCTLS_OK) {
    return complain("local address");
  }
  fprintf(stderr, "port=%u\n", rfctls_address_port(address));
  rfctls_address_unref(address);
  return 0;
}

static int run_server(rfctls_config *config, int connections, talker *talk) {
  rfctls_socket *listener = NULL, *socket;
  int code;
  if (rfctls_socket_listen("127.0.0.1", "0", config, &listener) != RFCTLS_OK) {
    return complain("listen");
  }
  code = tell_port(listener);
  for (; code == 0 && connections > 0; connections--) {
    if (rfctls_socket_accept(listener, &socket) == RFCTLS_OK) {
      converse(socket, talk);
      rfctls_socket_unref(socket);
    } else {
      code = complain("accept");
    }
  }
  rfctls_socket_unref(listener);
  return code;
}

/* Windows would change line ends on their way. */
static void keep_bytes(void) {
#if defined(_WIN32)
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
  _setmode(_fileno(stderr), _O_BINARY);
#endif
}

int main(int argc, char **argv) {
  int client = argc > 3 && strcmp(argv[1], "client") == 0;
  rfctls_config *config = NULL;
  int code;
  keep_bytes();
  if (argc < 3) {
    fprintf(stderr,
            "usage: peer client HOST PORT [SETTING=VALUE ...]\n"
            "       peer echo|http COUNT [SETTING=VALUE ...]\n");
    return 2;
  }
  if (rfctls_config_new(client ? RFCTLS_CLIENT : RFCTLS_SERVER, &config) != RFCTLS_OK) {
    return complain("config");
  }
  code = prepare(config, argv + (client ? 4 : 3));
  if (code == 0) {
    code = client ? run_client(config, argv[2], argv[3])
                  : run_server(config, atoi(argv[2]),
                               strcmp(argv[1], "http") == 0 ? answer_http : echo);
  }
  rfctls_config_unref(config);
  return code;
}
