/* What a program gave us: certificates and private keys, in whichever form they came. This is the
 * one place that tells the forms apart. */
#ifndef RFCTLS_PKI_BAG_H
#define RFCTLS_PKI_BAG_H

#include "base/buffer.h"
#include "rfctls/cert.h"

#if defined(__cplusplus)
extern "C" {
#endif

/* A certificate, or a private key that nobody has decrypted yet. */
typedef struct rfctls__bag_item {
  rfctls_cert *cert;   /* NULL: it is a key                                             */
  rfctls__buffer key;  /* DER, perhaps encrypted, or the text of a PEM block: a secret  */
  char *alias;         /* PKCS#12's friendlyName in UTF-8, or NULL                      */
  rfctls__buffer link; /* PKCS#12's localKeyID: the same of a key and its certificate; or empty */
  size_t line;         /* of its PEM block, or 0                                        */
} rfctls__bag_item;

typedef struct rfctls__bag {
  rfctls__bag_item *items; /* in the order of the source               */
  size_t count;
  int unordered;          /* PKCS#7 or PKCS#12: that order means nothing */
  const char *passphrase; /* as given, borrowed; NULL: none           */
  const char *path;       /* of the file that was read, borrowed; or NULL */
} rfctls__bag;

/* Reads everything: PEM text with any number of blocks, or in DER one certificate, key, PKCS#7 or
 * PKCS#12. The passphrase opens a PKCS#12, and is for the keys later. The bag, which is empty
 * before, is to be closed whatever the answer is. E_ARGUMENT: NULL with a size; E_PARSE,
 * E_UNSUPPORTED. */
rfctls_status rfctls__bag_read(const void *data, size_t size, const char *passphrase,
                               rfctls__bag *bag);
/* The same of a file. E_ARGUMENT: path is NULL. */
rfctls_status rfctls__bag_read_file(const char *path, const char *passphrase, rfctls__bag *bag);
/* Wipes and forgets all. Answers status, the outcome of what was done with the bag; a failure's
 * message gets the name of the file. */
rfctls_status rfctls__bag_close(rfctls__bag *bag, rfctls_status status);

/* Appends a certificate, which is no anchor for distrusted (bits of rfctls__use); *item may be
 * NULL, else it is valid until the next one is added. */
rfctls_status rfctls__bag_add_cert(rfctls__bag *bag, rfctls__bytes der, unsigned distrusted,
                                   rfctls__bag_item **item);
/* Appends a key as it is. */
rfctls_status rfctls__bag_add_key(rfctls__bag *bag, rfctls__bytes encoded, rfctls__bag_item **item);

/* The forms that have a file of their own: appends what is in them. */
rfctls_status rfctls__pkcs7_read(rfctls__bytes data, rfctls__bag *bag);
rfctls_status rfctls__pkcs12_read(rfctls__bytes data, rfctls__bag *bag);

#if defined(__cplusplus)
}
#endif

#endif
