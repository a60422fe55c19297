/* How every call ends, and what is known of the last failure on this thread. */
#ifndef RFCTLS_STATUS_H
#define RFCTLS_STATUS_H

#include "rfctls/types.h"

RFCTLS_BEGIN

typedef enum rfctls_status {
  /* > 0: not finished; do what is asked, then call again with the same arguments */
  RFCTLS_WANT_READ = 1,     /* wait until the socket is readable                          */
  RFCTLS_WANT_WRITE = 2,    /* wait until the socket is writable                          */
  RFCTLS_WANT_VERIFY = 3,   /* read the findings, rfctls_socket_answer_verify             */
  RFCTLS_WANT_IDENTITY = 4, /* rfctls_socket_answer_identity                              */
  /* = 0: done */
  RFCTLS_OK = 0,
  /* < 0: failed; one number, one exception class in every language */
  RFCTLS_E_ARGUMENT = -1,    /* a NULL handle, or a value out of range                    */
  RFCTLS_E_STATE = -2,       /* right call, wrong time                                    */
  RFCTLS_E_MEMORY = -3,      /* out of memory                                             */
  RFCTLS_E_UNSUPPORTED = -4, /* this engine or system cannot do it                        */
  RFCTLS_E_RESOLVE = -5,     /* the host or service name is not known                     */
  RFCTLS_E_CONNECT = -6,     /* no address of the host accepted a connection              */
  RFCTLS_E_SYSTEM = -7,      /* a system call failed: rfctls_error_system_code            */
  RFCTLS_E_TIMEOUT = -8,     /* the timer ran out; nothing is lost, call again            */
  RFCTLS_E_CLOSED = -9,      /* the handle was closed by us                               */
  RFCTLS_E_TRUNCATED = -10,  /* TCP ended without close_notify (RFC 8446 section 6.1)     */
  RFCTLS_E_PROTOCOL = -11,   /* the peer broke the protocol                               */
  RFCTLS_E_ALERT = -12,      /* the peer sent a fatal alert: rfctls_error_alert           */
  RFCTLS_E_VERIFY = -13,     /* the peer's certificate is refused: rfctls_error_verify_reason */
  RFCTLS_E_IDENTITY = -14,   /* our own certificate or key does not fit                   */
  RFCTLS_E_PARSE = -15,      /* a certificate, key or file could not be read              */
  RFCTLS_E_INTERNAL = -16,   /* a bug in this library                                     */
  RFCTLS_E_RESET = -17,      /* the peer reset the connection                             */
  RFCTLS_E_FORKED = -18,     /* a child process uses its parent's socket                  */
  RFCTLS_E_LIMIT = -19,      /* the peer sent more than we take                           */
  RFCTLS_STATUS_IS_INT = 0x7fffffff
} rfctls_status;
RFCTLS_ENUM_IS_INT(rfctls_status);

/* Why a certificate was refused. */
typedef enum rfctls_reason {
  RFCTLS_REASON_NONE = 0,
  RFCTLS_REASON_EXPIRED = 1,       /* its validity has ended                              */
  RFCTLS_REASON_NOT_YET_VALID = 2, /* its validity has not begun                          */
  RFCTLS_REASON_NAME = 3,          /* it is not for the host name or IP address asked for */
  RFCTLS_REASON_ISSUER = 4,        /* no trusted issuer was found                         */
  RFCTLS_REASON_SELF_SIGNED = 5,   /* it, or the chain's root, is self-signed and not trusted */
  RFCTLS_REASON_PURPOSE = 6,       /* its key usage does not allow this                   */
  RFCTLS_REASON_REVOKED = 7,       /* a revocation list names it                          */
  RFCTLS_REASON_WEAK = 8,          /* key or signature algorithm too weak                 */
  RFCTLS_REASON_SIGNATURE = 9,     /* a signature does not match                          */
  RFCTLS_REASON_CONSTRAINT = 10,   /* basic, path length or name constraints are broken   */
  RFCTLS_REASON_EXTENSION = 11,    /* an unknown critical extension                       */
  RFCTLS_REASON_MISSING = 12,      /* the peer sent no certificate                        */
  RFCTLS_REASON_REFUSED = 13,      /* the program's own verifier said no                  */
  RFCTLS_REASON_MALFORMED = 14,    /* it cannot be read                                   */
  RFCTLS_REASON_OTHER = 15,        /* see the message                                     */
  RFCTLS_REASON_IS_INT = 0x7fffffff
} rfctls_reason;
RFCTLS_ENUM_IS_INT(rfctls_reason);

/* What to do about the commonest failures:
 *
 *   E_TRUNCATED    rfctls_config_set_allow_truncation takes such an end, where the protocol above tells how
 *                  long its messages are
 *   E_VERIFY       ISSUER, SELF_SIGNED: rfctls_config_add_trust_file or rfctls_config_add_authority trusts
 *                  the issuer. NAME: rfctls_socket_set_server_name says the name that the certificate is for.
 *                  MISSING: rfctls_config_set_peer_cert lets clients in that show none
 *   E_STATE        rfctls_socket_handshake comes before sending and receiving
 *   E_PROTOCOL     where TLS begins later (STARTTLS): rfctls_raw_connect, then rfctls_socket_wrap
 *   E_IDENTITY     rfctls_config_set_identity takes a chain that begins with the certificate of the key; a
 *                  server needs one. rfctls_key_from_file reads a key that stands in a file of its own
 *   E_PARSE        rfctls_chain_from_file and its sisters take a file's name, rfctls_chain_load and its
 *                  sisters the contents; an encrypted key needs its passphrase */

/* "E_TIMEOUT": the enumerator without its prefix; "UNKNOWN" for a number that is none. Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_status_name(rfctls_status status);
/* One English clause that says what the status means. Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_status_text(rfctls_status status);
/* "EXPIRED", as above. Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_reason_name(rfctls_reason reason);

/* The record below is this thread's. Every function that returns rfctls_status begins it anew;
 * getters, ref, unref and the functions below leave it alone. Strings live until the next such
 * call of this thread. */

/* The status of this thread's last call that failed, RFCTLS_OK if the last call did not. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_error_status(void);
/* One line that names the culprit: "certificate for example.org expired on 2024-05-01". */
RFCTLS_API const char *RFCTLS_CALL rfctls_error_message(void);
/* The public function that failed: "rfctls_socket_recv". */
RFCTLS_API const char *RFCTLS_CALL rfctls_error_origin(void);
/* errno, or the WSA code on Windows; 0 if the system was not the cause. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_error_system_code(void);
/* The OpenSSL or SSPI code; 0 if the engine was not the cause. */
RFCTLS_API int64_t RFCTLS_CALL rfctls_error_engine_code(void);
/* The TLS alert that was received (RFC 8446 section 6), or -1. */
RFCTLS_API int RFCTLS_CALL rfctls_error_alert(void);
/* The depth of the certificate that was refused, 0 is the leaf; or -1. */
RFCTLS_API int RFCTLS_CALL rfctls_error_depth(void);
/* Why it was refused; RFCTLS_REASON_NONE if that was not the cause. */
RFCTLS_API rfctls_reason RFCTLS_CALL rfctls_error_verify_reason(void);

RFCTLS_END

#endif
