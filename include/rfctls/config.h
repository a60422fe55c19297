/* What a socket should be. A config is set up, then used by any number of sockets; its first use
 * freezes it, after which every setter answers RFCTLS_E_STATE. A new config is the way to change.
 *
 * Configs of one process that are equal when they are frozen are one: they share what the engine made of
 * them, and so sessions (clients) and ticket keys (servers). So a program may make a config a connection. Equal
 * means the same options, but for those that a socket has of its own (timers, blocking, truncation, family,
 * server name); the same bytes of certificates and revocation lists; and folders of anchors, or the system's
 * store, that did not change in between. A verifier or identity source counts as being there, whichever it is;
 * the servers of an identity source share nothing. What no config uses is forgotten after five minutes, and
 * at once if it holds a private key. A child process begins anew.
 *
 * Defaults: chain, system trust store and host name are checked (client); peer certificates are not
 * asked for (server); TLS 1.2 to the newest; connect and handshake 30 s, close 2 s, no other timers.
 *
 * A chain is checked as RFC 5280 section 6 says, and held to more: keys and signatures of 112 bits (RSA
 * 2048, SHA-256), also on old TLS versions; the name is looked for among the alternative names alone,
 * where "*" stands for one whole label (RFC 6125 section 6.4). More than about 100 KB of certificates is
 * RFCTLS_E_LIMIT. */
#ifndef RFCTLS_CONFIG_H
#define RFCTLS_CONFIG_H

#include "rfctls/address.h"
#include "rfctls/status.h"
#include "rfctls/types.h"

RFCTLS_BEGIN

typedef enum rfctls_role {
  RFCTLS_CLIENT = 1,
  RFCTLS_SERVER = 2,
  RFCTLS_ROLE_IS_INT = 0x7fffffff
} rfctls_role;
RFCTLS_ENUM_IS_INT(rfctls_role);

/* The numbers are the protocol's own (RFC 8446 section 4.2.1). */
typedef enum rfctls_tls_version {
  RFCTLS_TLS_ANY = 0,
  RFCTLS_TLS_1_0 = 0x0301,
  RFCTLS_TLS_1_1 = 0x0302,
  RFCTLS_TLS_1_2 = 0x0303,
  RFCTLS_TLS_1_3 = 0x0304,
  RFCTLS_TLS_VERSION_IS_INT = 0x7fffffff
} rfctls_tls_version;
RFCTLS_ENUM_IS_INT(rfctls_tls_version);
/* "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", as OpenSSL has it; NULL for RFCTLS_TLS_ANY and what is none.
 * Static. */
RFCTLS_API const char *RFCTLS_CALL rfctls_tls_version_name(rfctls_tls_version version);

/* What a server demands of its clients. */
typedef enum rfctls_demand {
  RFCTLS_PEER_CERT_IGNORED = 0, /* none is asked for: the default                               */
  RFCTLS_PEER_CERT_OPTIONAL =
      1, /* asked for, checked if sent: the default once an authority is set */
  RFCTLS_PEER_CERT_REQUIRED = 2, /* no handshake without one, whatever else is set               */
  RFCTLS_DEMAND_IS_INT = 0x7fffffff
} rfctls_demand;
RFCTLS_ENUM_IS_INT(rfctls_demand);

typedef enum rfctls_timer {
  RFCTLS_TIMER_CONNECT = 1,   /* looking the name up, and all its addresses, together: 30 s */
  RFCTLS_TIMER_HANDSHAKE = 2, /* from its first call to its end, 30 s                      */
  RFCTLS_TIMER_READ = 3,      /* one recv, none                                            */
  RFCTLS_TIMER_WRITE = 4,     /* one send or shutdown, none                                */
  RFCTLS_TIMER_ACCEPT = 5,    /* one accept, none                                          */
  RFCTLS_TIMER_CLOSE = 6,     /* one close, 2 s                                            */
  RFCTLS_TIMER_IS_INT = 0x7fffffff
} rfctls_timer;
RFCTLS_ENUM_IS_INT(rfctls_timer);

