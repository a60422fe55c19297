/* OpenSSL passes over what it does not know in a list as long as anything is left of it. A name that was
 * mistyped would so be dropped in silence: here each one is looked at alone. */
#include "openssl/prefer.h"

#include <string.h>

#include "base/memory.h"
#include "openssl/failure.h"

static const char *const nouns[RFCTLS__PREFERENCES] = {"cipher", "cipher suite", "group"};
static const char *const separators[RFCTLS__PREFERENCES] = {":, ;", ":", ":/"};

static int set(SSL_CTX *ctx, rfctls__preference preference, const char *list) {
  switch (preference) {
  case RFCTLS__CIPHERS: return SSL_CTX_set_cipher_list(ctx, list) == 1;
  case RFCTLS__CIPHER_SUITES: return SSL_CTX_set_ciphersuites(ctx, list) == 1;
  case RFCTLS__GROUPS: return SSL_CTX_set1_groups_list(ctx, list) == 1;
  case RFCTLS__PREFERENCES: break;
  }
  return 0;
}

rfctls_status rfctls__prefer(SSL_CTX *ctx, rfctls__preference preference, const char *list) {
  return set(ctx, preference, list)
             ? RFCTLS_OK
             : rfctls__openssl_fail(RFCTLS_E_ARGUMENT, "%s list \"%s\" cannot be used",
                                    nouns[preference], list);
}

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

/* Kinds and names, joined by "+". Takes it apart. */
static int knows_cipher(SSL_CTX *ctx, char *words) {
  char *word = words + strspn(words, "!+-");
  if (*word == '@') {
    return 1; /* a command: the list as a whole tells */
  }
  for (;;) {
    char *end = word + strcspn(word, "+");
    int last = *end == '\0';
    *end = '\0';
    if (!is_kind(word) && !set(ctx, RFCTLS__CIPHERS, word)) {
      return 0;
    }
    if (last) {
      return 1;
    }
    word = end + 1;
  }
}

/* "?" before a group says that it need not be known, "*" and "-" what is to be done with it. */
static int knows_group(SSL_CTX *ctx, const char *word) {
  const char *name = word + strspn(word, "?*-");
  return memchr(word, '?', (size_t)(name - word)) != NULL || set(ctx, RFCTLS__GROUPS, name);
}

static int knows(SSL_CTX *ctx, rfctls__preference preference, char *word) {
  switch (preference) {
  case RFCTLS__CIPHERS: return knows_cipher(ctx, word);
  case RFCTLS__CIPHER_SUITES: return set(ctx, preference, word);
  case RFCTLS__GROUPS: return knows_group(ctx, word);
  case RFCTLS__PREFERENCES: break;
  }
  return 0;
}

static rfctls_status check_word(SSL_CTX *ctx, rfctls__preference preference, const char *word,
                                size_t size) {
  rfctls_status status = RFCTLS_OK;
  char *copy = rfctls__strndup(word, size);
  if (copy == NULL) {
    return rfctls__fail_memory();
  }
  if (!knows(ctx, preference, copy)) {
    status = rfctls__fail(RFCTLS_E_ARGUMENT, "%s knows no %s \"%.*s\"",
                          OpenSSL_version(OPENSSL_VERSION), nouns[preference], (int)size, word);
  }
  rfctls__free(copy);
  return status;
}

static rfctls_status check(SSL_CTX *ctx, rfctls__preference preference, const char *list) {
  const char *word = list;
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && *word != '\0') {
    size_t size = strcspn(word, separators[preference]);
    if (size > 0) {
      status = check_word(ctx, preference, word, size);
    }
    word += size;
    word += strspn(word, separators[preference]);
  }
  return status == RFCTLS_OK ? rfctls__prefer(ctx, preference, list) : status;
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
