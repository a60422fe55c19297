#!/usr/bin/env python3
"""Prints who understands whom: SChannel as client and as server, beside our OpenSSL build and the openssl
program: matrix.py FILE, which gets the table as well.

A cell says ok, or why it is not; exit code 1 if one failed. RFCTLS_INTEROP_OTHER is the program of
tests/interop, built for Linux; the rest of the environment is that of the interop tests."""
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop"))
import others
import pytest

PAYLOAD = b"".join(b"line %d of some\n" % number for number in range(2000))
PRIORITIES = str(pathlib.Path(__file__).resolve().with_name("tls13.priority"))


class Linux(others.Ours):
    """The same program over OpenSSL."""

    PEER = [os.environ["RFCTLS_INTEROP_OTHER"]]


FEATURES = {
    "plain": ({}, {}, {}),
    "ALPN": ({"alpn": ["h2", "http/1.1"]}, {"alpn": ["http/1.1", "h2"]}, {"alpn": "http/1.1"}),
    "client certificate": ({"identity": "client-rsa-direct"}, {"demand": True}, {"subject": "client"}),
}


def talk(client, server, version, feature):
    for_client, for_server, expected = FEATURES[feature]
    # Only Wine looks at it: it speaks TLS 1.3 by this file alone.
    os.environ.pop("GNUTLS_SYSTEM_PRIORITY_FILE", None)
    if version == "1.3":
        os.environ["GNUTLS_SYSTEM_PRIORITY_FILE"] = PRIORITIES
    with server(version=version, identity="server-rsa-direct", **for_server) as listening:
        received, _ = client.talk(listening.port, PAYLOAD, version=version, name="server.test",
                                  **for_client)
        seen = listening.seen()
    assert received == server.answer(PAYLOAD), "other bytes came back"
    for name, value in {"version": version, **expected}.items():
        assert seen[name] == value, f"{name} was {seen[name]}"


def cell(client, server, version, feature):
    try:
        talk(client, server, version, feature)
    except pytest.skip.Exception as skipped:
        return f"skipped: {skipped.msg.split(': ')[-1]}"
    except others.Refused as refused:
        facts = refused.facts or {}
        if server is others.Ours and feature == "client certificate":
            return "refused: Wine asks no client for a certificate, so ours misses it"
        return f"FAILED: {facts.get('message') or str(refused).strip().splitlines()[-1][:80]}"
    except AssertionError as failure:
        return f"FAILED: {str(failure).splitlines()[0][:80]}"
    return "ok"


def main(path):
    rows, failed = [f"{'client':<10}{'server':<10}{'TLS':<5}{'feature':<20}result"], False
    for other in (Linux, others.Openssl):
        for client, server in ((others.Ours, other), (other, others.Ours)):
            for version in ("1.2", "1.3"):
                for feature in FEATURES:
                    result = cell(client, server, version, feature)
                    failed = failed or result.startswith("FAILED")
                    names = [{others.Ours: "SChannel", Linux: "ours", others.Openssl: "openssl"}[kind]
                             for kind in (client, server)]
                    rows.append(f"{names[0]:<10}{names[1]:<10}{version:<5}{feature:<20}{result}")
    table = "\n".join(rows) + "\n"
    print(table, end="")
    pathlib.Path(path).write_text(table, encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
