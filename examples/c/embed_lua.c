/* A server in C whose answers are written in Lua: each thread has a Lua state of its own, accepts, and
 * hands the connections to the function that the script returned.
 *
 *   embed_lua IDENTITY HANDLER [CONNECTIONS [PORT]]
 *
 * IDENTITY is a PEM file with a certificate chain and its key, HANDLER a Lua file, as lua/handler.lua.
 * Prints the port it got (0, the default, asks for any free one), then serves so many connections (0: until
 * it is killed). Lua finds the module's files by LUA_PATH. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <rfctls.h>
#include <rfctls/lua.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 4 };

typedef struct server {
  rfctls_socket *listener;
  const char *handler;
  long limit; /* connections to serve, 0 for any number */
  atomic_long served;
} server;

static void complain(const char *text) {
  fprintf(stderr, "embed_lua: %s\n", text != NULL ? text : "an error that is no text");
}

/* A state that finds the module in this program, with the handler on its stack; NULL if it has none. */
static lua_State *new_state(const char *handler) {
  lua_State *L = luaL_newstate();
  if (L == NULL)
    return NULL;
  luaL_openlibs(L);
  lua_getglobal(L, "package");
  lua_getfield(L, -1, "preload");
  lua_pushcfunction(L, luaopen_rfctls_native);
  lua_setfield(L, -2, "rfctls.native");
  lua_settop(L, 0);
  if (luaL_loadfile(L, handler) != 0 || lua_pcall(L, 0, 1, 0) != 0) {
    complain(lua_tostring(L, -1));
    lua_close(L);
    return NULL;
  }
  return L;
}

/* Calls the handler, which is on the stack, with the connection. */
static void hand_over(lua_State *L, rfctls_socket *socket) {
  lua_pushvalue(L, 1);
  if (rfctls_lua_push_socket(L, socket) != RFCTLS_OK || lua_pcall(L, 1, 0, 0) != 0)
    complain(lua_tostring(L, -1));
  lua_settop(L, 1);
}

static void serve(lua_State *L, rfctls_socket *socket) {
  if (rfctls_socket_handshake(socket) == RFCTLS_OK)
    hand_over(L, socket);
  else
    complain(rfctls_error_message());
  rfctls_socket_close(socket);
  rfctls_socket_unref(socket);
}

/* Closing the listener wakes the other threads, whose accept then fails. */
static void count(server *self) {
  if (atomic_fetch_add(&self->served, 1) + 1 == self->limit)
    rfctls_socket_close(self->listener);
}

static void *run(void *argument) {
  server *self = argument;
  rfctls_socket *socket;
  lua_State *L = new_state(self->handler);
  if (L == NULL)
    exit(1);
  while (rfctls_socket_accept(self->listener, &socket) == RFCTLS_OK) {
    serve(L, socket);
    count(self);
  }
  if (rfctls_error_status() != RFCTLS_E_CLOSED)
    complain(rfctls_error_message());
  lua_close(L);
  return NULL;
}

static rfctls_status make_config(const char *identity, rfctls_config **out) {
  rfctls_chain *chain = NULL;
  rfctls_key *key = NULL;
  rfctls_status status = rfctls_config_new(RFCTLS_SERVER, out);
  if (status == RFCTLS_OK)
    status = rfctls_identity_from_file(identity, NULL, NULL, &chain, &key);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_identity(*out, chain, key);
  if (status == RFCTLS_OK)
    status = rfctls_config_set_timeout(*out, RFCTLS_TIMER_READ, 60000);
  rfctls_chain_unref(chain);
  rfctls_key_unref(key);
  return status;
}

static rfctls_status print_port(const rfctls_socket *listener) {
  rfctls_address *address = NULL;
  rfctls_status status = rfctls_socket_local_address(listener, &address);
  if (status == RFCTLS_OK) {
    printf("%u\n", (unsigned)rfctls_address_port(address));
    fflush(stdout);
  }
  rfctls_address_unref(address);
  return status;
}

static void run_threads(server *self) {
  pthread_t threads[THREADS];
  int started = 0;
  while (started < THREADS && pthread_create(&threads[started], NULL, run, self) == 0)
    started++;
  if (started < THREADS)
    complain("fewer threads than wanted");
  while (started > 0)
    pthread_join(threads[--started], NULL);
}

int main(int argc, char **argv) {
  server self = {0};
  rfctls_config *config = NULL;
  rfctls_status status;
  if (argc < 3 || argc > 5) {
    fprintf(stderr, "usage: embed_lua IDENTITY HANDLER [CONNECTIONS [PORT]]\n");
    return 2;
  }
  self.handler = argv[2];
  self.limit = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
  status = make_config(argv[1], &config);
  if (status == RFCTLS_OK)
    status = rfctls_socket_listen(NULL, argc > 4 ? argv[4] : "0", config, &self.listener);
  if (status == RFCTLS_OK)
    status = print_port(self.listener);
  if (status == RFCTLS_OK)
    run_threads(&self);
  else
    complain(rfctls_error_message());
  rfctls_socket_unref(self.listener);
  rfctls_config_unref(config);
  return status == RFCTLS_OK ? 0 : 1;
}
