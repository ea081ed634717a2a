"""How deep a JSON body may be: what can be read must also be writable again, in an object or in a failed row.

The JSON library reads 1,024 levels and writes 254. The live platform's limit is not known; 200 leave room for what is
put around a body.
"""

from __future__ import annotations

from typing import Any

import orjson

MOST = 200
_WRITABLE = 254


def too_deep(content: bytes, value: Any) -> bool:
    """Tell whether *value*, read from *content* by the same library, has more than 200 levels of objects and arrays."""
    return content.count(b"{") + content.count(b"[") > MOST and not writable(value)


def writable(value: Any) -> bool:
    """Tell whether *value* can be written as JSON: it has no more than 200 levels, and no half of a surrogate pair."""
    for _ in range(_WRITABLE - MOST):
        value = [value]
    try:
        orjson.dumps(value)
    except TypeError:  # the library's word for both
        return False
    return True
