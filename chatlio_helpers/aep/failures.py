"""What it means when no answer comes: a name that does not resolve, a closed port, a bad certificate, a time-out."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import PlatformError, Rejected, Unavailable

_CAUSES: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (
        ("InvalidURL", "InvalidSchema", "MissingSchema", "LocationParseError", "UnicodeError", "ValueError"),
        "the address is not an http or https address",
        "the address was cut or mistyped",
        "copy the address again",
    ),
    (
        ("NameResolutionError", "gaierror"),
        "its name does not resolve",
        "there is no network, a VPN is off, or the name is misspelt",
        "check the network and the name",
    ),
    (
        ("ProxyError",),
        "the proxy refused",
        "the variables HTTP_PROXY and HTTPS_PROXY name a proxy that does not let this call through",
        "correct the variables, or ask who runs the proxy",
    ),
    (
        ("SSLError", "SSLCertVerificationError", "CertificateError"),
        "its TLS certificate cannot be verified",
        "a proxy of your company opens TLS traffic with its own certificate, or the computer's clock is wrong",
        "set REQUESTS_CA_BUNDLE to the file with your company's root certificate; the kit never skips this check",
    ),
    (
        ("ConnectTimeout", "ConnectTimeoutError"),
        "it did not take the connection in time",
        "a firewall drops the traffic, or the network is slow",
        "check the network; try again",
    ),
    (
        ("ReadTimeout", "ReadTimeoutError"),
        "it did not answer in time",
        "the platform is slow, or the answer is very large",
        "look whether the work was done before you try again",
    ),
    (
        ("ConnectionRefusedError",),
        "nothing listens there",
        "the local platform has stopped, or a firewall refuses the connection",
        "run the same command or cell again: the local platform starts by itself; on a live platform check the network",
    ),
)
_CUT = (
    "the connection was cut before the whole answer came",
    "the platform restarted, or the network dropped the connection",
    "look whether the work was done before you try again",
)


def no_answer(what: str, host: str, problem: BaseException) -> PlatformError:
    """Turn a failure of the HTTP library into our error; nothing of its text, which holds the URL, is repeated."""
    names = {type(part).__name__ for part in _chain(problem)}
    for signs, happened, cause, next_step in _CAUSES:
        if names & set(signs):
            kind = Rejected if signs[0] == "InvalidURL" else Unavailable
            return kind(f"{what}: {host or 'the platform'}: {happened}.", cause=cause, next_step=next_step)
    happened, cause, next_step = _CUT
    return Unavailable(f"{what}: {host}: {happened}.", cause=cause, next_step=next_step)


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    """Walk through a failure, what it wraps, and what caused it."""
    waiting: list[object] = [problem]
    seen: set[int] = set()
    while waiting:
        part = waiting.pop()
        if not isinstance(part, BaseException) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        waiting += [part.__cause__, part.__context__, getattr(part, "reason", None), *part.args]
