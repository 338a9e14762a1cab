"""Asks a local HTTP address whether it is well."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request


def body_of(address: str, seconds: float = 3.0) -> bytes | None:
    """The body of a 200 answer; None for any other answer, or none at all within these seconds."""
    try:
        with urllib.request.urlopen(address, timeout=seconds) as answer:
            return bytes(answer.read()) if answer.status == 200 else None
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return None
    except (OSError, http.client.HTTPException):  # nobody listens, or it speaks no HTTP
        return None
