"""A session of requests over rfctls, with a private authority; prints the page.

    requests_session.py URL [CAFILE]
"""
from __future__ import annotations

import sys

import requests
import rfctls.requests


def main(url: str, *authorities: str) -> None:
    with requests.Session() as session:
        session.mount("https://", rfctls.requests.Adapter(authorities=authorities))
        answer = session.get(url, timeout=30)
        answer.raise_for_status()
        print(answer.text)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except requests.RequestException as error:
        sys.exit(f"requests_session.py: {error}")