/* Milliseconds that a config has, for those who call rfctls_raw_connect without one. */
typedef enum rfctls_default {
  RFCTLS_DEFAULT_CONNECT = 30000, /* RFCTLS_TIMER_CONNECT */
  RFCTLS_DEFAULT_IS_INT = 0x7fffffff
} rfctls_default;
RFCTLS_ENUM_IS_INT(rfctls_default);

/* The program's own verdict on the peer's chain: reads rfctls_socket_finding_*, returns 1 to accept,
 * anything else to refuse. Runs on the thread of the handshake, outside all locks. It decides alone:
 * a chain that the library refuses is accepted if it says 1. It is called only when there is a finding: a
 * peer that shows no certificate is refused, or, where none is required, accepted without it. */
typedef int(RFCTLS_CALL *rfctls_verifier)(void *userdata, rfctls_socket *socket);
/* Called when the peer asks for our certificate: calls rfctls_socket_answer_identity, or returns
 * without it to send none. Threads as above. */
typedef void(RFCTLS_CALL *rfctls_identity_source)(void *userdata, rfctls_socket *socket);
/* Called once when the config drops userdata; on any thread, outside all locks. May be NULL. */
typedef void(RFCTLS_CALL *rfctls_release)(void *userdata);

/* A config for one role, with the defaults above. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_new(rfctls_role role, rfctls_config **out);
/* Takes one more reference and returns its argument. */
RFCTLS_API rfctls_config *RFCTLS_CALL rfctls_config_ref(rfctls_config *config);
/* Drops one reference. */
RFCTLS_API void RFCTLS_CALL rfctls_config_unref(rfctls_config *config);

/* Our certificate chain and the leaf's key; the config keeps both. RFCTLS_E_IDENTITY: the chain is
 * empty, or the key does not belong to its leaf. A server needs one before it can listen. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_identity(rfctls_config *config,
                                                                rfctls_chain *chain,
                                                                rfctls_key *key);
/* The oldest and newest version to speak; RFCTLS_TLS_ANY is the default at either end. Naming 1.0 or
 * 1.1 as the oldest is the named way to allow them (RFC 8996 deprecates both).
 * RFCTLS_E_UNSUPPORTED: the engine cannot. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_versions(rfctls_config *config,
                                                                rfctls_tls_version min,
                                                                rfctls_tls_version max);
/* Which ciphers to speak up to TLS 1.2, which in TLS 1.3, and which groups to exchange keys in, the
 * preferred first; a server that was told any of these chooses by its own order. In the engine's own
 * words, for OpenSSL those of ciphers(1), SSL_CTX_set_ciphersuites(3) and SSL_CTX_set1_groups_list(3):
 * "ECDHE+AESGCM:!aRSA", "TLS_AES_256_GCM_SHA384", "X25519:P-256". RFCTLS_E_ARGUMENT names what the engine
 * does not know, or what would be without effect; RFCTLS_E_UNSUPPORTED: it takes no lists.
 *
 * Up to TLS 1.2 keys are exchanged by ECDHE alone, and records protected by AES-GCM and
 * ChaCha20-Poly1305, else by AES-CBC with HMAC of SHA-2, else of SHA-1. Static RSA (no forward secrecy)
 * and finite-field DHE are used only where a list of ciphers names them (RFC 9325 section 4.1): by
 * their words, "DEFAULT:kRSA", "DEFAULT:DHE", or by a cipher's own name, "AES128-GCM-SHA256"; words for
 * other kinds, as "DEFAULT", "ALL", "HIGH", do not bring them in. What is known to be weak, does not
 * authenticate or encrypt, or needs another secret than a certificate (PSK, SRP) stays out whatever a list
 * says. "@SECLEVEL=" raises OpenSSL's security level, which is 2 (SSL_CTX_get_security_level(3)); a lower
 * one is RFCTLS_E_ARGUMENT. For TLS 1.0 and 1.1, which need level 0, rfctls_config_set_versions is the way. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_ciphers(rfctls_config *config,
                                                               const char *list);
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_cipher_suites(rfctls_config *config,
                                                                     const char *list);
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_groups(rfctls_config *config,
                                                              const char *list);
/* Client: the name to ask for (SNI, RFC 6066) and to check, instead of the node connected to. A host
 * name in A-labels, or an IP address (checked, never sent). */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_server_name(rfctls_config *config,
                                                                   const char *name);
