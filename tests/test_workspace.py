"""The workspace: where it is, and that one run at a time changes things."""

import threading

import pytest

from chatlio_helpers import config
from chatlio_helpers.errors import ConfigurationError, WorkspaceError
from chatlio_helpers.workspace import Workspace


def test_a_name_lives_in_the_home_and_a_path_where_it_says(tmp_path):
    """Empty and plain names are folders of the kit's home; a path is taken as it is."""
    assert Workspace().folder == config.home() / "workspaces" / "default"
    assert Workspace("ada").folder == config.home() / "workspaces" / "ada"
    assert Workspace(tmp_path / "here").folder == tmp_path / "here"


def test_a_second_run_waits_and_then_says_why(tmp_path):
    """While one run holds the workspace, another is refused in words after its patience."""
    workspace = Workspace(tmp_path)
    held, let_go = threading.Event(), threading.Event()

    def first():
        with Workspace(tmp_path).lock():
            held.set()
            let_go.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(10)
    with pytest.raises(WorkspaceError, match="Another run"), workspace.lock(patience=0.1):
        pass
    let_go.set()
    thread.join()
    with workspace.lock(patience=1):
        assert workspace.folder.is_dir()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    """A file in the place of the folder gives one clear error."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="cannot be written") as caught:
        Workspace(tmp_path / "file" / "workspace")
    assert "CHATLIO_KIT_HOME" in caught.value.next_step
