/* OpenSSL passes over what it does not know in a list as long as anything is left of it. A name that was
 * mistyped would so be dropped in silence: here each one is looked at alone. And it takes more for a cipher
 * than is one, so what a list comes to is looked at, too. */
#include "openssl/ciphers.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "openssl/failure.h"
#include "openssl/verify.h"
#include "x509/strength.h"

static const char *const nouns[RFCTLS__PREFERENCES + 1] = {"cipher", "cipher suite", "group", ""};
static const char *const separators[RFCTLS__PREFERENCES] = {":, ;", ":", ":/"};
/* And some words need no separator before them: "HIGH@SECLEVEL=2", "HIGH!aNULL". */
static const char *const ends[RFCTLS__PREFERENCES] = {":, ;@!", ":", ":/"};

static int set(SSL_CTX *ctx, rfctls__preference preference, const char *list) {
  switch (preference) {
  case RFCTLS__CIPHERS: return SSL_CTX_set_cipher_list(ctx, list) == 1;
  case RFCTLS__CIPHER_SUITES: return SSL_CTX_set_ciphersuites(ctx, list) == 1;
  case RFCTLS__GROUPS: return SSL_CTX_set1_groups_list(ctx, list) == 1;
  case RFCTLS__PREFERENCES: break;
  }
  return 0;
}

static rfctls_status fail_list(rfctls__preference preference, const char *list) {
  return rfctls__openssl_fail(RFCTLS_E_ARGUMENT, "%s list \"%s\" cannot be used", nouns[preference],
                              list);
}

/* The next word of a list: moves *word to it, and answers its size; 0 at the end. */
static size_t next_word(rfctls__preference preference, const char **word) {
  *word += strspn(*word, separators[preference]);
  return **word == '\0' ? 0 : 1 + strcspn(*word + 1, ends[preference]);
}

/* Takes the next of the words that "+" joins off *rest; NULL: there is none. */
static char *next_part(char **rest) {
  char *part = *rest, *end = part != NULL ? strchr(part, '+') : NULL;
  *rest = end != NULL ? end + 1 : NULL;
  if (end != NULL) {
    *end = '\0';
  }
  return part;
}

/* ---- ciphers by their words ---- */

/* The words of ciphers(1) for kinds of ciphers. Of some a given library has none, so that it could not
 * tell them from a mistake. */
