"""Choose a platform and say who is calling; the button calls ``kit.connect``.

A pasted secret is taken out of its field in the same callback, goes into a profile file that only its owner can read,
and from there the line of code finds it again by the profile's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..credentials import Credentials, load, profile_path, profiles, save
from ..errors import ConfigurationError, KitError
from ..secret import Secret
from .board import Board, Twin, call_line, wants_widgets

_SAYS = "Choose the platform, and who is calling."
_OTHER = "(none chosen)"


def connection(
    connect: Callable[..., Any], *, files: Sequence[str] | None = None, interactive: bool | None = None
) -> ConnectionPanel | Twin:
    """Give the connection panel; *connect* is ``kit.connect``, *files* the paths or profiles to choose from.

    Without a front end the twin comes back, and no widget is made; *interactive* overrides what is found out.
    """
    if not wants_widgets(interactive):
        return Twin(_SAYS, 'aep = kit.connect("local"), or kit.connect("live", credentials=…, sandbox=…, allow="live")')
    return ConnectionPanel(connect, profiles() if files is None else files)


class ConnectionPanel(Board):
    """Platform, credentials, sandbox, consent; ``result`` is the connection."""

    def __init__(self, connect: Callable[..., Any], files: Sequence[str]) -> None:
        super().__init__(_SAYS)
        self._connect = connect
        self.platform = self.field("RadioButtons", "Platform", options=["local", "live"], value="local")
        self.file = self.field("Dropdown", "Credential file or profile", options=[_OTHER, *files], value=_OTHER)
        self.path = self.field("Text", "or the path of a file", continuous_update=False)
        self.client_id = self.field("Text", "or paste: client ID", continuous_update=False)
        self.client_secret = self.field("Password", "client secret", continuous_update=False)
        self.org_id = self.field("Text", "organisation ID", continuous_update=False)
        self.profile = self.field("Text", "keep it as profile", value="pasted", continuous_update=False)
        self.sandbox = self.field("Combobox", "Sandbox", placeholder="type a name, or choose after connecting")
        self.live = self.field("Checkbox", "Yes, work on a live platform", indent=False)
        self.prod = self.field("Checkbox", "Yes, work in a production sandbox", indent=False)
        button = self.button("Connect", self._clicked, "Connects, and shows who and where")
        pasted = self.widgets.VBox([self.client_id, self.client_secret, self.org_id, self.profile])
        self.lay_out(self.platform, self.file, self.path, pasted, self.sandbox, self.live, self.prod, button)
        for watched in (self.platform, self.file, self.path, self.profile, self.client_id, self.sandbox, self.live,
                        self.prod):  # fmt: skip
            watched.observe(lambda _: self.say_line(self._written()), names="value")
        self.say_line(self._written())

    def _clicked(self) -> None:
        secret = Secret(self.client_secret.value)
        self.client_secret.value = ""
        pasted = (self.client_id.value.strip(), secret, self.org_id.value.strip(), self.profile.value.strip())
        chosen = self._chosen()
        self.start(lambda: self._connected(pasted, chosen), self._fill_sandboxes)

    def _connected(self, pasted: tuple[str, Secret, str, str], chosen: dict[str, str]) -> Any:
        if pasted[1]:
            keep(*pasted)
        return self._connect(self.platform.value, **chosen)

    def _fill_sandboxes(self, connected: Any) -> None:
        self.sandbox.options = tuple(str(sandbox["name"]) for sandbox in connected.sandboxes.list())
        self.sandbox.value = str(connected.sandbox)

    def _chosen(self) -> dict[str, str]:
        """Give the arguments of ``connect`` as the fields say, without empty ones."""
        file = "" if self.file.value == _OTHER else self.file.value
        pasted = self.profile.value.strip() if self.client_id.value.strip() else ""
        allow = " ".join(word for word, box in (("live", self.live), ("prod", self.prod)) if box.value)
        chosen = {
            "credentials": pasted or self.path.value.strip() or file,
            "sandbox": self.sandbox.value,
            "allow": allow,
        }
        return {name: value for name, value in chosen.items() if value}

    def _written(self) -> str:
        return "aep = " + call_line("kit.connect", repr(self.platform.value), **self._chosen())


def keep(client_id: str, secret: Secret, org_id: str, profile: str) -> None:
    """Write pasted values as the profile *profile* (0600), and prove that it can be read.

    Raises ConfigurationError when the name holds another client's credentials, CredentialError when a value is missing
    or malformed; then nothing is kept.
    """
    path = profile_path(profile)
    if not profile or path.name != f"{profile}.json" or path.parent != profile_path("x").parent:
        raise ConfigurationError(
            "The profile needs a plain name.", next_step="use letters, digits and dashes, such as my-project"
        )
    if path.exists() and load(profile).client_id != client_id:
        raise ConfigurationError(
            f"There is a profile {profile!r} with other credentials.",
            next_step="choose another name for this one, or choose that profile from the list",
        )
    save(Credentials(client_id, secret, org_id), path)
    try:
        load(profile)
    except KitError:
        path.unlink()
        raise
