"""Put the commands together and turn our errors into one message and exit code 2."""

import os
import sys

import typer

from reidkit import __version__
from reidkit.cli.activation import activation
from reidkit.cli.calibrate import calibrate
from reidkit.cli.check import check
from reidkit.cli.compare import compare
from reidkit.cli.compat import app as compat
from reidkit.cli.convert import convert
from reidkit.cli.datasets import datasets
from reidkit.cli.demo import demo
from reidkit.cli.doubts import doubts
from reidkit.cli.embed import embed
from reidkit.cli.environment import environment
from reidkit.cli.evaluate import evaluate
from reidkit.cli.export import export
from reidkit.cli.gallery import app as gallery
from reidkit.cli.gates import gates
from reidkit.cli.map import draw_descriptor_map
from reidkit.cli.models import models
from reidkit.cli.plot import plot
from reidkit.cli.quickstart import quickstart
from reidkit.cli.recipe import app as recipe
from reidkit.cli.recipes import recipes
from reidkit.cli.report import report
from reidkit.cli.runs import app as runs
from reidkit.cli.serve import serve
from reidkit.cli.show import show
from reidkit.cli.synthesize import synthesize
from reidkit.cli.train import train
from reidkit.cli.tune import tune
from reidkit.cli.weights import app as weights
from reidkit.core.errors import ReidkitError

app = typer.Typer(
    name="reidkit",
    help="Find the same individual again in other cameras: train, judge and use re-ID models.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data = typer.Typer(name="data", help="Draw, show and check data sets.", no_args_is_help=True)
app.add_typer(data)
app.add_typer(gallery)
app.add_typer(runs)
app.add_typer(weights)
app.add_typer(recipe)
app.add_typer(compat)

app.command()(quickstart)
app.command()(demo)
app.command()(train)
app.command()(tune)
app.command()(evaluate)
app.command()(calibrate)
app.command()(embed)
app.command()(export)
app.command()(compare)
app.command()(activation)
app.command()(plot)
app.command()(report)
app.command()(serve)
app.command()(gates)
app.command(name="map")(draw_descriptor_map)
app.command()(models)
app.command()(convert)
app.command()(datasets)
app.command()(recipes)
app.command(name="env")(environment)
data.command()(synthesize)
data.command()(check)
data.command()(show)
data.command()(doubts)


def _show_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"reidkit {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    """Find the same individual again in other cameras: train, judge and use re-ID models."""
    del version


def run() -> None:
    """Run the command line."""
    # Threads that spin while they wait keep the cores from those that work as soon as any other program
    # runs. Beside one busy process, training on two cores: 2 images/s by default, 25 with this bound, and
    # as fast as before (210) on a free machine. libgomp reads it when torch is loaded.
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    try:
        app(prog_name="reidkit")
    except ReidkitError as error:
        if not error.is_told_elsewhere:
            typer.echo(f"Error: {error}", err=True)
        sys.exit(2)
