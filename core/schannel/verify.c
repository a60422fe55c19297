/* Judging the peer's chain: see verify.h.
 *
 * CryptoAPI builds the chain, from what the peer sent and, where the system counts, from what Windows has;
 * it fetches nothing for it. What it finds wrong with each certificate becomes a set of our reasons; names,
 * usage of the leaf and strength are found by ourselves. An authority of the context is an anchor, be it
 * a root or not (unless the context wants roots): what stands above it does not count. */
#include "schannel/verify.h"

#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/error.h"
#include "schannel/certificate.h"
#include "schannel/conn.h"
#include "schannel/distinguished_name.h"
#include "schannel/failure.h"
#include "x509/date.h"
#include "x509/name_check.h"
#include "x509/strength.h"
#include "x509/verify_error.h"

static rfctls__bytes der_of(PCCERT_CONTEXT cert) {
  return (rfctls__bytes){cert->pbCertEncoded, cert->cbCertEncoded};
}

/* ---- reasons ---- */

/* A set of reasons: bit n is reason n. */
typedef unsigned reasons;

static reasons only(rfctls_reason reason) {
  return 1u << reason;
}

typedef struct mapping {
  DWORD bits; /* of CERT_TRUST_STATUS.dwErrorStatus */
  rfctls_reason reason;
} mapping;

/* Times are judged by ourselves, since here one bit stands for both ends. */
static const mapping mappings[] = {
    {CERT_TRUST_IS_UNTRUSTED_ROOT | CERT_TRUST_IS_EXPLICIT_DISTRUST, RFCTLS_REASON_SELF_SIGNED},
    {CERT_TRUST_IS_PARTIAL_CHAIN | CERT_TRUST_IS_CYCLIC, RFCTLS_REASON_ISSUER},
    {CERT_TRUST_INVALID_EXTENSION | CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT |
         CERT_TRUST_INVALID_POLICY_CONSTRAINTS | CERT_TRUST_NO_ISSUANCE_CHAIN_POLICY,
     RFCTLS_REASON_EXTENSION},
    {CERT_TRUST_INVALID_BASIC_CONSTRAINTS | CERT_TRUST_INVALID_NAME_CONSTRAINTS |
         CERT_TRUST_HAS_NOT_SUPPORTED_NAME_CONSTRAINT | CERT_TRUST_HAS_NOT_DEFINED_NAME_CONSTRAINT |
         CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT | CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT,
     RFCTLS_REASON_CONSTRAINT},
    {CERT_TRUST_IS_NOT_VALID_FOR_USAGE, RFCTLS_REASON_PURPOSE},
    {CERT_TRUST_HAS_WEAK_SIGNATURE, RFCTLS_REASON_WEAK},
    {CERT_TRUST_IS_REVOKED, RFCTLS_REASON_REVOKED},
    {CERT_TRUST_IS_NOT_SIGNATURE_VALID, RFCTLS_REASON_SIGNATURE},
};

static reasons reasons_of(DWORD status) {
  reasons found = 0;
  for (size_t i = 0; i < sizeof mappings / sizeof *mappings; i++) {
    if ((status & mappings[i].bits) != 0) {
      found |= only(mappings[i].reason);
    }
  }
  return found;
}

/* The one that counts; NONE of none. */
static rfctls_reason first_of(reasons found) {
  rfctls_reason first = RFCTLS_REASON_NONE;
  for (int reason = RFCTLS_REASON_NONE + 1; reason <= RFCTLS_REASON_OTHER; reason++) {
    if ((found & only((rfctls_reason)reason)) != 0 &&
        rfctls__verify_error_precedes((rfctls_reason)reason, first)) {
      first = (rfctls_reason)reason;
    }
  }
  return first;
}

int rfctls__verify_alert(rfctls_reason reason) {
  switch ((int)reason) { /* others are bad_certificate */
  case RFCTLS_REASON_EXPIRED:
  case RFCTLS_REASON_NOT_YET_VALID: return 45;
  case RFCTLS_REASON_REVOKED: return 44;
  case RFCTLS_REASON_ISSUER:
  case RFCTLS_REASON_SELF_SIGNED:
  case RFCTLS_REASON_CONSTRAINT: return 48;
  case RFCTLS_REASON_PURPOSE: return 43;
  case RFCTLS_REASON_MISSING: return 116;
  default: return 42;
  }
}

/* ---- building ---- */

typedef struct chain {
  PCCERT_CHAIN_CONTEXT context;
  PCERT_SIMPLE_CHAIN simple; /* its first one: leaf to root */
  size_t size;               /* up to the anchor            */
  int anchored;              /* by an authority             */
} chain;

