/* The seam between the core and a TLS library.
 *
 * An engine turns bytes into bytes. It does no socket I/O, never sleeps, takes no lock of the core's,
 * never calls user code and knows no socket. The core calls it under the connection's lock, from any thread.
 *
 * Bytes     Everything it reads comes from `in` (mutable, so that decryption may happen in place);
 *           what it consumed is wholly consumed, and surplus plaintext is kept in the connection.
 *           Everything it writes goes to `out`, which always takes one step: an engine never answers
 *           WANT_WRITE.
 * End       It never sees the end of TCP: the core, which saw it, makes E_TRUNCATED.
 * Decisions "Do you trust this chain?" is a return value, WANT_VERIFY, as WANT_READ is.
 * Failure   It fails through rfctls__fail_engine or rfctls__fail_verify. An alert for the peer is left
 *           in `out`. After a failure of handshake, encrypt or decrypt (E_MEMORY included) the
 *           connection is only finished.
 * Policy    TLS 1.2 renegotiation is refused. A server takes a session only on connections that ask as
 *           much of the client, and while the client's chain is valid; it issues no ticket (TLS 1.3)
 *           before a decision is answered. The caller's own use of the library is not disturbed:
 *           OpenSSL's error queue is left as it was found.
 *
 * Exactly one engine is linked: openssl/engine.c, schannel/engine.c, or a scripted one in tests. */
#ifndef RFCTLS_ENGINE_ENGINE_H
#define RFCTLS_ENGINE_ENGINE_H

#include "base/buffer.h"
#include "rfctls/config.h"
#include "rfctls/status.h"
#include "rfctls/version.h"
#include "x509/verdict.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A chain, leaf first, and its key as PKCS#8 DER; count 0 is none. */
typedef struct rfctls__identity {
  const rfctls__bytes *chain;
  size_t count;
  rfctls__bytes key;
} rfctls__identity;

/* What a program may prefer of what the library knows; in the library's own words. */
typedef enum rfctls__preference {
  RFCTLS__CIPHERS,       /* up to TLS 1.2 */
  RFCTLS__CIPHER_SUITES, /* TLS 1.3       */
  RFCTLS__GROUPS,
  RFCTLS__PREFERENCES /* how many there are */
} rfctls__preference;

/* What a frozen config says; borrowed for the call of context_init. */
typedef struct rfctls__settings {
  rfctls_role role;
  rfctls_tls_version min_version; /* RFCTLS_TLS_ANY: 1.2             */
  rfctls_tls_version max_version; /* RFCTLS_TLS_ANY: the newest      */
  rfctls__identity identity;
  const rfctls__bytes *authorities; /* DER                           */
  size_t authority_count;
  const rfctls__bytes
      *distrusted; /* DER: whoever they vouch for is refused, whatever the system says */
  size_t distrusted_count;
  const rfctls__list *trust_dirs; /* paths, each with its NUL, and checked */
  const rfctls__list *crls;       /* DER, checked; once there is one, the peer's certificate must be
                                     covered, and its issuers are checked as far as they are */
  int system_trust;
  int partial_chain;       /* an anchor need not be self-issued */
  rfctls_demand peer_cert; /* client: REQUIRED                       */
  int skip_verify;         /* insecure: any certificate will do, unless the program is asked */
  rfctls__bytes protocols; /* ALPN as on the wire: length, name, …; empty: none */
  int resumption;          /* server: let clients resume, by tickets and by ids */
  const char *preferences[RFCTLS__PREFERENCES]; /* checked; NULL: the library's own */
  int log_keys;                                 /* take_key_log will be asked */
} rfctls__settings;

/* What is particular to one connection; borrowed for the call of conn_init. */
typedef struct rfctls__opening {
  const char *server_name; /* client: SNI and checked name, without trailing dot; NULL: none */
  int name_is_ip;          /* then it is checked and never sent (RFC 6066 section 3)         */
  int check_name;          /* client: 0 is insecure_skip_name_check                          */
  int ask_verify;
  int ask_identity;
  rfctls__bytes protocols;
  rfctls__bytes
      extensions; /* client: of its hello, beside the engine's own, as on the wire: type, size,
                               data, …; each was checked, none is there twice */
} rfctls__opening;

/* Known when the handshake is done, but server_name from WANT_IDENTITY on; borrowed from the connection. */
typedef struct rfctls__facts {
  rfctls_tls_version version;
  const char *cipher;        /* IANA name                           */
  int cipher_bits;           /* of its key that keep data secret    */
  const char *group;         /* of the key exchange, IANA name; NULL: none was agreed on */
  const char *server_name;   /* server: what the client asked for, or NULL */
  rfctls__bytes protocol;    /* ALPN; empty: none                   */
  int resumed;               /* known from WANT_VERIFY on           */
  int refused_renegotiation; /* the peer asked for it after all, and was refused */
} rfctls__facts;

