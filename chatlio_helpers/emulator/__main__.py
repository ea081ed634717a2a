"""Run the local platform: ``python -m chatlio_helpers.emulator --data FOLDER``.

When it is ready it prints one JSON line (url, pid, data, credentials) on standard output; when it cannot start it
prints one JSON line (error, cause, next) on standard error and exits with 4. ``--export`` and ``--import`` print one
JSON line, too, and stop; exporting works while another process serves the same folder.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from .landing.arrow_alone import leave_out
from .state.store import StateError


def main(arguments: list[str] | None = None) -> int:
    """Run until stopped; gives the exit code: 0 stopped, 4 could not start."""
    options = _options(arguments)
    if options.describe:
        from .describe import page

        if options.describe == "-":
            sys.stdout.write(page())
        else:
            Path(options.describe).write_text(page(), encoding="utf-8")
        return 0
    leave_out("pandas")
    os.umask(0o077)  # whatever the platform writes is its owner's alone
    try:
        _run(options, Path(options.data).resolve())
    except StateError as error:
        line = {"error": error.error, "cause": error.cause, "next": error.next_step}
        sys.stderr.write(json.dumps(line) + "\n")
        return 4
    return 0


def _run(options: argparse.Namespace, data: Path) -> None:
    if options.export:
        from .control.archive import export

        sys.stdout.write(json.dumps(export(data, options.export.resolve())) + "\n")
    elif options.take:
        from .control.archive_import import restore

        sys.stdout.write(json.dumps(restore(options.take, data, replace=options.replace)) + "\n")
    else:
        from .server import serve

        serve(data, host=options.host, port=options.port, idle=options.idle, allowed=options.allow_host)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chatlio_helpers.emulator", description=__doc__)
    parser.add_argument("--data", metavar="FOLDER", help="the state folder; made when it is not there")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this computer only)")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="one more name that the platform may be called by, such as a tunnel's; may be repeated",
    )  # fmt: skip
    parser.add_argument("--port", type=int, help="the port (default: the remembered one, else a free one)")
    parser.add_argument("--idle", type=float, default=7200, help="stop after so many seconds without a request")
    parser.add_argument(
        "--describe", nargs="?", const="-", metavar="FILE", help="print or write what is built, as Markdown, and stop"
    )
    parser.add_argument("--export", type=Path, metavar="FILE", help="write the state to a new archive, and stop")
    parser.add_argument("--import", type=Path, metavar="FILE", dest="take", help="take the state from it, and stop")
    parser.add_argument("--replace", action="store_true", help="let --import replace the state that is there")
    options = parser.parse_args(arguments)
    if not options.describe and not options.data:
        parser.error("--data FOLDER is needed")
    return options


if __name__ == "__main__":
    sys.exit(main())
