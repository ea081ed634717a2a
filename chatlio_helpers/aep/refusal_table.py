"""The table of refusals: vendor code or HTTP status -> kind of our error, likely cause, next step, in plain words.

Codes and their meaning: Adobe's troubleshooting guide (gateway), the Flow Service error catalogue, the Schema Registry
and streaming guides. Causes and next steps are ours.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Meaning(NamedTuple):
    """The name of the error class, the likely cause and the next step."""

    kind: str
    cause: str
    next_step: str


_CONSOLE = "Adobe's Developer Console"
_ASK = "ask an administrator of your organisation"
_STATE = Meaning(
    "Conflict",
    "the dataflow or connection is still changing its state (enabling, updating, disabling), or another run with the "
    "same workspace and prefix changes it",
    "wait some seconds until its state is enabled or disabled, then try again; or use another prefix",
)
_NO_SANDBOX = Meaning(
    "Rejected",
    "the sandbox name is misspelt, or belongs to another organisation",
    "look at aep.sandboxes() (notebook), or at Sandboxes in Adobe's user interface, and choose one of the names there",
)
_ROLE = Meaning(
    "Forbidden",
    "the role of this technical account lacks the permission for this operation",
    f"{_ASK} to add this API credential to a role (Permissions, Roles, API credentials) that may manage schemas, "
    "datasets and sources in this sandbox",
)
_GONE = Meaning(
    "NotFound",
    "it was deleted, never made, or is in another sandbox or organisation",
    "check the id and the sandbox",
)
_PASSING = Meaning(
    "Unavailable",
    "a passing fault of the platform",
    "try again in a minute; before creating something again, look whether it was made",
)
_SECRET = Meaning(
    "NotAuthorised",
    "the client secret or the client id is wrong, or the secret was deleted or replaced",
    f"copy both again from the project in {_CONSOLE} (OAuth Server-to-Server)",
)
_ACCEPT = Meaning("Rejected", "the Accept header is not one that this resource knows", "report this: the kit sets it")
_ETAG = Meaning(
    "Conflict",
    "the object changed since it was read; a dataflow changes by itself after it was made, and each time a run closes",
    "read it again, take the new etag, quotes included, and send the change again",
)
_UNION = Meaning(
    "Rejected",
    "a schema may join the Profile union only with a primary identity or an identity map",
    "add an identity first, or leave the schema out of Profile",
)

CODES: dict[str, Meaning] = {
    # IMS
    "invalid_client": _SECRET,
    "invalid_scope": Meaning(
        "NotAuthorised",
        "a scope was asked for that this credential does not have",
        f"use the scopes that {_CONSOLE} shows for this credential, or leave the scopes out",
    ),
    "unauthorized_client": _SECRET,
    "unsupported_grant_type": Meaning(
        "Rejected", "the grant type is not client_credentials", "use an OAuth Server-to-Server credential"
    ),
    "invalid_request": Meaning(
        "Rejected", "a field of the request is missing or malformed", "compare it with the docs"
    ),
    # gateway
    "403010": Meaning("NotAuthorised", "the header Authorization is missing", "send `Authorization: Bearer TOKEN`"),
    "401013": Meaning("NotAuthorised", "the token has expired, was revoked, or is not a token", "get a new token"),
    "403000": Meaning("NotAuthorised", "the header x-api-key is missing", "send the client id as `x-api-key`"),
    "403003": Meaning(
        "NotAuthorised",
        "x-api-key is unknown, or is not the client id that the token was made for",
        "send the client id of the same credential that gave the token",
    ),
    "400003": Meaning("Rejected", "the header x-gw-ims-org-id is missing", "send the organisation id in that header"),
    "403025": Meaning(
        "Forbidden",
        "the project has no product profile of Experience Platform, or the organisation is not entitled to it",
        f"add the API to the project in {_CONSOLE}, with a product profile such as AEP-Default-All-Users",
    ),
    "403027": Meaning(
        "Forbidden",
        "the organisation id is malformed or another's, or the account has no product profile",
        "check that the organisation id and the credential belong together, and that a product profile is assigned",
    ),
    "429050": Meaning("RateLimited", "too many requests in a short time", "wait, and send fewer requests at once"),
    # Flow Service: organisation, sandbox, permission
    "2000-401": Meaning(
        "NotAuthorised",
        "the token may not act for this organisation",
        "check that the organisation id and the credential belong together",
    ),
    "2100-404": _NO_SANDBOX,
    "2101-404": _NO_SANDBOX,
    "2103-404": _NO_SANDBOX,
    "2105-400": Meaning("Rejected", "the header x-sandbox-name is missing", "send the sandbox's name in that header"),
    "2110-400": Meaning("Rejected", "x-sandbox-id is only for Adobe's own services", "send x-sandbox-name instead"),
    "2118-403": _ROLE,
    "2120-403": _ROLE,
    "2121-403": _ROLE,
    "PDP-4041-403": _ROLE,
    "XDM-2010-403": _ROLE,
    # Flow Service: objects
    "1403-400": Meaning(
        "Rejected",
        "the header If-Match is missing",
        "read the object, and send its etag, quotes included, as `If-Match`",
    ),
    "1404-412": _ETAG,
    "1410-400": Meaning("Rejected", "a new dataflow may not be given a state", "leave `state` out; it enables itself"),
    "1412-400": Meaning("Rejected", "there is no such version of the mapping set", "read the mapping set's version"),
    "1413-400": Meaning("Rejected", "the id of the connection or flow specification is wrong", "check the fixed ids"),
    "1416-400": _STATE,
    "1418-400": Meaning("Conflict", "a dataflow still uses this connection", "delete the dataflow first"),
    "1419-400": Meaning(
        "Rejected",
        "the mapping set does not pass validation against the schema",
        "validate the mapping set and mend what it names",
    ),
    "1420-400": _STATE,
    "1421-400": _STATE,
    "1422-400": Meaning(
        "Conflict",
        "the dataflow is already in that state, is still changing its state, or another run with the same workspace "
        "and prefix changes it",
        "look at the dataflow's state, and wait until it is enabled or disabled; or use another prefix",
    ),
    "1425-400": Meaning(
        "Rejected",
        "the dataset and the mapping set name different schemas, or different versions of one",
        "make both with the same schema id and version",
    ),
    "1426-400": Meaning("Forbidden", "only Adobe may make connection specifications", "use the published ones"),
    "1427-400": Meaning("Forbidden", "only Adobe's services write flow runs", "read the runs instead"),
    "1439-400": _GONE,
    "1101-404": _GONE,
    "1447-400": Meaning("Conflict", "a dataflow still uses this object", "delete the dataflow first"),
    "1102-500": _PASSING,
    "1103-503": _PASSING,
    "1104-504": _PASSING,
    "1400-500": _PASSING,
    "2200-500": _PASSING,
    "2250-500": _PASSING,
    # Schema Registry
    "XDM-1006-400": _ACCEPT,
    "XDM-1007-400": _ACCEPT,
    "XDM-1008-400": _ACCEPT,
    "XDM-1009-400": _ACCEPT,
    "XDM-1413-400": Meaning(
        "Conflict",
        "two field groups give the same path different types",
        "rename a field, or use only one of the field groups",
    ),
    "XDM-1521-400": Meaning(
        "Conflict",
        "a schema, field group, class or data type with this title exists already; titles are unique over all of them",
        "reuse the existing one, or choose another prefix",
    ),
    "XDM-1526-400": _UNION,
    "XDM-1527-400": _UNION,
    "XDM-1528-400": _UNION,
}
for _number in range(1010, 1018):
    CODES[f"XDM-{_number}-404"] = _GONE

# refusals whose code Adobe does not print in the body: a sign in their words
WORDS: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (re.compile(r"does not match the current version", re.IGNORECASE), _ETAG),
    (re.compile(r"^\w+ not found with id", re.IGNORECASE), _GONE),
    (
        re.compile(r"unknown xdm format", re.IGNORECASE),
        Meaning(
            "Rejected",
            "the webhook URL lacks `?x-adobe-flow-id=…`, so the inlet does not know which mapping to use",
            "take the whole webhook URL from the dataflow; Adobe's printed example lacks that part",
        ),
    ),
    (
        re.compile(r"no dataflow with this id|dataflow .*(?:disabled|not enabled)", re.IGNORECASE),
        Meaning(
            "Rejected",
            "the dataflow that the webhook URL names is not one of this inlet, was deleted, or is paused",
            "take the webhook URL from the dataflow again, and look at the dataflow's state",
        ),
    ),
    (
        re.compile(r"no inlet with this id", re.IGNORECASE),
        Meaning(
            "Rejected",
            "the inlet's id in the webhook URL is wrong, or its dataflow was deleted",
            "take the webhook URL from the dataflow again",
        ),
    ),
    (
        re.compile(r"message is not (?:json|a json object)", re.IGNORECASE),
        Meaning("Rejected", "the body is not one JSON object", "send one event as one JSON object"),
    ),
    (
        re.compile(r"absent or wrong ims org", re.IGNORECASE),
        Meaning("Rejected", "the message names another organisation than the inlet's", "correct its header"),
    ),
)

STATUSES: dict[int, Meaning] = {
    300: Meaning("Rejected", "the address answers with a redirect, which the kit does not follow", "check the address"),
    400: Meaning(
        "Rejected", "the request is malformed, or names something that does not exist", "read its words above"
    ),
    401: Meaning("NotAuthorised", "the token or the secret is missing, wrong or expired", "get a new token"),
    403: _ROLE,
    404: _GONE,
    405: Meaning("Rejected", "the address does not take this method", "check the method and the path"),
    406: _ACCEPT,
    409: Meaning("Conflict", "it exists already", "look it up by its name and reuse it"),
    412: _ETAG,
    413: Meaning(
        "Rejected",
        "the body is larger than 1 MB, Adobe's limit for one streaming request",
        "send fewer events in one request, or leave the largest parts out",
    ),
    415: Meaning("Rejected", "the Content-Type is missing or wrong", "send `Content-Type: application/json`"),
    422: Meaning("Rejected", "the request is well formed but cannot be carried out", "read its words above"),
    429: Meaning("RateLimited", "too many requests in a short time", "wait, and send fewer requests at once"),
    500: _PASSING,
    501: Meaning(
        "NotBuilt",
        "the local platform does not have this operation of Adobe's (or, live, the region does not offer it)",
        "look at the coverage table of the local platform, or use a live platform",
    ),
    502: _PASSING,
    503: Meaning("Unavailable", "the platform is overloaded or restarting", _PASSING.next_step),
    504: Meaning(
        "Unavailable",
        "the platform took longer than about 60 seconds",
        "ask for less at once; before creating something again, look whether it was made",
    ),
}
for _status in (301, 302, 303, 304, 307, 308):
    STATUSES[_status] = STATUSES[300]