static rfctls__bytes usage_of(const rfctls__context *context) {
  static const uint8_t server[] =
      "\x2b\x06\x01\x05\x05\x07\x03\x01"; /* RFC 5280 section 4.2.1.12 */
  static const uint8_t client[] = "\x2b\x06\x01\x05\x05\x07\x03\x02";
  return (rfctls__bytes){context->role == RFCTLS_CLIENT ? server : client, sizeof server - 1};
}

static PCCERT_CHAIN_CONTEXT build(HCERTCHAINENGINE engine, const rfctls__context *context,
                                  PCCERT_CONTEXT leaf) {
  char *usage = (char *)(context->role == RFCTLS_CLIENT ? szOID_PKIX_KP_SERVER_AUTH
                                                        : szOID_PKIX_KP_CLIENT_AUTH);
  CERT_CHAIN_PARA wanted = {.cbSize = sizeof wanted,
                            .RequestedUsage = {USAGE_MATCH_TYPE_AND, {1, &usage}}};
  PCCERT_CHAIN_CONTEXT built = NULL;
  return CertGetCertificateChain(engine, leaf, NULL, leaf->hCertStore, &wanted,
                                 CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL, NULL, &built)
             ? built
             : NULL;
}

static int is_self_issued(PCCERT_CONTEXT cert) {
  return CertCompareCertificateName(X509_ASN_ENCODING, &cert->pCertInfo->Subject,
                                    &cert->pCertInfo->Issuer);
}

static int is_authority(const rfctls__context *context, PCCERT_CONTEXT cert) {
  PCCERT_CONTEXT found = NULL;
  if (context->partial_chain || is_self_issued(cert)) {
    found = CertFindCertificateInStore(context->authorities, X509_ASN_ENCODING, 0,
                                       CERT_FIND_EXISTING, cert, NULL);
  }
  if (found == NULL) {
    return 0;
  }
  (void)CertFreeCertificateContext(found);
  return 1;
}

/* The chain ends at the first authority in it. */
static void look_for_anchor(const rfctls__context *context, chain *built) {
  for (size_t i = 0; i < built->simple->cElement; i++) {
    if (is_authority(context, built->simple->rgpElement[i]->pCertContext)) {
      built->size = i + 1;
      built->anchored = 1;
      return;
    }
  }
}

static int use(const rfctls__context *context, PCCERT_CHAIN_CONTEXT built, chain *out) {
  if (built == NULL) {
    return 0;
  }
  *out = (chain){built, built->rgpChain[0], built->rgpChain[0]->cElement, 0};
  look_for_anchor(context, out);
  return out->anchored || (reasons_of(built->TrustStatus.dwErrorStatus) &
                           (only(RFCTLS_REASON_ISSUER) | only(RFCTLS_REASON_SELF_SIGNED))) == 0;
}

/* By the authorities first; by the system where it counts, and these do not vouch. 0: there is no chain. */
static int build_best(const rfctls__context *context, PCCERT_CONTEXT leaf, chain *out) {
  PCCERT_CHAIN_CONTEXT built = build(context->anchored, context, leaf), by_system;
  *out = (chain){NULL, NULL, 0, 0};
  if (use(context, built, out) || !context->system_trust) {
    return out->context != NULL;
  }
  by_system = build(NULL, context, leaf);
  if (by_system != NULL && built != NULL) {
    CertFreeCertificateChain(built);
  }
  (void)use(context, by_system != NULL ? by_system : built, out);
  return out->context != NULL;
}

/* ---- what is wrong with each ---- */

static reasons judge_time(const rfctls__x509 *x509) {
  int64_t now = (int64_t)time(NULL), begin = 0, end = 0;
  if (!rfctls__date_read(&x509->not_before, &begin) || !rfctls__date_read(&x509->not_after, &end)) {
    return only(RFCTLS_REASON_MALFORMED);
  }
  return now < begin ? only(RFCTLS_REASON_NOT_YET_VALID)
         : now > end ? only(RFCTLS_REASON_EXPIRED)
                     : 0;
}

/* The anchor's own signature proves nothing. */
static reasons judge_strength(const rfctls__x509 *x509, int is_anchor) {
  return rfctls__key_is_strong(x509->public_key) &&
                 (is_anchor || rfctls__signature_is_strong(x509->signed_by))
             ? 0
             : only(RFCTLS_REASON_WEAK);
}

