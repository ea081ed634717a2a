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
from .board import Board, Twin, call_line, literal, wants_widgets

_SAYS = "Choose the platform, and who is calling."
_OTHER = "(none chosen)"
_COPY = "This form has connected once to look; the notebook works with what the next cell says. Copy this line there:"


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
        self.file = self.field("Dropdown", "Credentials", options=[_OTHER, *files], value=_OTHER)
        self.path = self.field("Text", "or path of a file", continuous_update=False)
        self.client_id = self.field("Text", "or paste: client ID", continuous_update=False)
        self.client_secret = self.field("Password", "client secret", continuous_update=False)
        self.org_id = self.field("Text", "organisation ID", continuous_update=False)
        self.profile = self.field("Text", "keep it as profile", value="pasted", continuous_update=False)
        self.sandbox = self.field("Combobox", "Sandbox", placeholder="type a name, or choose after connecting")
        self.live = self.field("Checkbox", "Yes, work on a live platform", indent=False)
        self.prod = self.field("Checkbox", "Yes, work in a production sandbox", indent=False)
        button = self.button("Connect", self._clicked, "Connects, and shows who and where")
        own = (self.file, self.path, self.client_id, self.client_secret, self.org_id, self.profile)
        self._live_only = (*own, self.live)
        self.lay_out(self.platform, *own, self.sandbox, self.live, self.prod, button)
        for watched in (self.platform, self.file, self.path, self.profile, self.client_id, self.sandbox, self.live,
                        self.prod):  # fmt: skip
            watched.observe(lambda _: self._changed(), names="value")
        self._changed()

    def _changed(self) -> None:
        """Show the fields that the chosen platform needs, and the line that says what is chosen."""
        for field in self._live_only:
            field.layout.display = "none" if self._local else None
        self.say_line(self._written())

    @property
    def _local(self) -> bool:
        return bool(self.platform.value == "local")

    def _clicked(self) -> None:
        secret = Secret(self.client_secret.value)
        self.client_secret.value = ""
        pasted = (self.client_id.value.strip(), secret, self.org_id.value.strip(), self.profile.value.strip())
        chosen = self._chosen()
        self.start(lambda: self._connected(pasted, chosen), self._show_line)

    def _connected(self, pasted: tuple[str, Secret, str, str], chosen: dict[str, str]) -> Any:
        if pasted[1] and not self._local:
            keep(*pasted)
        return self._connect(self.platform.value, **chosen)

    def _show_line(self, connected: Any) -> None:
        """Offer the sandboxes of this account, and say that the line must be copied to count."""
        self.sandbox.options = tuple(str(sandbox["name"]) for sandbox in connected.sandboxes.list())
        self.sandbox.value = str(connected.sandbox)
        self.say_line(self._written(), _COPY)

    def _chosen(self) -> dict[str, str]:
        """Give the arguments of ``connect`` as the fields say, without empty ones."""
        boxes = (("live", self.live.value and not self._local), ("prod", self.prod.value))
        chosen = {
            "credentials": "" if self._local else self._credentials(),
            "sandbox": self.sandbox.value,
            "allow": " ".join(word for word, ticked in boxes if ticked),
        }
        return {name: value for name, value in chosen.items() if value}

    def _credentials(self) -> str:
        file = "" if self.file.value == _OTHER else self.file.value
        pasted = self.profile.value.strip() if self.client_id.value.strip() else ""
        return pasted or self.path.value.strip() or file

    def _written(self) -> str:
        return "aep = " + call_line("kit.connect", literal(self.platform.value), **self._chosen())


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
