"""How a disk says no: full, read-only, over a quota or broken; as SQLite and as the system put it."""

from __future__ import annotations

import errno
import sqlite3

_SQLITE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN,
           sqlite3.SQLITE_BUSY}  # fmt: skip
_SYSTEM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG, errno.EIO}


def refuses(error: BaseException) -> bool:
    """Tell whether *error* is the disk's no: it passes when there is room again, and nothing was changed."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    return isinstance(error, OSError) and error.errno in _SYSTEM