static reasons judge_trust(const chain *built, size_t at) {
  DWORD status = built->simple->rgpElement[at]->TrustStatus.dwErrorStatus;
  reasons found = reasons_of(status);
  if (at + 1 == built->simple->cElement) { /* what is said of the chain is about its end */
    found |= reasons_of(built->simple->TrustStatus.dwErrorStatus & CERT_TRUST_IS_PARTIAL_CHAIN);
  }
  if (built->anchored) {
    found &= ~(only(RFCTLS_REASON_ISSUER) | only(RFCTLS_REASON_SELF_SIGNED));
    if (at + 1 == built->size) {
      found &= ~only(RFCTLS_REASON_SIGNATURE);
    }
  }
  return found;
}

/* Where a signature's hash is too weak, the system may not look at it, and call it wrong. */
static reasons prefer_weak(const rfctls__x509 *x509, reasons found) {
  return (found & only(RFCTLS_REASON_WEAK)) != 0 && !rfctls__signature_is_strong(x509->signed_by)
             ? found & ~only(RFCTLS_REASON_SIGNATURE)
             : found;
}

/* 0 without memory. */
static int judge_leaf(const rfctls__conn *conn, const rfctls__x509 *x509, reasons *found) {
  rfctls__list hosts = {NULL, 0}, addresses = {NULL, 0};
  rfctls_status status = RFCTLS_OK;
  if (!rfctls__x509_allows(x509, usage_of(conn->context))) {
    *found |= only(RFCTLS_REASON_PURPOSE);
  }
  if (conn->name != NULL) {
    status = rfctls__x509_names(x509, &hosts, &addresses);
    if (!rfctls__names_match(&hosts, &addresses, conn->name)) {
      *found |= only(RFCTLS_REASON_NAME);
    }
  }
  rfctls__list_release(&hosts);
  rfctls__list_release(&addresses);
  return status == RFCTLS_OK;
}

/* ---- whom a certificate is for ---- */

/* Alternative names for which there is no memory are left out: they are for a message only. */
static void see_holder(rfctls__holder *out, const rfctls__x509 *x509) {
  memset(out, 0, sizeof *out);
  out->has_common_name = rfctls__dn_put(out->subject, sizeof out->subject, x509->subject);
  (void)rfctls__dn_put(out->issuer, sizeof out->issuer, x509->issuer);
  (void)rfctls__x509_names(x509, &out->hosts, &out->addresses);
  (void)rfctls__date_read(&x509->not_before, &out->not_before);
  (void)rfctls__date_read(&x509->not_after, &out->not_after);
}

static void put_problem(char out[RFCTLS__VERIFY_ERROR_SIZE], const rfctls__conn *conn,
                        const rfctls__x509 *x509, int depth, rfctls_reason reason) {
  rfctls__holder holder;
  rfctls__verify_error problem = {reason, depth, &holder, conn->name, NULL};
  see_holder(&holder, x509);
  rfctls__verify_error_say(out, &problem);
  rfctls__holder_release(&holder);
}

/* ---- writing it down ---- */

static rfctls_status note(rfctls__conn *conn, const rfctls__x509 *x509, rfctls__bytes der,
                          int depth, reasons found, rfctls__finding *out) {
  rfctls__judgement *judgement = &conn->judgement;
  char text[RFCTLS__VERIFY_ERROR_SIZE] = "";
  rfctls_reason reason = first_of(found);
  rfctls_status status = rfctls__list_add(&judgement->found.certs, der.data, der.size);
  if (reason != RFCTLS_REASON_NONE) {
    put_problem(text, conn, x509, depth, reason);
  }
  if (status == RFCTLS_OK) {
    status = rfctls__list_add(&judgement->found.texts, text, strlen(text) + 1);
  }
  if (status == RFCTLS_OK) {
    rfctls__list *texts = &judgement->found.texts, *certs = &judgement->found.certs;
    *out = (rfctls__finding){depth, reason,
                             (const char *)rfctls__list_at(texts, texts->count - 1).data,
                             rfctls__list_at(certs, certs->count - 1)};
  }
  return status;
}

/* They come from the leaf on; of equal ones that nearest to the anchor counts. */
static void remember_first(rfctls__judgement *judgement, const rfctls__finding *item) {
  if (item->reason != RFCTLS_REASON_NONE &&
      (judgement->first == NULL ||
       !rfctls__verify_error_precedes(judgement->first->reason, item->reason))) {
    judgement->first = item;
  }
}

