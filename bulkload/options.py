"""What may be said about a run besides its source."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bulkload.reports import Rendering
from bulkload.sources import SourceOptions

if TYPE_CHECKING:
    from bulkload.delivery import DeliveryOptions
    from bulkload.destination import Destination
    from bulkload.settings import ProfileOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """Everything that may be said about an import besides its source."""

    mapping: str | Path | None = None
    """A file, the name of a shipped mapping, or None: found by the headers."""
    profile: str | None = None
    program: str | None = None
    base_url: str | None = None
    token_file: str | Path | None = None
    allow_host: str | None = None
    rate: str | None = None
    """`20/s` or `100/min`; None: what the system allows."""
    concurrency: int | None = None
    dry_run: bool = False
    out: str | Path | None = None
    """Folder for the run's files; None: `bulkload-runs/TIME-SOURCE`."""
    on_unknown: str = "reconcile"
    """`reconcile`: rows of unknown outcome are looked up; `review`: a person looks."""
    quiesce_s: float | None = None
    """After this many seconds a request that was sent can no longer be applied; None: 90."""
    max_wait_s: float | None = None
    """Longest that the system may keep the run waiting by asking it to slow down; None: 900."""
    check_existing: bool = True
    """Compare with the customers who are there already before the first create."""
    max_points_delta: int | None = None
    """Stop before the first call if more points and stamps than this would move in all."""
    canary: int = 0
    """Send so many rows first, read them back, show them, and ask before the rest."""
    lane: str = "auto"
    """`bulk`: many rows in a call where the system has such a lane; `single`: one by one; `auto`:
    in bulk where it saves calls; `csv`: Voucherify's importCSV, which overwrites."""
    skip_unchanged: bool = False
    """Ask what the system holds before an upsert, and send nothing where nothing differs."""
    headroom: float = 0.0
    """Share of the system's limits that is left to the shop's own traffic, 0 up to 1."""
    agreed: tuple[str, ...] = ()
    """Side effects that reach customers and stay off unless they are named: `card_links`."""
    accept_columns: bool = False
    """Take the file although its columns are not those of the mapping's last run."""
    verify: bool = False
    """Read every delivered customer back at the end and compare numbers and balances."""
    new: bool = False
    """Begin a new run even if one of the same file was interrupted."""
    results_format: str = "csv"
    """`csv`, `xlsx` or `parquet`."""
    rendering: Rendering = field(default_factory=Rendering)
    """Language, masking and formats of the run's files."""
    reading: SourceOptions = field(default_factory=SourceOptions)

    @property
    def target(self) -> ProfileOptions:
        """What is said about where to send."""
        from bulkload.settings import ProfileOptions  # they load Pydantic; reading begins without

        return ProfileOptions(
            profile=self.profile,
            program=self.program,
            base_url=self.base_url,
            token_file=self.token_file,
            allow_host=self.allow_host,
            rate=self.rate,
            concurrency=self.concurrency,
        )

    def delivery(self, to: Destination) -> DeliveryOptions:
        """Return what delivery is to be careful about."""
        from bulkload.delivery import OnUnknown

        wishes = to.delivery()
        quiesce_s = wishes.quiesce_s if self.quiesce_s is None else self.quiesce_s
        max_wait_s = wishes.max_wait_s if self.max_wait_s is None else self.max_wait_s
        return replace(
            wishes,
            on_unknown=OnUnknown(self.on_unknown),
            check_existing=self.check_existing,
            headroom=self.headroom,
            skip_unchanged=self.skip_unchanged,
            quiesce_s=quiesce_s,
            max_wait_s=max_wait_s,
            # Whoever says that a system is quick means its look-ups too.
            second_look_s=min(wishes.second_look_s, quiesce_s),
        )