/* Appends an application protocol (ALPN, RFC 7301), the preferred first; 1 to 255 bytes. A server
 * chooses by its own order; without overlap the handshake fails with no_application_protocol. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_protocol(rfctls_config *config,
                                                                const char *name);
/* Client: adds an extension to the hello (RFC 8446 section 4.2): its type and size bytes of data, of
 * which it keeps a copy. What the server answers to it is not told. RFCTLS_E_ARGUMENT: the engine makes
 * extensions of this type itself (server_name is rfctls_config_set_server_name, ALPN is
 * rfctls_config_add_protocol), the type is there already, or all together are larger than 32,768 bytes.
 * RFCTLS_E_UNSUPPORTED: the engine takes none. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_hello_extension(rfctls_config *config,
                                                                       uint16_t type,
                                                                       const void *data,
                                                                       size_t size);
/* Adds a trust anchor: a root's certificate, an intermediate's or a leaf's (see
 * rfctls_config_set_partial_chain). Client: beside the system's. Server: the only ones for client
 * certificates, and named in the request for them. If its source trusts it for other uses alone, or rejects
 * it (rfctls_chain_load), it is none, and a chain that ends at it is refused, even if the system trusts it. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_authority(rfctls_config *config,
                                                                 rfctls_cert *cert);
/* Adds every certificate that rfctls_chain_load finds in the bytes as rfctls_config_add_authority
 * does; all or, when one of them cannot be read, none. Its errors. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_trust(rfctls_config *config,
                                                             const void *data, size_t size,
                                                             const char *passphrase);
/* The same of a file. Errors as rfctls_chain_from_file. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_trust_file(rfctls_config *config,
                                                                  const char *path,
                                                                  const char *passphrase);
/* Adds the certificates of a folder whose names are hashes, as "openssl rehash" makes them; each is read
 * when a chain asks for it. They count as authorities, but a server does not name them in its request.
 * RFCTLS_E_SYSTEM: there is no such folder. RFCTLS_E_ARGUMENT: its path has a colon. RFCTLS_E_UNSUPPORTED:
 * the engine has no such folders. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_trust_dir(rfctls_config *config,
                                                                 const char *path);
/* Adds revocation lists (RFC 5280 section 5): PEM with any number of "X509 CRL" blocks, or one in DER; all
 * or, on failure, none. Once there is one, a peer is refused (RFCTLS_E_VERIFY) if a list names its
 * certificate or an issuer's, RFCTLS_REASON_REVOKED, and also if no list of its certificate's issuer
 * covers it, or that is outdated or not well signed, RFCTLS_REASON_OTHER. A list may cover a part of what
 * its issuer issued (section 5.2.5): a distribution point that certificates name, users' certificates,
 * authorities'. Lists are not fetched; a new config, for a listener by rfctls_socket_reload, brings new
 * ones. RFCTLS_E_PARSE; RFCTLS_E_UNSUPPORTED names what would have to be processed and is not: a delta list
 * (section 5.2.4), one of several issuers or of some reasons alone, any other critical extension of the
 * list or of an entry; or the engine takes no lists. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_crls(rfctls_config *config, const void *data,
                                                            size_t size);
/* The same from a file. RFCTLS_E_SYSTEM: it cannot be read. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_add_crl_file(rfctls_config *config,
                                                                const char *path);
/* Whether a chain may end at any certificate that is trusted, 1 by default: who adds an intermediate's or a
 * leaf's certificate trusts it as it is, whatever stands above it (RFC 5280 section 6.1.1 leaves anchors to
 * the program). 0: a chain ends at a trusted certificate that is self-issued (RFC 5280 section 3.2), as
 * roots are; others help to get there. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_partial_chain(rfctls_config *config,
                                                                     int allowed);
/* Whether the system's trust store counts: 1 by default for clients, 0 for servers. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_system_trust(rfctls_config *config,
                                                                    int enabled);
/* Server: what it demands of its clients. RFCTLS_E_ARGUMENT for a client's config, which always
 * requires a certificate: see rfctls_config_insecure_skip_verify. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_peer_cert(rfctls_config *config,
                                                                 rfctls_demand demand);
/* The program's own verdict, as a function. The config owns userdata until release is called. NULL
 * takes it away. On a server it also asks for a certificate (RFCTLS_PEER_CERT_OPTIONAL, unless more
 * is demanded). */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_verifier(rfctls_config *config,
                                                                rfctls_verifier verifier,
                                                                void *userdata,
                                                                rfctls_release release);
