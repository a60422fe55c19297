/* librfctls: TLS sockets behind one small, stable C ABI. This header includes all the others.
 *
 * The tour, in the order a program meets it:
 *
 *   rfctls/status.h    how every call ends: one enum, and the details of the last error
 *   rfctls/version.h   what library and engine this is
 *   rfctls/cert.h      one X.509 certificate        rfctls/chain.h     a list of them
 *   rfctls/key.h       one private key              rfctls/identity.h  a chain and its key, loaded together
 *   rfctls/config.h    what a socket should be; frozen at its first use
 *   rfctls/address.h   who and where                rfctls/raw.h       the TCP socket below
 *   rfctls/socket.h    the TLS socket: connect, listen, accept, handshake, send, recv, close
 *   rfctls/stream.h    lines and buffered writing over a socket
 *   rfctls/session.h   what a client keeps to resume later
 *   rfctls/pollset.h   wait for many sockets at once
 *
 * A whole client, errors left out:
 *
 *   rfctls_config *config; rfctls_socket *socket; size_t n; char buffer[4096];
 *   rfctls_config_new(RFCTLS_CLIENT, &config);
 *   rfctls_socket_connect("example.org", "443", config, &socket);
 *   rfctls_socket_handshake(socket);                  (chain, trust store and host name checked)
 *   rfctls_socket_send(socket, 0, "hello", 5, &n);
 *   rfctls_socket_recv(socket, 0, buffer, sizeof buffer, &n);
 *   rfctls_socket_close(socket);
 *   rfctls_socket_unref(socket); rfctls_config_unref(config);
 *
 * Rules that hold everywhere, so that no comment repeats them:
 *
 *   Returns   a function that can fail returns rfctls_status: 0 done, > 0 not finished, < 0 failed.
 *             RFCTLS_E_ARGUMENT stands for a NULL handle or a value out of range in each of them.
 *   Outputs   are the last parameters, set only on success and NULL or 0 otherwise (a descriptor: -1), whatever
 *             was wrong; counts of bytes sent say what has left, on failure too.
 *   Owns      T **out gives you one reference, to be dropped by rfctls_<noun>_unref.
 *             A returned T * or const char * is borrowed from the first argument.
 *             A handle passed in stays yours; who keeps it takes a reference of its own.
 *             Bytes and strings passed in are copied before the call returns.
 *   unref     accepts NULL, is instantaneous, never sends and never waits.
 *   Threads   every function may be called from any thread; certificates, chains in use, keys, frozen
 *             configs, sessions and addresses are immutable; sockets are locked inside; a pollset and a config
 *             that is still being set up belong to one thread at a time.
 *   Units     times are int64_t: milliseconds for timers (-1 none, 0 poll), Unix seconds for dates.
 *             Booleans are int, 0 or 1. Text is UTF-8, ended by NUL.
 *   Fork      a child may only unref what its parent made; verbs answer RFCTLS_E_FORKED there.
 */
#ifndef RFCTLS_H
#define RFCTLS_H

#include "rfctls/types.h"

#include "rfctls/status.h"

#include "rfctls/version.h"

#include "rfctls/cert.h"
#include "rfctls/chain.h"
#include "rfctls/identity.h"
#include "rfctls/key.h"

#include "rfctls/address.h"
#include "rfctls/config.h"
#include "rfctls/raw.h"
#include "rfctls/session.h"
#include "rfctls/socket.h"

#include "rfctls/pollset.h"
#include "rfctls/stream.h"

#endif
