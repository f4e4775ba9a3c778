"""The gallery: add individuals, find them again, correct what is wrong."""

import secrets
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.errors import GalleryError
from reidkit.core.thresholds import Verdict, judge_by_thresholds
from reidkit.core.types import Calibration, DistanceName, Threshold
from reidkit.gallery.identities import IdentitySummary
from reidkit.gallery.records import Answer, GalleryAbout, GalleryStats, Hit, IndexAbout, Template
from reidkit.gallery.snapshot import FIELDS, Snapshot
from reidkit.gallery.store import TemplateStore, one_of, quote
from reidkit.gallery.vector_index import build_index
from reidkit.metrics.decision import decide

if TYPE_CHECKING:  # a gallery needs no network
    from reidkit.models.checkpoint import ModelCard

Descriptors = NDArray[np.floating]


class Gallery:
    """Identities with their templates, kept in a folder or in object storage.

    Every write is on disk when its method returns. What other processes write is seen by the next call.
    Not to be shared between threads without a lock.

    Args:
        uri: Folder or address of a gallery that exists; see `create_gallery`.
        model: Fingerprint of the model in use; None opens without asking.
        storage_options: Of object storage, as LanceDB takes them.

    Raises:
        GalleryError: there is no gallery, or it holds descriptors of another model.
        MissingExtraError: LanceDB is not installed.
    """

    def __init__(
        self,
        uri: str | Path,
        *,
        model: str | None = None,
        storage_options: Mapping[str, str] | None = None,
    ) -> None:
        self.store = TemplateStore(str(uri), storage_options)
        self.about = self.store.about()
        if model is not None and model != self.about.model:
            raise GalleryError(
                f"Gallery {uri} holds descriptors of another model, got model {model}. Expected "
                f"{self.about.model}, since descriptors of two models cannot be compared. Use that model, or "
                f"make a new gallery and add the images again."
            )
        self._snapshot = Snapshot(self.store, self.about)

    def add(self, templates: Sequence[Template], descriptors: Descriptors) -> int:
        """Write templates; one of a known ``template_id`` replaces the old one.

        Args:
            templates: N of them, each id once.
            descriptors: (N, D) finite; scaled to unit length where the distance is cosine.

        Returns:
            How many were written.

        Raises:
            GalleryError: numbers, shapes or values do not fit, or an id stands twice. Nothing is written.
        """
        rows = self._check(templates, descriptors)
        if len(templates) == 0:
            return 0
        first = time.time_ns()
        columns: dict[str, Sequence[Any]] = {
            name: [getattr(template, name) for template in templates]
            for name in ("template_id", "identity", "camera", "time", "source", "notes", "expires_at")
        }
        columns["sequence"] = range(first, first + len(templates))
        self.store.upsert(columns, rows)
        return len(templates)

    def search(
        self,
        descriptors: Descriptors,
        *,
        top: int = 10,
        where: str | None = None,
        is_exact: bool | None = None,
    ) -> list[Answer]:
        """Find the nearest templates of each query.

        Args:
            descriptors: (Q, D) finite.
            top: Hits per query, at most.
            where: A condition in SQL on the columns, such as ``"camera != '3'"``; None searches all.
            is_exact: Whether to look at all templates, or only where the index leads; None takes the index
                where there is one, see `build_index`.

        Raises:
            GalleryError: shapes or values do not fit, top is below 1, or the filter is not understood.
        """
        if top < 1:
            raise GalleryError(f"Number of hits is too small, got {top}. Expected at least 1.")
        queries = self._check_descriptors(descriptors)
        if self.about.index is not None and not is_exact:
            self.store.refresh()
            return [self._answer(self._near(query, top, where, self.about.index)) for query in queries]
        if is_exact is False:
            raise GalleryError(
                f"Gallery {self.store.uri} has no index, got is_exact=False. Expected one; build it: "
                f"reidkit gallery index {self.store.uri}."
            )
        self._snapshot.refresh()
        is_eligible = None if where is None else self._snapshot.eligible(where)
        return [self._answer(self._snapshot.nearest(query, top, is_eligible)) for query in queries]

    def build_index(self, *, least_recall: float = 0.95) -> IndexAbout:
        """Build an index, by which searches of large galleries no longer look at all templates.

        Args:
            least_recall: Share of the ten nearest that searches must find.

        Returns:
            What was measured: the recall, and how much of the index a search looks at.

        Raises:
            GalleryError: there are too few templates, or the recall is out of reach; then no index is left.
        """
        self.about = replace(self.about, index=None)
        self.store.set_about(self.about)
        index = build_index(self.store, self.about.distance, least_recall=least_recall)
        self.about = replace(self.about, index=index)
        self.store.set_about(self.about)
        return index

    def templates(self, where: str | None = None) -> list[Template]:
        """Return the templates of a filter, or all, in the order in which they were added."""
        self.store.refresh()
        return self._snapshot.read_templates(where)

    def find(self, template_ids: Sequence[str]) -> list[Template]:
        """Return the templates of these ids, in this order; unknown ids are left out."""
        self._snapshot.refresh()
        return self._snapshot.find(template_ids)

    def descriptors(self, template_ids: Sequence[str]) -> NDArray[np.float32]:
        """Return the descriptors (N, D) of these ids, in this order.

        Raises:
            GalleryError: one of them is not in the gallery.
        """
        self._snapshot.refresh()
        rows = self._snapshot.descriptors(template_ids)
        if len(rows) < len(template_ids):
            known = {template.template_id for template in self._snapshot.find(template_ids)}
            raise _absent_templates([name for name in template_ids if name not in known])
        return rows

    def identities(self) -> list[IdentitySummary]:
        """Return all identities in short, by name."""
        self._snapshot.refresh()
        return self._snapshot.identities()

    def remove(self, where: str) -> int:
        """Remove the templates of a filter, such as ``"identity = 'Anna'"``; return how many there were."""
        return self.store.delete(where)

    def update(self, where: str, **values: str | datetime | None) -> int:
        """Change camera, time, source, notes or expires_at of the templates of a filter; return how many.

        Raises:
            GalleryError: another column, or a filter that is not understood.
        """
        known = ("camera", "time", "source", "notes", "expires_at")
        wrong = [name for name in values if name not in known]
        if wrong or not values:
            raise GalleryError(
                f"Gallery columns to change are wrong, got {wrong or 'none'}. Expected of: {known}."
            )
        return self.store.update(where, values)

    def merge(self, identities: Sequence[str], into: str) -> int:
        """Say that several identities are one: their templates become those of ``into``; return how many.

        Raises:
            GalleryError: one of them is not in the gallery. Nothing is changed.
        """
        present = {template.identity for template in self.templates(one_of("identity", identities))}
        absent = [identity for identity in identities if identity not in present]
        if absent or not identities:
            raise GalleryError(
                f"Identities are not in the gallery, got {absent or 'none'}. Expected known ones."
            )
        return self.store.update(one_of("identity", identities), {"identity": into})

    def split(self, template_ids: Sequence[str], into: str) -> int:
        """Say that some templates are somebody else: they become those of ``into``; return how many.

        Raises:
            GalleryError: one of them is not in the gallery. Nothing is changed.
        """
        found = {template.template_id for template in self.templates(one_of("template_id", template_ids))}
        absent = [name for name in template_ids if name not in found]
        if absent or not template_ids:
            raise _absent_templates(absent)
        return self.store.update(one_of("template_id", template_ids), {"identity": into})

    def expire(self, now: datetime | None = None) -> int:
        """Remove the templates whose time has come; return how many there were."""
        moment = (now or datetime.now(UTC)).astimezone(UTC)
        return self.store.delete(f"expires_at <= timestamp {quote(moment.strftime('%Y-%m-%d %H:%M:%S.%f'))}")

    def set_thresholds(self, thresholds: Sequence[Threshold], calibration: Calibration | None = None) -> None:
        """Judge answers by this calibration from now on, or by these thresholds where there is none."""
        self.about = replace(self.about, thresholds=tuple(thresholds), calibration=calibration)
        self.store.set_about(self.about)

    def stats(self) -> GalleryStats:
        """Count what is there."""
        version = self.store.refresh()
        columns = self.store.columns()
        cameras = {camera for camera in columns["camera"].to_pylist() if camera is not None}
        return GalleryStats(
            templates=columns.num_rows,
            identities=len(set(columns["identity"].to_pylist())),
            cameras=len(cameras),
            version=version,
            megabytes=self.store.size_bytes() / 1e6,
        )

    def judge(self, distance: float) -> tuple[Verdict | None, float | None]:
        """Return the verdict on a distance and the probability of "same"; None is what is not known.

        A calibration decides where the gallery has one, else its thresholds.
        """
        if self.about.calibration is not None:
            decision = decide(distance, self.about.calibration)
            return decision.verdict, decision.probability
        return judge_by_thresholds(distance, self.about.thresholds)[0], None

    def _near(
        self, query: NDArray[np.float32], top: int, where: str | None, index: IndexAbout
    ) -> list[tuple[float, Template]]:
        found = self.store.near(query, top, self.about.distance, index.num_probes, where).to_pydict()
        return [
            (distance, Template(**{name: found[name][number] for name in FIELDS}))
            for number, distance in enumerate(found["distance"])
        ]

    def _answer(self, found: Sequence[tuple[float, Template]]) -> Answer:
        hits = []
        for rank, (distance, template) in enumerate(found, start=1):
            verdict, probability = self.judge(distance)
            hits.append(Hit(rank, distance, template, probability, verdict))
        if not hits:
            can_judge = self.about.thresholds or self.about.calibration
            return Answer("new" if can_judge else None, None, None, ())
        first = hits[0]
        threshold = judge_by_thresholds(first.distance, self.about.thresholds)[1]
        return Answer(first.verdict, first.template.identity, threshold, tuple(hits), first.probability)

    def _check(self, templates: Sequence[Template], descriptors: Descriptors) -> NDArray[np.float32]:
        rows = self._check_descriptors(descriptors)
        if len(templates) != len(rows):
            raise GalleryError(
                f"Templates and descriptors do not fit, got {len(templates)} and {len(rows)}. Expected one "
                f"descriptor per template."
            )
        name, count = next(iter(Counter(item.template_id for item in templates).most_common(1)), ("", 0))
        if count > 1:
            raise GalleryError(f"Template id stands {count} times in one call, got '{name}'. Expected once.")
        for template in templates:
            if not template.identity or not template.template_id:
                raise GalleryError(f"Template has no identity or no id, got {template}. Expected texts.")
            for moment in (template.time, template.expires_at):
                if moment is not None and moment.tzinfo is None:
                    raise GalleryError(
                        f"Time has no time zone, got {moment} of template '{template.template_id}'. Expected "
                        f"one such as datetime(2026, 1, 31, 12, 0, tzinfo=UTC)."
                    )
        return rows

    def _check_descriptors(self, descriptors: Descriptors) -> NDArray[np.float32]:
        rows = np.asarray(descriptors)
        if rows.ndim != 2 or rows.shape[1] != self.about.descriptor_dim:
            raise GalleryError(
                f"Descriptors have a wrong form, got shape {rows.shape}. Expected "
                f"(N, {self.about.descriptor_dim}), as of the model of this gallery."
            )
        wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(wrong):
            raise GalleryError(
                f"Descriptors are not finite in {len(wrong)} of {len(rows)} rows, the first is row "
                f"{wrong[0]}. Expected finite values. Leave out images that cannot be read."
            )
        rows = rows.astype(np.float32)
        if self.about.distance == "cosine":
            lengths = np.linalg.norm(rows, axis=1, keepdims=True)
            rows = rows / np.maximum(lengths, 1e-12)
        return rows


