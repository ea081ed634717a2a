"""The house rules on imports, read from the code."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "chatlio_helpers"
HEAVY = {  # library: the modules that may import it at all
    "requests": {"aep/session.py", "aep/failures.py"},
    "ipywidgets": {"panels/"},
    "papermill": {"runner/"},
    "nbclient": {"runner/"},
    "nbconvert": {"runner/report.py"},
    "matplotlib": {"charts.py", "picture.py"},
    "starlette": {"emulator/"},
    "uvicorn": {"emulator/"},
    "lark": {"emulator/"},
    "orjson": {"emulator/"},
}
RUNGS = [  # each line may import only what stands on it or above it
    line.split()
    for line in """
    secret errors cards results config tables frame_view times masks front_end progress database ledger
        workspace
    credentials
    events payloads documented frames quality charts picture privacy simulator xdm
    aep
    local connection
    onboarding outbox delivery sender verification replay
    journey monitor lessons
    panels doctor runner notebook_rules cli commands __main__ __init__
    """.replace("\n        ", " ")
    .strip()
    .splitlines()
]


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.level
            if not base:
                yield from ((alias.name, node.level) for alias in node.names)


def _files():
    return sorted(PACKAGE.rglob("*.py"))


def _name(path):
    return path.relative_to(PACKAGE).as_posix()


def _rung(module):
    found = [rung for rung, names in enumerate(RUNGS) if module in names]
    assert found, f"{module} stands on no rung: add it to RUNGS"
    return found[0]


@pytest.mark.parametrize("path", [p for p in _files() if not _name(p).startswith("emulator/")], ids=_name)
def test_imports_run_one_way(path):
    """A module imports only from its own rung and those below it."""
    own = _name(path).split("/")[0].removesuffix(".py")
    for module, level in _imports(path):
        depth = len(path.relative_to(PACKAGE).parts)
        if level == depth and module:  # an import from the package's root
            target = module.split(".")[0]
            assert target != "emulator", "only the local platform's own process imports it"
            assert _rung(target) <= _rung(own), f"{own} imports {target}"


def test_the_local_platform_imports_nothing_of_ours():
    """Client and local platform share no code, so they cannot be wrong together."""
    for path in _files():
        if _name(path).startswith("emulator/"):
            depth = len(path.relative_to(PACKAGE / "emulator").parts)
            for module, level in _imports(path):
                assert level <= depth, f"{_name(path)} imports {'.' * level}{module}"
                assert not module.startswith("chatlio_helpers") or module.startswith("chatlio_helpers.emulator")


@pytest.mark.parametrize("library", HEAVY)
def test_a_heavy_library_has_one_home(library):
    """Each heavy library is imported in its home only."""
    users = {_name(path) for path in _files() if any(m.split(".")[0] == library and not lv for m, lv in _imports(path))}
    homes = tuple(HEAVY[library])
    assert all(user.startswith(homes) for user in users), users


def test_importing_the_package_loads_nothing_heavy():
    """``import chatlio_helpers`` is quick: none of the heavy libraries is loaded."""
    code = "import sys, chatlio_helpers; print([m for m in sys.modules if m in sys.argv[1].split()])"
    names = " ".join([*HEAVY, "pandas", "pyarrow", "numpy", "IPython"])
    out = subprocess.run([sys.executable, "-c", code, names], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_every_public_name_can_be_had():
    """Each public name resolves, and the list is sorted."""
    import chatlio_helpers

    assert chatlio_helpers.__all__ == sorted(chatlio_helpers.__all__, key=str.casefold)
    for name in chatlio_helpers.__all__:
        assert getattr(chatlio_helpers, name) is not None
    with pytest.raises(AttributeError):
        chatlio_helpers.no_such_name  # noqa: B018
