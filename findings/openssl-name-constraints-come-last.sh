#!/bin/sh
# OpenSSL reports a violation of name constraints only where signature and dates are good, but an unknown critical extension before both.
#
# Versions: pyOpenSSL 26.4.0 on cryptography 50.0.2 (its wheel carries OpenSSL 4.0.3).
# Guess: what can be told from the chain alone (extensions, name constraints) is checked first, then signatures and
#   dates: a leaf that its authority may not name and that has expired is reported as outside the permitted names.
# Behaviour: an unknown critical extension is reported before all else, even on a signature that does not fit; a
#   violation of name constraints only when signature and dates are good. So renewing an expired certificate can bring
#   up an error that was there from the start.
# Seen:
#   outside: permitted subtree violation
#   outside, expired: certificate has expired
#   outside, wrong signature: certificate signature failure
#   outside, unknown critical extension: unhandled critical extension
#   wrong signature, unknown critical extension: unhandled critical extension
# Source: crypto/x509/x509_vfy.c, verify_chain(), which calls check_extensions(), internal_verify() and
#   check_name_constraints() in this order; RFC 5280, 6.1.3, has signature, dates and names in one step.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
timeout 300 python3 -m pip install -q --root-user-action=ignore --target "$dir" pyOpenSSL==26.4.0 cryptography==50.0.2
PYTHONPATH=$dir timeout 60 python3 - <<'PY'
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import crypto

ours, theirs = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
now = datetime.now(timezone.utc)


def certificate(name, signer, extensions, days=30):
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "root")]))
        .public_key(ours.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=days))
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    return crypto.X509.from_cryptography(made.sign(signer, hashes.SHA256()))


constraints = x509.NameConstraints([x509.DNSName("good.test")], None)
store = crypto.X509Store()
store.add_cert(certificate("root", ours, [(x509.BasicConstraints(True, None), True), (constraints, True)]))
unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.999.1"), b"\5\0")


def verdict(name, *faults):
    extensions = [(x509.SubjectAlternativeName([x509.DNSName(name)]), False)]
    if "unknown" in faults:
        extensions.append((unknown, True))
    signer, days = (theirs if "signature" in faults else ours), (-5 if "expired" in faults else 30)
    try:
        crypto.X509StoreContext(store, certificate("leaf", signer, extensions, days)).verify_certificate()
        return "good"
    except crypto.X509StoreContextError as error:
        return str(error)


assert verdict("a.good.test") == "good"
seen = {
    "outside": verdict("bad.test"),
    "outside, expired": verdict("bad.test", "expired"),
    "outside, wrong signature": verdict("bad.test", "signature"),
    "outside, unknown critical extension": verdict("bad.test", "unknown"),
    "wrong signature, unknown critical extension": verdict("a.good.test", "signature", "unknown"),
}
for case, error in seen.items():
    print(f"{case}: {error}")
assert list(seen.values()) == [
    "permitted subtree violation",
    "certificate has expired",
    "certificate signature failure",
    "unhandled critical extension",
    "unhandled critical extension",
], "this has changed"
PY