def create_gallery(
    uri: str | Path,
    *,
    model: str,
    descriptor_dim: int,
    distance: DistanceName = "cosine",
    thresholds: Sequence[Threshold] = (),
    calibration: Calibration | None = None,
    storage_options: Mapping[str, str] | None = None,
) -> Gallery:
    """Make an empty gallery and open it.

    Args:
        uri: A new folder, or an address such as ``s3://bucket/people``.
        model: Fingerprint of the model whose descriptors it will hold.
        descriptor_dim: Numbers per descriptor.
        distance: Between descriptors.
        thresholds: By which answers are judged where there is no calibration.
        calibration: By which answers are judged; see `reidkit.metrics.calibration`.
        storage_options: Of object storage, as LanceDB takes them.

    Raises:
        GalleryError: there is a gallery already.
        MissingExtraError: LanceDB is not installed.
    """
    about = GalleryAbout(model, descriptor_dim, distance, tuple(thresholds), calibration=calibration)
    TemplateStore.create(str(uri), about, storage_options)
    return Gallery(uri, model=model, storage_options=storage_options)


def create_gallery_of_model(uri: str | Path, *, fingerprint: str, card: "ModelCard") -> Gallery:
    """Make an empty gallery for the descriptors of a model, judged as its card says, and open it.

    Args:
        uri: See `create_gallery`.
        fingerprint: Of the model.
        card: Of the model.

    Raises:
        GalleryError: there is a gallery already.
        MissingExtraError: LanceDB is not installed.
    """
    return create_gallery(
        uri,
        model=fingerprint,
        descriptor_dim=card.descriptor_dim,
        distance=card.distance,
        thresholds=card.thresholds,
        calibration=card.calibration,
    )


def _absent_templates(absent: Sequence[str]) -> GalleryError:
    return GalleryError(f"Templates are not in the gallery, got {absent or 'none'}. Expected known ids.")


def new_template_id() -> str:
    """Return an id that no other template has."""
    return secrets.token_hex(12)
