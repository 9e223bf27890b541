"""Ids that tell nobody apart but within an export, or within all exports that are made with one key."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

#: Bytes of a pseudonym: two of ten million people have the same one once in ten billion exports.
LENGTH = 10

#: Replaces a public id, given what it is the id of.
Naming = Callable[[str, Any], str]


def real_ids(of: str, public_id: Any) -> str:
    """As they are in addresses and in the admin."""
    return str(public_id)


def pseudonyms(key: str = "") -> Naming:
    """The same for the same id and key; without a key nobody can ever tell again whose they are."""
    secret = key.encode() or secrets.token_bytes(32)

    def name(of: str, public_id: Any) -> str:
        said = f"{of}:{public_id}".encode()
        return f"{of[0]}-{hmac.new(secret, said, hashlib.sha256).hexdigest()[: 2 * LENGTH]}"

    return name
