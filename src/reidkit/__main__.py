"""``python -m reidkit`` is ``reidkit``."""

from reidkit.cli.main import run

run()