static int is_kind(const char *word) {
  static const char *const kinds[] = {
      "DEFAULT",     "COMPLEMENTOFDEFAULT",
      "ALL",         "COMPLEMENTOFALL",
      "HIGH",        "MEDIUM",
      "LOW",         "EXP",
      "EXPORT",      "eNULL",
      "NULL",        "aNULL",
      "kRSA",        "aRSA",
      "RSA",         "kDHr",
      "kDHd",        "kDH",
      "kDHE",        "kEDH",
      "DH",          "DHE",
      "EDH",         "ADH",
      "kEECDH",      "kECDHE",
      "kECDH",       "ECDH",
      "ECDHE",       "EECDH",
      "AECDH",       "aDSS",
      "DSS",         "aDH",
      "aECDH",       "aECDSA",
      "ECDSA",       "TLSv1.2",
      "TLSv1.0",     "TLSv1",
      "SSLv3",       "AES128",
      "AES256",      "AES",
      "AESGCM",      "AESCCM",
      "AESCCM8",     "ARIA128",
      "ARIA256",     "ARIA",
      "ARIAGCM",     "CAMELLIA128",
      "CAMELLIA256", "CAMELLIA",
      "CHACHA20",    "3DES",
      "DES",         "RC4",
      "RC2",         "IDEA",
      "SEED",        "MD5",
      "SHA1",        "SHA",
      "SHA256",      "SHA384",
      "aGOST",       "aGOST01",
      "aGOST12",     "kGOST",
      "kGOST18",     "GOST94",
      "GOST89MAC",   "GOST89",
      "GOST12",      "PSK",
      "kPSK",        "kECDHEPSK",
      "kDHEPSK",     "kRSAPSK",
      "aPSK",        "SRP",
      "kSRP",        "aSRP",
      "CBC",         "FIPS",
      "SUITEB128",   "SUITEB128ONLY",
      "SUITEB128C2", "SUITEB192",
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strcmp(kinds[i], word) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Whether the word asks for a key exchange that has to be asked for: see stays. Takes it apart. */
static int names_exchange(char *words) {
  static const char *const exchanges[] = {"kRSA", "RSA", "kDHE", "kEDH", "DHE", "EDH", "DH"};
  char *rest = words, *part;
  while ((part = next_part(&rest)) != NULL) {
    for (size_t i = 0; i < sizeof exchanges / sizeof *exchanges; i++) {
      if (strcmp(exchanges[i], part) == 0) {
        return 1;
      }
    }
    if (!is_kind(part)) {
      return 1; /* a cipher's own name */
    }
  }
  return 0;
}

/* The ciphers that ctx has from a list, without those of TLS 1.3, which are set apart. */
static const SSL_CIPHER *cipher_at(const SSL_CTX *ctx, int index) {
  const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(SSL_CTX_get_ciphers(ctx), index);
  return SSL_CIPHER_get_kx_nid(cipher) != NID_kx_any ? cipher : NULL;
}

static int count_ciphers(const SSL_CTX *ctx) {
  return sk_SSL_CIPHER_num(SSL_CTX_get_ciphers(ctx));
}

/* Security levels have their say, too, but there is none where TLS 1.0 is allowed. What needs a secret
 * that a config has no room for (PSK, SRP) is of no use. */
static int is_useful(const SSL_CIPHER *cipher) {
  int exchange = SSL_CIPHER_get_kx_nid(cipher), encryption = SSL_CIPHER_get_cipher_nid(cipher);
  return (exchange == NID_kx_ecdhe || exchange == NID_kx_dhe || exchange == NID_kx_rsa) &&
         SSL_CIPHER_get_auth_nid(cipher) != NID_auth_null && encryption != NID_undef &&
         encryption != NID_rc4 && SSL_CIPHER_get_bits(cipher, NULL) >= RFCTLS__STRONG_BITS;
}

/* RFC 9325 section 4.1: not static RSA, nor finite-field DHE, unless it is asked for. */
static int stays(const SSL_CIPHER *cipher, STACK_OF(SSL_CIPHER) *named) {
  return is_useful(cipher) &&
         (SSL_CIPHER_get_kx_nid(cipher) == NID_kx_ecdhe || sk_SSL_CIPHER_find(named, cipher) >= 0);
}

static rfctls_status add_named(SSL_CTX *ctx, char *word, STACK_OF(SSL_CIPHER) *named) {
  if (strchr("!+-@", *word) != NULL) {
    return RFCTLS_OK;
  }
  if (!set(ctx, RFCTLS__CIPHERS, word)) { /* a kind of which there is none */
    return rfctls__openssl_ran_out() ? rfctls__fail_memory() : RFCTLS_OK;
  }
  if (!names_exchange(word)) {
    return RFCTLS_OK;
  }
  for (int i = 0; i < count_ciphers(ctx); i++) {
    const SSL_CIPHER *cipher = cipher_at(ctx, i);
    if (cipher != NULL && sk_SSL_CIPHER_push(named, cipher) == 0) {
      return rfctls__fail_memory();
    }
  }
  return RFCTLS_OK;
}

/* The ciphers of all words that ask for a key exchange. Changes what ctx has. */
static rfctls_status collect_named(SSL_CTX *ctx, const char *list, STACK_OF(SSL_CIPHER) *named) {
  const char *word = list;
  rfctls_status status = RFCTLS_OK;
  size_t size;
  while (status == RFCTLS_OK && (size = next_word(RFCTLS__CIPHERS, &word)) > 0) {
    char *copy = rfctls__strndup(word, size);
    status = copy != NULL ? add_named(ctx, copy, named) : rfctls__fail_memory();
    rfctls__free(copy);
    word += size;
  }
  return status;
}

static rfctls_status list_staying(const SSL_CTX *ctx, STACK_OF(SSL_CIPHER) *named,
                                  rfctls__buffer *names) {
  rfctls_status status = RFCTLS_OK;
  for (int i = 0; status == RFCTLS_OK && i < count_ciphers(ctx); i++) {
    const SSL_CIPHER *cipher = cipher_at(ctx, i);
    if (cipher != NULL && stays(cipher, named)) {
      const char *name = SSL_CIPHER_get_name(cipher);
      status = rfctls__buffer_append(names, name, strlen(name));
      if (status == RFCTLS_OK) {
        status = rfctls__buffer_append(names, ":", 1);
      }
    }
  }
  return status == RFCTLS_OK ? rfctls__buffer_append(names, "", 1) : status;
}

/* Of the system's list none is left also when OpenSSL, short of memory, could not fetch the ciphers: it leaves
 * them out without an error. No caller's argument is to blame for that. */
static rfctls_status fail_empty(const char *list) {
  if (rfctls__openssl_ran_out()) {
    return rfctls__fail_memory();
  }
  return list != NULL
             ? rfctls__fail(
                   RFCTLS_E_ARGUMENT,
                   "cipher list \"%s\" leaves none that is used: static RSA (kRSA) and DHE "
                   "are used only if it names them or a cipher of theirs",
                   list)
             : rfctls__fail(RFCTLS_E_UNSUPPORTED,
                            "OpenSSL's configuration leaves no cipher that is used before TLS 1.3");
}

/* Leaves those ciphers of ctx that stay; list: where they are from, NULL: the system's. */
static rfctls_status narrow(SSL_CTX *ctx, const char *list, STACK_OF(SSL_CIPHER) *named) {
  rfctls__buffer names = {0};
  rfctls_status status = list_staying(ctx, named, &names);
  if (status == RFCTLS_OK &&
      !set(ctx, RFCTLS__CIPHERS, (const char *)rfctls__buffer_bytes(&names).data)) {
    status = fail_empty(list);
  }
  rfctls__buffer_release(&names);
  return status;
}

static rfctls_status prefer_ciphers(SSL_CTX *ctx, const char *list) {
  rfctls_status status = RFCTLS_OK;
  STACK_OF(SSL_CIPHER) *named = list != NULL ? sk_SSL_CIPHER_new_null() : NULL;
  if (list != NULL) {
    status = named != NULL ? collect_named(ctx, list, named) : rfctls__fail_memory();
  }
  if (status == RFCTLS_OK && list != NULL && !set(ctx, RFCTLS__CIPHERS, list)) {
    status = fail_list(RFCTLS__CIPHERS, list);
  }
  if (status == RFCTLS_OK) {
    status = narrow(ctx, list, named);
  }
  sk_SSL_CIPHER_free(named);
  return status;
}

rfctls_status rfctls__ciphers_set(SSL_CTX *ctx, rfctls__preference preference, const char *list) {
  if (preference == RFCTLS__CIPHERS) {
    return prefer_ciphers(ctx, list);
  }
  return list == NULL || set(ctx, preference, list) ? RFCTLS_OK : fail_list(preference, list);
}

/* ---- checking word by word ---- */

static rfctls_status fail_unknown(rfctls__preference preference, const char *word) {
  return rfctls__openssl_ran_out()
             ? rfctls__fail_memory()
             : rfctls__fail(RFCTLS_E_ARGUMENT, "%s knows no %s \"%s\"",
                            OpenSSL_version(OPENSSL_VERSION), nouns[preference], word);
}

/* Commands: whether there is such a one, the list as a whole tells. */
static rfctls_status check_command(const char *word) {
  static const char level[] = "@SECLEVEL=";
  size_t size = strlen(level);
  if (strncmp(word, level, size) == 0 && word[size] >= '0' &&
      word[size] < '0' + RFCTLS__AUTH_LEVEL) {
    return rfctls__fail(
        RFCTLS_E_ARGUMENT,
        "%s is below the security level %d, which always holds: leave it out; for TLS "
        "1.0 and 1.1 set the oldest version (min_version)",
        word, RFCTLS__AUTH_LEVEL);
  }
  return RFCTLS_OK;
}

/* One cipher's own name, which OpenSSL knows. */
static rfctls_status check_name(SSL_CTX *ctx, const char *name) {
  for (int i = 0; i < count_ciphers(ctx); i++) {
    const SSL_CIPHER *cipher = cipher_at(ctx, i);
    if (cipher != NULL && is_useful(cipher)) {
      return RFCTLS_OK;
    }
  }
  return rfctls__fail(RFCTLS_E_ARGUMENT,
                      "cipher \"%s\" is too weak, or of a kind that is not spoken", name);
}

/* Kinds and names, joined by "+". OpenSSL passes over DEFAULT anywhere but in front of all. */
static rfctls_status check_cipher(SSL_CTX *ctx, const char *word, int first) {
  static const char usual[] = "DEFAULT";
  const char *begin = word + strspn(word, "!+-");
  char *copy, *rest, *part;
  int known = 1, joined = strchr(begin, '+') != NULL, sets = begin == word && !joined;
  if (*word == '@') {
    return check_command(word);
  }
  if (strcmp(begin, usual) == 0) {
    return first && begin == word
               ? RFCTLS_OK
               : rfctls__fail(RFCTLS_E_ARGUMENT, "DEFAULT counts in front of a cipher list alone");
  }
  if (strncmp(begin, usual, strlen(usual)) == 0) {
    return fail_unknown(RFCTLS__CIPHERS, word);
  }
  copy = rest = rfctls__strdup(begin);
  if (copy == NULL) {
    return rfctls__fail_memory();
  }
  while (known && (part = next_part(&rest)) != NULL) {
    int kind = is_kind(part);
    sets = sets && !kind;
    known = kind || set(ctx, RFCTLS__CIPHERS, part);
  }
  rfctls__free(copy);
  if (!known) {
    return fail_unknown(RFCTLS__CIPHERS, word);
  }
  return sets ? check_name(ctx, word) : RFCTLS_OK;
}

/* "?" before a group says that it need not be known, "*" and "-" what is to be done with it. */
static int knows_group(SSL_CTX *ctx, const char *word) {
  const char *name = word + strspn(word, "?*-");
  return memchr(word, '?', (size_t)(name - word)) != NULL || set(ctx, RFCTLS__GROUPS, name);
}

static rfctls_status check_word(SSL_CTX *ctx, rfctls__preference preference, const char *word,
                                int first) {
  int known = 0;
  switch (preference) {
  case RFCTLS__CIPHERS: return check_cipher(ctx, word, first);
  case RFCTLS__CIPHER_SUITES: known = set(ctx, preference, word); break;
  case RFCTLS__GROUPS: known = knows_group(ctx, word); break;
  case RFCTLS__PREFERENCES: break;
  }
  return known ? RFCTLS_OK : fail_unknown(preference, word);
}

static rfctls_status check(SSL_CTX *ctx, rfctls__preference preference, const char *list) {
  const char *word = list;
  rfctls_status status = RFCTLS_OK;
  size_t size;
  while (status == RFCTLS_OK && (size = next_word(preference, &word)) > 0) {
    char *copy = rfctls__strndup(word, size);
    status = copy != NULL ? check_word(ctx, preference, copy, word == list) : rfctls__fail_memory();
    rfctls__free(copy);
    word += size;
  }
  return status == RFCTLS_OK ? rfctls__ciphers_set(ctx, preference, list) : status;
}

rfctls_status rfctls__check_preference(rfctls__preference preference, const char *list) {
  rfctls__openssl_errors callers;
  rfctls_status status;
  SSL_CTX *ctx;
  if (*list == '\0') {
    return rfctls__fail(RFCTLS_E_ARGUMENT, "the %s list is empty", nouns[preference]);
  }
  rfctls__openssl_begin(&callers);
  ctx = SSL_CTX_new(TLS_method());
  status = ctx != NULL ? check(ctx, preference, list)
                       : rfctls__openssl_fail(RFCTLS_E_INTERNAL, "no TLS context could be made");
  SSL_CTX_free(ctx);
  rfctls__openssl_end(&callers);
  return status;
}
