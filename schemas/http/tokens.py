"""Log-in over HTTP: access and refresh tokens, and the public keys that verify them."""

from __future__ import annotations

from schemas.contract import Fact, Input
from schemas.fields import Int, ListOf, Nested, Secret, Text
from schemas.http.users import PASSWORD_MAX, UserView


class TokenInput(Input):
    """Log-in by name and password."""

    login = Text(required=True, max=40)
    password = Secret(required=True, max=PASSWORD_MAX)


class RefreshInput(Input):
    """A refresh token; it works once."""

    refresh_token = Secret(required=True, max=200)


class TokenView(Fact):
    """A pair of tokens; `expires_in` is the access token's life in seconds."""

    access_token = Text(required=True, max=65_536)
    refresh_token = Text(required=True, max=200)
    token_type = Text(required=True, max=10)
    expires_in = Int(required=True, min=1)
    user = Nested(UserView, required=True)


class KeyView(Fact):
    """One public key (RFC 8037): OKP, Ed25519."""

    kty = Text(required=True, max=10)
    crv = Text(required=True, max=10)
    use = Text(required=True, max=10)
    alg = Text(required=True, max=10)
    kid = Text(required=True, max=64)
    x = Text(required=True, max=64)


class KeySetView(Fact):
    """The key set that every service verifies access tokens with."""

    keys = ListOf(Nested(KeyView), required=True, max=20)
