"""The client: one noun for each service of Adobe Experience Platform, over one session.

platform = Platform(credentials, Endpoints.live(), sandbox="dev", name="live")
platform.sandboxes()      # a DataFrame
platform.show_last()      # the HTTP of the last call, and its curl line
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..credentials import Credentials
from .access import Access
from .catalog import Catalog
from .collection import Collection, Receipt
from .endpoints import Endpoints
from .exchange import Answer, Exchange, Shown
from .flows import Flows
from .ims import Ims, Token
from .mappings import Mappings
from .queries import Queries
from .sandboxes import Sandboxes
from .schemas import Schemas
from .session import Session

if TYPE_CHECKING:
    import pandas

__all__ = ["Answer", "Endpoints", "Exchange", "Platform", "Receipt", "Session", "Shown", "Token"]


class Platform:
    """One platform, for one set of credentials and one sandbox; each attribute is a service."""

    ims: Ims

    def __init__(
        self, credentials: Credentials, endpoints: Endpoints, *, sandbox: str | None = None, name: str = "live"
    ) -> None:
        self.credentials, self.endpoints, self.name = credentials, endpoints, name
        self.session = Session(endpoints, credentials, sandbox=sandbox)
        self.sandbox = self.session.sandbox
        self.ims = self.session.ims
        self.sandboxes = Sandboxes(self.session)
        self.schemas = Schemas(self.session)
        self.catalog = Catalog(self.session)
        self.mappings = Mappings(self.session)
        self.flows = Flows(self.session)
        self.collection = Collection(self.session)
        self.access = Access(self.session, self.catalog)
        self.queries = Queries(self.session, self.access)

    @property
    def calls(self) -> pandas.DataFrame:
        """The last calls as a DataFrame: status, method, path, ms, time, request id."""
        from ..tables import table

        return table(self.session.record.rows(), ("status", "method", "path", "ms", "time", "request id"))

    def show_last(self, n: int = 1, *, of: str = "") -> Shown:
        """Show the last *n* calls: request, answer, and the curl line with secrets as shell variables.

        With *of*, only calls whose path holds that word, such as ``ims`` or ``flows``.
        """
        return Shown(self.session.record.last(n, of=of))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({self.name}, {self.credentials.org_masked}, sandbox {self.sandbox or 'not named'})"
        )
