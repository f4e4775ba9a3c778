"""Where reidkit keeps what it can make or fetch again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return ``$REIDKIT_CACHE``, else ``$XDG_CACHE_HOME/reidkit``, else ``~/.cache/reidkit``.

    A relative ``XDG_CACHE_HOME`` is ignored, as its specification asks; a relative ``REIDKIT_CACHE`` is seen
    from the working folder.
    """
    own = os.environ.get("REIDKIT_CACHE", "")
    if own:
        return Path(own).expanduser().absolute()
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "reidkit"