/* What describe tells of a certificate; strings and lists are the caller's to free. */
typedef struct rfctls__description {
  char *subject; /* RFC 4514 */
  char *issuer;
  char *serial;              /* lower-case hexadecimal, "-" before a negative one           */
  rfctls__list dns_names;    /* subjectAltName's, as raw bytes; what cannot be read is none */
  rfctls__list ip_addresses; /* 4 or 16 bytes each                                          */
  int64_t not_before;        /* Unix seconds                                                */
  int64_t not_after;
} rfctls__description;

void rfctls__description_release(rfctls__description *description);

enum { RFCTLS__DIGEST_SIZE = 32 };

/* What guards a PKCS#12 by a passphrase (RFC 7292 section 4, RFC 9579). */
typedef struct rfctls__mac {
  rfctls__bytes algorithm; /* AlgorithmIdentifier, whole: a digest, or PBMAC1 */
  rfctls__bytes salt;      /* and iterations: not of PBMAC1, which has its own */
  rfctls__bytes digest;
  uint64_t iterations;
} rfctls__mac;

typedef struct rfctls__context rfctls__context; /* each engine defines its own */
typedef struct rfctls__conn rfctls__conn;
/* What a client can resume; immutable. It carries the verdict on the peer's chain, and how long that
 * holds at most. */
typedef struct rfctls__session rfctls__session;

