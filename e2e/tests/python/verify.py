"""Verifies a token as anybody would who knows nothing but the issuer's address: prints its claims as JSON.

usage: verify.py ADDRESS ALGORITHM ISSUER AUDIENCE < token
"""
import json
import sys
import urllib.request

import jwt

address, algorithm, issuer, audience = sys.argv[1:]
token = sys.stdin.read().strip()

with urllib.request.urlopen(f"{address}/.well-known/oauth-authorization-server") as answer:
    metadata = json.load(answer)
assert metadata["issuer"] == issuer, metadata
assert algorithm in metadata["token_signing_alg_values_supported"], metadata

# The path is the metadata's own; the address is where this instance happens to listen.
path = metadata["jwks_uri"].removeprefix(issuer)
key = jwt.PyJWKClient(address + path).get_signing_key_from_jwt(token)
claims = jwt.decode(
    token,
    key,
    algorithms=[algorithm],
    issuer=issuer,
    audience=audience,
    options={"require": ["iss", "aud", "sub", "iat", "exp", "jti"]},
)
print(json.dumps(claims))
