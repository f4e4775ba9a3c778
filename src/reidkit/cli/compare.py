"""``reidkit compare``: is this the same one?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reidkit.cli.model_option import ModelOption, open_model

if TYPE_CHECKING:
    from reidkit.core.types import Calibration
    from reidkit.deploy.comparison import Comparison
    from reidkit.models.checkpoint import ModelCard


def compare(
    first: Annotated[Path, typer.Argument(help="An image.")],
    second: Annotated[Path, typer.Argument(help="Another image.")],
    model: ModelOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how far apart two images are, and whether they show the same individual."""
    embedder = open_model(model, device)
    result = embedder.compare(first, second)
    if as_json:
        threshold = result.threshold
        typer.echo(
            json.dumps(
                {
                    "distance": result.distance,
                    "distance_name": embedder.card.distance,
                    "verdict": result.verdict,
                    "false_accept_rate": threshold.false_accept_rate if threshold else None,
                    "probability": result.decision.probability if result.decision else None,
                }
            )
        )
        return
    typer.echo(f"{embedder.card.distance} distance {result.distance:.4f}  (0 is identical)")
    typer.echo(describe_comparison(result, embedder.card))


def describe_comparison(result: "Comparison", card: "ModelCard") -> str:
    """Return in words what a distance means by the thresholds that were measured for a model."""
    if result.decision is not None and card.calibration is not None:
        return _describe_decision(result, card.calibration)
    data = card.training_data.get("name", "its test data")
    if result.verdict is None:
        return "This model has no measured thresholds, so the distance cannot be judged."
    if result.threshold is None:
        loosest = max(card.thresholds, key=lambda threshold: threshold.distance)
        return (
            f"Verdict: different. On {data}, {loosest.true_accept_rate:.0%} of same pairs and "
            f"{loosest.false_accept_rate:.1%} of different pairs were closer than {loosest.distance:.3f}."
        )
    within = result.threshold
    return (
        f"Verdict: {result.verdict}. On {data}, {within.false_accept_rate:.1%} of different pairs and "
        f"{within.true_accept_rate:.0%} of same pairs were within {within.distance:.3f}."
    )


def _describe_decision(result: "Comparison", calibration: "Calibration") -> str:
    probability = result.decision.probability if result.decision else 0.0
    return (
        f"Verdict: {result.verdict}. Probability of the same: {probability:.1%}, where "
        f"{calibration.prior:.0%} of pairs are. On {calibration.data or 'its calibration data'}, "
        f"{calibration.false_accept_rate:.1%} of different pairs were called the same (up to "
        f"{calibration.accept_distance:.3f}) and {calibration.false_reject_rate:.1%} of same pairs different "
        f"(beyond {calibration.reject_distance:.3f})."
    )