typedef struct rfctls__engine {
  const char *name;
  size_t context_size; /* the core allocates zeroed memory of these sizes */
  size_t conn_size;

  const char *(*version)(void);
  int (*supports)(rfctls_feature feature);
  /* OK, or E_UNSUPPORTED: whether context_init would take these versions. */
  rfctls_status (*check_versions)(rfctls_tls_version min, rfctls_tls_version max);
  /* OK: a hello may carry such an extension; E_ARGUMENT: the engine itself makes those of this type;
   * E_UNSUPPORTED: it takes none. */
  rfctls_status (*check_extension)(uint16_t type);

  /* OK, or E_ARGUMENT, which names what in the list is not known or not usable; E_UNSUPPORTED. */
  rfctls_status (*check_preference)(rfctls__preference preference, const char *list);
  /* OK: context_init would take anchors from this folder; E_SYSTEM, E_ARGUMENT, E_UNSUPPORTED. */
  rfctls_status (*check_trust_dir)(const char *path);
  /* OK, E_PARSE: whether it is a revocation list (RFC 5280 section 5). NULL: the engine takes none. */
  rfctls_status (*check_crl)(rfctls__bytes der);

  /* What tells the anchors in these folders (paths, each with its NUL), and with system those of the
   * system's store, from what they are at another time; appended to out. NULL: it cannot be told. */
  rfctls_status (*trust_state)(int system, const rfctls__list *dirs, rfctls__buffer *out);
  /* When the library is unloaded: frees what the engine keeps for the process. 0: its library is gone
   * already, and nothing may be called any more. NULL: there is nothing to free. */
  int (*unload)(void);

  /* Credentials and trust, of a frozen config or of several that are equal. fini also takes what a failed init left, and zeroed
   * memory. A context may be used by connections on many threads at once. */
  rfctls_status (*context_init)(rfctls__context *context, const rfctls__settings *settings);
  void (*context_fini)(rfctls__context *context);

  /* One connection; the core keeps the context alive as long. fini as above; it sends nothing.
   * failed: whether the connection broke (its session is then not to be resumed). */
  rfctls_status (*conn_init)(rfctls__conn *conn, rfctls__context *context,
                             const rfctls__opening *opening);
  void (*conn_fini)(rfctls__conn *conn, int failed);

  /* One push as far as the bytes allow: OK, WANT_READ, WANT_VERIFY, WANT_IDENTITY, E. A decision is
   * answered before the next call; after answer_verify(0) that call answers E_VERIFY. */
  rfctls_status (*handshake)(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out);
  /* The secrets that the last handshake calls made, as lines in NSS's key log format, moved to out, which
   * is empty; leaves the error record alone. NULL: the engine does not tell them. */
  void (*take_key_log)(rfctls__conn *conn, rfctls__buffer *out);
  /* Plaintext into whole records in `out`, at most RFCTLS__STEP bytes of it; *taken tells how many.
   * OK, WANT_READ (half of a post-handshake message has come: nothing was taken), E. */
  rfctls_status (*encrypt)(rfctls__conn *conn, const void *data, size_t size, size_t *taken,
                           rfctls__buffer *in, rfctls__buffer *out);
  /* Fills buffer as far as whole records in `in` allow: OK with *given >= 1; OK with *given = 0 is
   * close_notify; WANT_READ: `in` holds no whole record; E. Data before an end or a failure is given
   * first. May put replies (key update) into `out`. */
  rfctls_status (*decrypt)(rfctls__conn *conn, rfctls__buffer *in, void *buffer, size_t room,
                           size_t *given, rfctls__buffer *out);
  /* Decrypted bytes that decrypt gives without reading `in`. */
  size_t (*pending)(const rfctls__conn *conn);
  /* Our close_notify into `out`: OK; WANT_READ as for encrypt; E. */
  rfctls_status (*close_notify)(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out);
  /* New keys for both directions into `out` (RFC 8446 section 4.6.3): OK; WANT_READ as for encrypt;
   * E_UNSUPPORTED before TLS 1.3, with the connection as it was; E. */
  rfctls_status (*key_update)(rfctls__conn *conn, rfctls__buffer *in, rfctls__buffer *out);

  /* Client, established: the newest session, if it was not told before; the caller's to free. NULL:
   * none, or no memory for it. Leaves the error record alone. */
  rfctls__session *(*session_take)(rfctls__conn *conn);
  /* Client, between init and the first handshake call: 1 if the session will be offered; 0 if it is
   * spent, expired, or was verified less than this connection wants. */
  int (*session_use)(rfctls__conn *conn, const rfctls__session *session);
  void (*session_free)(rfctls__session *session);
  /* Secret bytes, appended to out, and back: E_PARSE. */
  rfctls_status (*session_bytes)(const rfctls__session *session, rfctls__buffer *out);
  rfctls_status (*session_from_bytes)(rfctls__bytes data, rfctls__session **out);

  /* Between WANT_VERIFY and the next handshake call; at least one. A resumed session has one finding, the peer's own
   * certificate, with the verdict of its first handshake: it is asked about again. */
  void (*findings)(const rfctls__conn *conn, rfctls__findings *findings);
  void (*answer_verify)(rfctls__conn *conn, int accept);
  /* Between WANT_IDENTITY and the next handshake call. count 0: none (client), the context's own
   * (server). E_IDENTITY, E_PARSE: the decision stays open. */
  rfctls_status (*answer_identity)(rfctls__conn *conn, const rfctls__identity *identity);

  void (*facts)(const rfctls__conn *conn, rfctls__facts *facts);
  /* Established. Exactly size bytes (RFC 8446 section 7.5, RFC 5705); context.data NULL: there is none.
   * This, bind_end_point (RFC 5929 section 4) and bind_unique (section 3), which append to out, answer
   * E_UNSUPPORTED where the connection has nothing that only its two ends share. */
  rfctls_status (*export_key)(const rfctls__conn *conn, const char *label, rfctls__bytes context,
                              void *out, size_t size);
  rfctls_status (*bind_end_point)(const rfctls__conn *conn, rfctls__buffer *out);
  rfctls_status (*bind_unique)(const rfctls__conn *conn, rfctls__buffer *out);
  /* The peer's chain in DER as it was sent, leaf first, appended to list. No certificate is OK. */
  rfctls_status (*peer_chain)(const rfctls__conn *conn, rfctls__list *list);

  /* What needs the library's parser or generator; no connection, no context. All outputs are appended
   * to or set only on success. */
  rfctls_status (*describe)(rfctls__bytes der, rfctls__description *description);
  /* SHA-256. */
  rfctls_status (*digest)(rfctls__bytes data, uint8_t out[RFCTLS__DIGEST_SIZE]);
  /* A private key in any DER form that is not encrypted, or the text of a PEM block encrypted as
   * RFC 1421 section 4.6 has it (then the passphrase is used; NULL: none), as PKCS#8. E_PARSE,
   * E_UNSUPPORTED. */
  rfctls_status (*read_key)(rfctls__bytes encoded, const char *passphrase, rfctls__buffer *pkcs8);
  /* OK, E_IDENTITY: whether key is the private key of cert. */
  rfctls_status (*check_key)(rfctls__bytes cert, rfctls__bytes pkcs8);
  /* Whether issuer is named as the one that issued cert; both were described before. */
  int (*is_issuer)(rfctls__bytes issuer, rfctls__bytes cert);
  /* Decrypts data by an AlgorithmIdentifier (whole) of PKCS#5 (RFC 8018) or PKCS#12 (RFC 7292
   * appendix C), appended to out. passphrase NULL: none, to PKCS#12 another one than an empty one.
   * E_PARSE: it is wrong, or data is damaged; E_UNSUPPORTED names the algorithm. */
  rfctls_status (*pbe_decrypt)(rfctls__bytes algorithm, const char *passphrase, rfctls__bytes data,
                               rfctls__buffer *out);
  /* Whether a PKCS#12's data has this code: errors as above. */
  rfctls_status (*pbe_check)(const rfctls__mac *mac, const char *passphrase, rfctls__bytes data);
  /* A new P-256 key and a self-signed certificate for name (a host name, or an IP address as text),
   * valid from a day ago for 30 days. */
  rfctls_status (*make_identity)(const char *name, rfctls__buffer *cert, rfctls__buffer *pkcs8);
} rfctls__engine;

/* The most plaintext that one encrypt takes: four full records for one send(2). Twice as many save nothing
 * more. */
enum { RFCTLS__STEP = 64 * 1024 };

/* The engine that is linked. */
extern const rfctls__engine rfctls__engine_linked;

#if defined(__cplusplus)
}
#endif

#endif
