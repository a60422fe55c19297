"""Trusts one certificate alone, by its fingerprint, whoever vouches for it or does not.

    pinned.py HOST PORT FINGERPRINT

FINGERPRINT is the SHA-256 of the certificate: `openssl x509 -noout -fingerprint -sha256`.
"""
from __future__ import annotations

import sys

import rfctls


def main(host: str, port: str, fingerprint: str) -> None:
    expected = fingerprint.replace(":", "").lower()

    def verifier(depth: int, trusted: bool, certificate: rfctls.Finding) -> bool:
        return depth > 0 or certificate.fingerprint == expected

    with rfctls.connect(host, port, verifier=verifier, timeout=30) as sock:
        print(f"{sock.version()} with {sock.peer_certificate}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except rfctls.CertificateError as error:
        sys.exit(f"pinned.py: {error}: {error.certificate}")
