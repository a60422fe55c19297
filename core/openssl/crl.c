/* Revocation lists: see crl.h.
 *
 * OpenSSL looks at a list's extensions when a chain is verified, and not at all of them: a delta list
 * counts for a complete one (without X509_V_FLAG_EXTENDED_CRL_SUPPORT), and what a list covers, if it
 * cannot be read or stands there twice, for everything. So they are looked at when a list is loaded. */
#include "openssl/crl.h"

#include <limits.h>
#include <openssl/x509v3.h>

#include "base/error.h"
#include "openssl/failure.h"

static rfctls_status parse(rfctls__bytes der, X509_CRL **out) {
  const unsigned char *end = der.data;
  X509_CRL *crl = der.size <= LONG_MAX ? d2i_X509_CRL(NULL, &end, (long)der.size) : NULL;
  if (crl == NULL || end != der.data + der.size) {
    X509_CRL_free(crl);
    return rfctls__openssl_fail(RFCTLS_E_PARSE, "the revocation list cannot be read");
  }
  *out = crl;
  return RFCTLS_OK;
}

/* ---- what a list covers ---- */

/* The parts of issuingDistributionPoint (RFC 5280 section 5.2.5) that OpenSSL does not go by, or that
 * leave no certificate of TLS's. NULL: there is none of them. */
static const char *unprocessed_part(const ISSUING_DIST_POINT *scope) {
  return scope->indirectCRL > 0           ? "indirectCRL"
         : scope->onlysomereasons != NULL ? "onlySomeReasons"
         : scope->onlyattr > 0            ? "onlyContainsAttributeCerts"
                                          : NULL;
}

static rfctls_status check_parts(const ISSUING_DIST_POINT *scope) {
  const char *part = unprocessed_part(scope);
  if (part != NULL) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "the revocation list says %s in issuingDistributionPoint, which is not "
                        "processed",
                        part);
  }
  return scope->onlyuser > 0 && scope->onlyCA > 0
             ? rfctls__fail(
                   RFCTLS_E_PARSE,
                   "the issuingDistributionPoint of the revocation list contradicts itself")
             : RFCTLS_OK;
}

static rfctls_status check_scope(const X509_CRL *crl) {
  int critical = -1; /* stays so if there is none */
  rfctls_status status = RFCTLS_OK;
  ISSUING_DIST_POINT *scope =
      X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
  if (scope != NULL) {
    status = check_parts(scope);
  } else if (critical != -1) {
    status = rfctls__openssl_fail(RFCTLS_E_PARSE,
                                  "the issuingDistributionPoint of the revocation list cannot be "
                                  "read, or stands there twice");
  }
  ISSUING_DIST_POINT_free(scope);
  return status;
}

/* ---- extensions ---- */

/* Critical or not: a list with one of these is not what it would be taken for. */
static int changes_meaning(int nid) {
  return nid == NID_delta_crl || nid == NID_certificate_issuer;
}

static int is_processed(int nid) {
  return nid == NID_issuing_distribution_point || nid == NID_authority_key_identifier;
}

static rfctls_status fail_extension(const ASN1_OBJECT *object, int nid, const char *where) {
  char number[80];
  if (nid == NID_delta_crl) {
    return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                        "the revocation list has the extension deltaCRLIndicator: it tells changes "
                        "alone, and a complete list is needed");
  }
  (void)OBJ_obj2txt(number, sizeof number, object, 1);
  return rfctls__fail(RFCTLS_E_UNSUPPORTED,
                      "%s has the critical extension %s, which is not processed", where,
                      nid != NID_undef ? OBJ_nid2sn(nid) : number);
}

static rfctls_status check_extensions(const STACK_OF(X509_EXTENSION) *extensions,
                                      const char *where) {
  for (int i = 0; i < sk_X509_EXTENSION_num(extensions); i++) { /* NULL has -1 */
    X509_EXTENSION *extension = sk_X509_EXTENSION_value(extensions, i);
    const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
    int nid = OBJ_obj2nid(object);
    if (changes_meaning(nid) || (X509_EXTENSION_get_critical(extension) && !is_processed(nid))) {
      return fail_extension(object, nid, where);
    }
  }
  return RFCTLS_OK;
}

static rfctls_status check_entries(X509_CRL *crl) {
  const STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
  rfctls_status status = RFCTLS_OK;
  for (int i = 0; status == RFCTLS_OK && i < sk_X509_REVOKED_num(entries); i++) {
    status = check_extensions(X509_REVOKED_get0_extensions(sk_X509_REVOKED_value(entries, i)),
                              "an entry of the revocation list");
  }
  return status;
}

/* ---- the two operations ---- */

rfctls_status rfctls__check_crl(rfctls__bytes der) {
  rfctls__openssl_errors callers;
  X509_CRL *crl = NULL;
  rfctls_status status;
  rfctls__openssl_begin(&callers);
  status = parse(der, &crl);
  if (status == RFCTLS_OK) {
    status = check_extensions(X509_CRL_get0_extensions(crl), "the revocation list");
  }
  if (status == RFCTLS_OK) {
    status = check_scope(crl);
  }
  if (status == RFCTLS_OK) {
    status = check_entries(crl);
  }
  X509_CRL_free(crl);
  rfctls__openssl_end(&callers);
  return status;
}

rfctls_status rfctls__crls_add(X509_STORE *store, const rfctls__list *crls) {
  for (size_t i = 0; crls != NULL && i < crls->count; i++) {
    X509_CRL *crl = NULL;
    rfctls_status status = parse(rfctls__list_at(crls, i), &crl);
    if (status == RFCTLS_OK && X509_STORE_add_crl(store, crl) != 1) {
      status = rfctls__openssl_fail(RFCTLS_E_INTERNAL, "a revocation list could not be added");
    }
    X509_CRL_free(crl);
    if (status != RFCTLS_OK) {
      return status;
    }
  }
  return RFCTLS_OK;
}
