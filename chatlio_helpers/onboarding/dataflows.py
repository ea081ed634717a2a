"""What was made: dataflows, and the webhook URL of each kind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..cards import Card, html_table
from ..connection import Connection
from ..progress import progress
from ..results import Result, check
from ..secret import HIDDEN, Secret
from . import blueprint
from .blueprint import Ids

LIVE_SETTLING = 300.0  # seconds a live dataflow needs after a change before it may be sent to (documented: http.md)
LOCAL_SETTLING = 0.0

_FIELDS = {  # kind: the label in Chatlio's dashboard, and how it is known
    "transcript": "the transcript webhook, under Webhooks and post-chat actions (documented)",
    "offline_message": "the webhook for offline messages (assumed)",
    "conversation_started": "Webhook when a new conversation starts (documented)",
    "unanswered": "the webhook for a visitor who is not answered in time (assumed)",
    "feedback": "the webhook for feedback (assumed)",
}


class Webhooks(Mapping[str, Secret]):
    """The webhook URL of each kind, as secrets: the URL is all that guards the dataset."""

    def __init__(self, urls: Mapping[str, Secret], folder: Path) -> None:
        self._urls, self._folder = dict(urls), folder

    def __getitem__(self, kind: str) -> Secret:
        return self._urls[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._urls)

    def __len__(self) -> int:
        return len(self._urls)

    def rows(self) -> list[dict[str, str]]:
        """Give kind and masked URL of each."""
        return [{"kind": kind, "webhook URL": masked(url)} for kind, url in self._urls.items()]

    def where_to_paste(self) -> Any:
        """Give a DataFrame of each kind: the field in Chatlio's dashboard, how its label is known, the masked URL."""
        from ..tables import table

        columns = ("kind", "field in the tab Behavior", "webhook URL")
        return table(
            ((kind, _FIELDS[kind], masked(url)) for kind, url in self._urls.items() if kind in _FIELDS), columns
        )

    def save(self) -> Card:
        """Write the URLs into a file that only you can read (0600), to paste them from; shows where, never what."""
        path = self._folder / "webhook-urls.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{kind}\t{url.reveal()}\n" for kind, url in self._urls.items())
        return Card("note", "The webhook URLs are in a file that only you can read. Delete it when they are pasted.",
                    {"File": str(path)})  # fmt: skip

    def __repr__(self) -> str:
        return "\n".join(f"{row['kind']:22}{row['webhook URL']}" for row in self.rows())

    def _repr_html_(self) -> str:
        return html_table(self.rows(), "Webhook URLs, masked")


@dataclass(frozen=True)
class Made:
    """The dataflows of the kinds, ready or getting ready; ``ids`` maps the keys of the blueprint to ids."""

    connection: Connection
    ids: Ids
    flows: Mapping[str, Mapping[str, Any]]
    webhooks: Webhooks
    counts: Mapping[str, int]

    @property
    def dataset(self) -> str:
        """The id of the dataset that holds every kind."""
        return next(found for key, found in self.ids.items() if key.startswith(blueprint.DATASET))

    @property
    def flow_ids(self) -> dict[str, str]:
        """The id of each kind's dataflow."""
        return {kind: str(flow["id"]) for kind, flow in self.flows.items()}

    @property
    def settled_in(self) -> float:
        """Seconds until every dataflow may be sent to; 0 when it may be now."""
        patience = LIVE_SETTLING if self.connection.name == "live" else LOCAL_SETTLING
        newest = max((float(flow.get("updatedAt", 0)) / 1000 for flow in self.flows.values()), default=0.0)
        return max(0.0, newest + patience - time.time())

    def settle(self, *, bar: Any = progress) -> Made:
        """Wait until every dataflow may be sent to: sending earlier can lose events. May be left and called again."""
        if left := self.settled_in:
            with bar("letting the dataflows settle", total=int(left) + 1) as shown:
                while (now_left := self.settled_in) > 0:
                    time.sleep(min(5.0, now_left))
                    shown.step(min(5, int(now_left) or 1), note=f"{now_left:.0f} s to go")
        return self

    def rows(self) -> list[dict[str, str]]:
        """Give kind, state, dataflow id and masked webhook URL of each dataflow."""
        return [
            {"kind": kind, "state": str(flow["state"]), "dataflow": str(flow["id"]),
             "webhook URL": masked(self.webhooks[kind])}
            for kind, flow in self.flows.items()
        ]  # fmt: skip

    def table(self) -> Any:
        """Give the dataflows as a DataFrame: kind, state, dataflow, webhook URL (masked)."""
        from ..tables import table

        return table(self.rows())

    def check(self) -> Result:
        """Say that every dataflow is enabled and has a webhook URL; raises CheckFailed otherwise."""
        unready = [kind for kind, flow in self.flows.items() if flow["state"] != "enabled"]
        return check(
            "dataflows",
            not unready and len(self.webhooks) == len(self.flows),
            f"{len(self.flows)} dataflows enabled, each with a webhook URL",
            otherwise=f"not enabled: {', '.join(unready)}",
            next_step="wait a minute and run the cell again; a paused dataflow is resumed by `plan.apply()`",
            ids=self.flow_ids,
            evidence=dict(self.counts),
        )

    def __repr__(self) -> str:
        done = ", ".join(f"{action} {count}" for action, count in self.counts.items() if count)
        return f"{len(self.flows)} dataflows ({done})"

    def _repr_html_(self) -> str:
        return html_table(self.rows(), repr(self))


def collect(connection: Connection, ids: Ids, counts: Mapping[str, int], *, bar: Any = progress) -> Made:
    """Wait until the platform has enabled every dataflow among *ids*, and collect the webhook URLs."""
    wanted = {key.partition(":")[2]: found for key, found in ids.items() if key.startswith(f"{blueprint.FLOW}:")}
    flows: dict[str, Mapping[str, Any]] = {}
    urls: dict[str, Secret] = {}
    if wanted:
        with bar("waiting until the dataflows are enabled", total=len(wanted)) as shown:
            for kind, flow_id in wanted.items():
                flow = connection.flows.wait_enabled(flow_id)
                urls[kind] = webhook_url(flow)
                flows[kind] = {name: value for name, value in flow.items() if name != "options"}
                shown.step(1, note=kind)
    return Made(connection, dict(ids), flows, Webhooks(urls, connection.workspace.folder), dict(counts))


def webhook_url(flow: Mapping[str, Any]) -> Secret:
    """Give the URL to paste into Chatlio: the inlet with the dataflow's id, which Adobe's printed example lacks."""
    return Secret(f"{flow['options']['inletUrl']}?x-adobe-flow-id={flow['id']}")


def masked(url: Secret) -> str:
    """Give enough of a webhook URL to recognise it, not enough to post to it."""
    parts = urlsplit(url.reveal())
    inlet = parts.path.rsplit("/", 1)[-1]
    return f"{parts.scheme}://{parts.netloc}/collection/{inlet[:4]}{HIDDEN}?x-adobe-flow-id={HIDDEN}"
