"""Who may call: a token in the header, or in the cookie that the page gets for it."""

import hashlib
import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from reidkit.serve.problems import Problem, responses
from reidkit.serve.service import service_of
from reidkit.serve.wire import Token

COOKIE = "reidkit_session"

bearer = HTTPBearer(auto_error=False, description="The token that the service was started with.")
router = APIRouter(tags=["session"])


def require_token(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> None:
    """Refuse whoever shows no token, where there is one.

    Raises:
        Problem: 401.
    """
    token = service_of(request).settings.token
    if token is None:
        return
    if shown is not None and _equal(shown.credentials, token):
        return
    if _equal(request.cookies.get(COOKIE, ""), _session_of(token)):
        return
    raise Problem(
        401,
        "Show the token of the service: 'Authorization: Bearer TOKEN'.",
        {"WWW-Authenticate": "Bearer"},
    )


@router.post("/v1/session", status_code=204, responses=responses(400, 401, 408, 413, 422, 429))
async def sign_in(request: Request, body: Token) -> Response:
    """Exchange the token for a cookie that scripts cannot read and other sites cannot send."""
    token = service_of(request).settings.token
    if token is not None and not _equal(body.token, token):
        raise Problem(401, "That is not the token of this service.", {"WWW-Authenticate": "Bearer"})
    response = Response(status_code=204)
    if token is not None:
        response.set_cookie(
            COOKIE,
            _session_of(token),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
    return response


@router.delete("/v1/session", status_code=204, responses=responses(429))
async def sign_out() -> Response:
    """Forget the cookie."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


def _session_of(token: str) -> str:
    """Return what the cookie holds: it proves the token and does not tell it."""
    return hmac.new(token.encode(), b"reidkit session", hashlib.sha256).hexdigest()


def _equal(first: str, second: str) -> bool:
    return hmac.compare_digest(first.encode(errors="replace"), second.encode(errors="replace"))