static rfctls_status judge_element(rfctls__conn *conn, const chain *built, size_t at) {
  rfctls__judgement *judgement = &conn->judgement;
  rfctls__finding *item = &judgement->found.items[built->size - 1 - at];
  rfctls__bytes der = der_of(built->simple->rgpElement[at]->pCertContext);
  reasons found = judge_trust(built, at);
  rfctls__x509 x509;
  rfctls_status status = rfctls__x509_read(der, &x509);
  if (status == RFCTLS_OK) {
    int is_anchor = at + 1 == built->size && (found & only(RFCTLS_REASON_ISSUER)) == 0;
    found |= judge_time(&x509) | judge_strength(&x509, is_anchor);
    found = prefer_weak(&x509, found);
    if (at == 0 && !judge_leaf(conn, &x509, &found)) {
      return rfctls__fail_memory();
    }
  } else {
    rfctls__error_clear();
    found |= only(RFCTLS_REASON_MALFORMED);
  }
  status = note(conn, &x509, der, (int)at, found, item);
  if (status == RFCTLS_OK) {
    remember_first(judgement, item);
  }
  return status;
}

rfctls_status rfctls__verify_chain(rfctls__conn *conn, PCCERT_CONTEXT leaf) {
  chain built;
  rfctls_status status = RFCTLS_OK;
  rfctls__judgement *judgement = &conn->judgement;
  if (!build_best(conn->context, leaf, &built)) {
    return rfctls__schannel_fail(RFCTLS_E_INTERNAL, (long)GetLastError(),
                                 "Windows cannot build the certificate's chain");
  }
  judgement->found.items = rfctls__alloc(built.size * sizeof *judgement->found.items);
  status = judgement->found.items != NULL ? RFCTLS_OK : rfctls__fail_memory();
  for (size_t i = 0; status == RFCTLS_OK && i < built.size; i++) {
    status = judge_element(conn, &built, i);
  }
  judgement->found.count = status == RFCTLS_OK ? built.size : 0;
  CertFreeCertificateChain(built.context);
  return status;
}

/* ---- the verdict ---- */

rfctls_status rfctls__verify_fail(const rfctls__judgement *judgement) {
  const rfctls__finding *first = judgement->first;
  return rfctls__fail_verify(CERT_E_CHAINING, first->depth, first->reason, "%s", first->text);
}

rfctls_status rfctls__verify_refuse(PCCERT_CONTEXT leaf) {
  rfctls__holder holder = {.subject = "the peer"};
  rfctls__x509 x509;
  rfctls_status status;
  if (rfctls__x509_read(der_of(leaf), &x509) == RFCTLS_OK) {
    see_holder(&holder, &x509);
  }
  status = rfctls__fail_refused(CERT_E_UNTRUSTEDROOT, &holder);
  rfctls__holder_release(&holder);
  return status;
}

/* ---- what came ---- */

static int is_listed(const rfctls__list *list, size_t begin, rfctls__bytes der) {
  for (size_t i = begin; i < list->count; i++) {
    if (rfctls__bytes_equal(rfctls__list_at(list, i), der)) {
      return 1;
    }
  }
  return 0;
}

/* The next one that issued last, or any: 0 when all are listed. */
static PCCERT_CONTEXT next_of(PCCERT_CONTEXT leaf, const rfctls__list *list, size_t begin,
                              int any) {
  rfctls__x509 below, above;
  PCCERT_CONTEXT cert = NULL;
  if (rfctls__x509_read(rfctls__list_at(list, list->count - 1), &below) != RFCTLS_OK) {
    any = 1;
  }
  while ((cert = CertEnumCertificatesInStore(leaf->hCertStore, cert)) != NULL) {
    if (!is_listed(list, begin, der_of(cert)) &&
        (any || (rfctls__x509_read(der_of(cert), &above) == RFCTLS_OK &&
                 rfctls__bytes_equal(above.subject, below.issuer)))) {
      return cert;
    }
  }
  return NULL;
}

rfctls_status rfctls__verify_list(PCCERT_CONTEXT leaf, rfctls__list *list) {
  size_t begin = list->count;
  PCCERT_CONTEXT cert = CertDuplicateCertificateContext(leaf);
  rfctls_status status = RFCTLS_OK;
  while (status == RFCTLS_OK && cert != NULL) {
    status = rfctls__list_add(list, cert->pbCertEncoded, cert->cbCertEncoded);
    (void)CertFreeCertificateContext(cert);
    cert = NULL;
    if (status == RFCTLS_OK) {
      cert = next_of(leaf, list, begin, 0);
      cert = cert != NULL ? cert : next_of(leaf, list, begin, 1);
    }
  }
  if (status == RFCTLS_OK) {
    rfctls__error_clear();
  }
  return status;
}