/* Our identity, when asked for, as a function; otherwise as above. On a server it is asked for every
 * full handshake, after the client's hello. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_identity_source(
    rfctls_config *config, rfctls_identity_source source, void *userdata, rfctls_release release);
/* The same two questions as return values of rfctls_socket_handshake: RFCTLS_WANT_VERIFY and
 * RFCTLS_WANT_IDENTITY. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_asking(rfctls_config *config, int verify,
                                                              int identity);
/* What a timer of the sockets made with it is, in milliseconds: -1 none, 0 poll. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_timeout(rfctls_config *config,
                                                               rfctls_timer timer,
                                                               int64_t milliseconds);
/* Which addresses of a name to use. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_family(rfctls_config *config,
                                                              rfctls_family family);
/* 0: sockets are born non-blocking. rfctls_socket_connect then returns while TCP still connects, and
 * rfctls_socket_handshake drives both; the descriptor may change until the handshake is done. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_blocking(rfctls_config *config,
                                                                int blocking);
/* 1: a TCP end without close_notify counts as the end of data, not as RFCTLS_E_TRUNCATED. For peers
 * that are known to be rude, under protocols that carry their own lengths. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_allow_truncation(rfctls_config *config,
                                                                        int allowed);
/* Resumption (RFC 8446 section 2.2), 1 by default. Client: the process keeps up to 256 sessions for an hour,
 * and the sockets of this config and of equal ones resume one of the same server name, service and protocols;
 * it keeps none that a program's verifier or identity source had a part in, none of an insecure config, and
 * none past the validity of the server's certificates. Server: issues tickets and takes them, and keeps the
 * sessions of up to 1,024 clients of TLS 1.2 that take none (RFC 5246 section 7.4.1.3), for two hours at most;
 * a session is resumed only where as much is asked of the client, and while its certificates are valid. 0:
 * neither. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_set_session_cache(rfctls_config *config,
                                                                     int enabled);

/* DANGER: accepts any certificate of the peer; a server that requires none accepts none, too, and one
 * that does (RFCTLS_PEER_CERT_REQUIRED) still refuses a client without: what is skipped is the check, not
 * the demand. Everybody in between can read and change all. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_insecure_skip_verify(rfctls_config *config);
/* DANGER: appends the secrets of each connection to a file (NSS key log format, as SSLKEYLOGFILE), with
 * which whoever recorded the connection, before or later, reads and, while it lasts, changes all. For
 * debugging. A new file is for its owner alone. RFCTLS_E_SYSTEM: it cannot be written, or is no regular
 * file; lines that cannot be written later are lost. RFCTLS_E_UNSUPPORTED: the engine tells no secrets. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_insecure_log_keys(rfctls_config *config,
                                                                     const char *path);
/* DANGER: accepts a trusted certificate that was issued to anybody. */
RFCTLS_API rfctls_status RFCTLS_CALL rfctls_config_insecure_skip_name_check(rfctls_config *config);

RFCTLS_END

#endif
