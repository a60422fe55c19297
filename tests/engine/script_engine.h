/* An engine without cryptography, for tests of the core: it does what a script says, and its records
 * can be read. A record is one byte of kind, two bytes of size (big endian), and the payload:
 *
 *   'h' handshake   'd' data   'c' close_notify   'a' alert (one byte)   'k' key update, answered
 *
 * A handshake is one 'h' each way. The client speaks first. */
#ifndef RFCTLS_TESTS_SCRIPT_ENGINE_H
#define RFCTLS_TESTS_SCRIPT_ENGINE_H

#include "engine/engine.h"

#if defined(__cplusplus)
extern "C" {
#endif

typedef struct script_engine {
  rfctls_status question; /* asked once after the peer's 'h': WANT_VERIFY, WANT_IDENTITY, or OK */
  rfctls_status
      encrypt_once; /* what the next encrypt answers, once; OK: nothing special            */
  rfctls_status
      notify_once; /* what the next close_notify answers, once                            */
  rfctls_status
      update_once; /* what the next key_update answers, once                              */
  int half;        /* half of a message has come: whoever writes wants the rest first       */
  size_t step;     /* the most plaintext of one encrypt; 0: RFCTLS__STEP                   */
  uint8_t session; /* the number of the session that a connection gives; 0: none          */
  uint8_t spent;   /* the number of one that is not taken any more                        */
  int refused;     /* the peer wanted to renegotiate                                       */
  int unseen;      /* WANT_VERIFY comes without a finding                                  */
  int forgets;     /* the server takes none                                               */
  int answers;     /* how often a question was answered                                    */
} script_engine;

extern script_engine script;

#if defined(__cplusplus)
}
#endif

#endif
