/* Strength: see strength.h. */
#include "x509/strength.h"

#include "x509/der.h"

#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"

static size_t rsa_bits(rfctls__bytes key) {
  rfctls__bytes content, modulus;
  size_t bits;
  if (!rfctls__der_only(key, RFCTLS__DER_SEQUENCE, &content) ||
      !rfctls__der_take(&content, RFCTLS__DER_INTEGER, &modulus)) {
    return 0;
  }
  while (modulus.size > 0 && modulus.data[0] == 0) {
    modulus = (rfctls__bytes){modulus.data + 1, modulus.size - 1};
  }
  bits = 8 * modulus.size;
  for (unsigned top = modulus.size > 0 ? modulus.data[0] : 0; top != 0 && top < 0x80; top <<= 1) {
    bits--;
  }
  return bits;
}

/* Of curves only P-192 is weaker, which no TLS has; other keys (Ed25519) have one strength. */
int rfctls__key_is_strong(rfctls__bytes public_key) {
  rfctls__bytes content, algorithm, oid, bits, key;
  if (!rfctls__der_only(public_key, RFCTLS__DER_SEQUENCE, &content) ||
      !rfctls__der_take(&content, RFCTLS__DER_SEQUENCE, &algorithm) ||
      !rfctls__der_take(&algorithm, RFCTLS__DER_OID, &oid) ||
      !rfctls__der_only(content, RFCTLS__DER_BITS, &bits) || !rfctls__der_bits(bits, &key)) {
    return 0;
  }
  return !RFCTLS__OID_IS(oid, OID_RSA) || rsa_bits(key) >= RFCTLS__STRONG_RSA_BITS;
}

int rfctls__signature_is_strong(rfctls__bytes oid) {
  static const rfctls__bytes weak[] = {
      RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x02"), /* RSA with MD2   */
      RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04"), /* RSA with MD5   */
      RFCTLS__OCTETS("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"), /* RSA with SHA-1 */
      RFCTLS__OCTETS("\x2b\x0e\x03\x02\x1d"),                 /* the same, of old */
      RFCTLS__OCTETS("\x2a\x86\x48\xce\x38\x04\x03"),         /* DSA with SHA-1 */
      RFCTLS__OCTETS("\x2a\x86\x48\xce\x3d\x04\x01"),         /* ECDSA with SHA-1 */
  };
  for (size_t i = 0; i < sizeof weak / sizeof *weak; i++) {
    if (rfctls__bytes_equal(oid, weak[i])) {
      return 0;
    }
  }
  return 1;
}
