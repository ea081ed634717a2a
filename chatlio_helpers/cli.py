"""The command line: ``chatlio-kit``, also ``python -m chatlio_helpers``.

Results go to standard output, progress to standard error. Exit codes: 0 done, 1 a step failed, 2 usage or
configuration, 3 refused credentials, 4 platform unreachable or refusing, 5 verification failed, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from .commands import journey, platform_state
from .commands.output import INTERRUPTED, USAGE, as_json, emit, emit_error, tell
from .errors import KitError

EXIT_CODES = (
    "Exit codes: 0 done, 1 a step failed, 2 usage or configuration, 3 refused credentials, "
    "4 platform unreachable or refusing, 5 verification failed, 130 interrupted."
)


class RunCommand(click.Command):
    """The command ``run``, whose option -p takes two words; says so when one is missing."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; raises UsageError with an example for ``-p NAME`` without a value."""
        try:
            return super().parse_args(ctx, args)
        except click.BadOptionUsage as error:
            if error.option_name not in ("-p", "--parameter"):
                raise
            raise click.UsageError(f"{error.option_name} takes a name and a value: -p prefix demo", ctx) from error


class InOrder(click.Group):
    """A group that lists its commands in the order of the journey."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names in the order in which they were added."""
        return list(self.commands)


@click.group(cls=InOrder, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="chatlio-helpers", prog_name="chatlio-kit")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def kit(debug: bool) -> None:
    """Bring Chatlio live-chat events, verified, into Adobe Experience Platform."""


@kit.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def lab(options: tuple[str, ...]) -> None:
    """Open JupyterLab on the first notebook; OPTIONS are JupyterLab's own."""
    import subprocess

    from . import config

    first = config.notebooks() / "00_start_here.ipynb"
    opens = f"--LabApp.default_url=/lab/tree/{first.relative_to(config.CHECKOUT).as_posix()}"
    # the checkout is the root, so that the sample payloads and the README can be reached from the notebooks
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={config.CHECKOUT}", opens, *options]
    raise SystemExit(subprocess.call(command, cwd=config.CHECKOUT))  # noqa: S603  (our own interpreter)


@kit.command(cls=RunCommand)
@click.argument("notebooks", nargs=-1)
@click.option("-p", "--parameter", "parameters", nargs=2, multiple=True, metavar="NAME VALUE", help="A parameter.")
@click.option("--out", type=click.Path(), help="A new or empty folder for the report.")
@click.option("--cell-seconds", type=click.IntRange(1), default=300, show_default=True, help="Time limit of a cell.")
@click.option("--run-seconds", type=click.IntRange(1), default=7200, show_default=True, help="Time limit of the run.")
@as_json
def run(
    notebooks: tuple[str, ...],
    parameters: tuple[tuple[str, str], ...],
    out: str | None,
    cell_seconds: int,
    run_seconds: int,
    json_wanted: bool,
) -> None:
    """Run the journey headless, or only NOTEBOOKS (paths, names, or the digits they begin with)."""
    from . import runner
    from .runner.record import Limits

    limits = Limits(cell=cell_seconds, run=run_seconds)
    done = runner.run(notebooks, _seen_from_here(dict(parameters)), out, limits=limits, tell=tell)
    emit(done, done.summary() | {"index": str(done.index)}, json_wanted)
    raise SystemExit(done.exit_code)


def _seen_from_here(given: dict[str, str]) -> dict[str, str]:
    """Make the path of a credential file whole: notebooks run in their own folder, the reader is in another."""
    file = Path(given.get("credentials", "")).expanduser()
    return given | ({"credentials": str(file.resolve())} if file.is_file() else {})


@kit.command()
@click.option("--platform", type=click.Choice(["local", "live"]), default="local", show_default=True)
@click.option("--credentials", default="", help="Path or profile name of a credential file, for live.")
@as_json
def doctor(json_wanted: bool, **where: str) -> None:
    """Examine every precondition, each with a verdict and the next step."""
    from . import doctor as examiner

    report = examiner.examine(**where)
    emit(repr(report), {"verdict": report.verdict, "findings": report.rows()}, json_wanted)
    raise SystemExit(report.exit_code)


journey.add_to(kit)
kit.add_command(platform_state.platform)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "--debug" not in given:
        sys.excepthook = _without_traceback
    sys.exit(outcome(given))


def outcome(given: list[str]) -> int:
    """Run one command; gives its exit code. Only ``--debug`` lets a traceback through."""
    json_wanted = "--json" in given
    try:
        kit.main(given, prog_name="chatlio-kit", standalone_mode=False)
    except KitError as error:
        if "--debug" in given:
            raise
        emit_error(error, error.exit_code, json_wanted)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        tell("Interrupted; running the same command again continues.")
        return INTERRUPTED
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def _without_traceback(kind: type[BaseException], error: BaseException, _traceback: object) -> None:
    """Tell of an error that nobody expected, in place of Python's traceback; the exit code is Python's own, 1."""
    tell(f"An error that the kit did not expect: {kind.__name__}: {error}")
    tell("Next step: run the command again as `chatlio-kit --debug …`, and report what it shows.")
