"""What a service allows, and where it may read and write."""

from dataclasses import dataclass
from pathlib import Path

from reidkit.core.errors import CatalogError

LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")


@dataclass(frozen=True)
class ServiceSettings:
    """Bounds and places of one service.

    Args:
        token: What callers must show; None admits everybody.
        roots: Folders from which pictures of templates may be shown; none are shown from elsewhere.
        reports: Folders to search for evaluation reports.
        uploads: Folder in which added images are kept, to be shown; None keeps descriptors only.
        max_bytes: Of the body of one request.
        max_pixels: Of one image, known before it is decoded.
        max_images: Per request.
        timeout_seconds: For receiving a body, and for the work on a request, each.
        max_waiting: Requests with work to do at one time; more are told to come again (429).
        hosts: Names under which the service answers; empty answers under any.

    Raises:
        CatalogError: a bound is not positive, or a folder is not there.
    """

    token: str | None = None
    roots: tuple[Path, ...] = ()
    reports: tuple[Path, ...] = ()
    uploads: Path | None = None
    max_bytes: int = 20 * 2**20
    max_pixels: int = 40_000_000
    max_images: int = 64
    timeout_seconds: float = 30
    max_waiting: int = 32
    hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("max_bytes", "max_pixels", "max_images", "timeout_seconds", "max_waiting"):
            if not getattr(self, name) > 0:
                raise CatalogError(
                    f"Bound {name} is out of range, got {getattr(self, name)}. Expected more than 0."
                )
        for folder in (*self.roots, *self.reports):
            if not folder.is_dir():
                raise CatalogError(f"Folder is not there, got {folder.absolute()}. Expected a folder.")

    def find_picture(self, source: str | None) -> Path | None:
        """Return the file of a template's source, if it lies below a registered folder.

        Links are followed first, so that none leads out of the folders.
        """
        if not source or "\0" in source:
            return None
        try:
            path = Path(source).resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        allowed = (*self.roots, *((self.uploads,) if self.uploads else ()))
        is_inside = any(path.is_relative_to(root.resolve()) for root in allowed)
        return path if is_inside and path.is_file() else None
