"""``reidkit calibrate``: measure what the distances of a model mean, and write it into its card."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reidkit.core.types import DistanceName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reidkit.core.types import Calibration, Threshold

Method = Literal["isotonic", "logistic"]


def calibrate(
    model: Annotated[Path, typer.Argument(help="A model.safetensors, or the folder of a run; is changed.")],
    data: Annotated[
        str,
        typer.Argument(
            help="Folder (or manifest) of a data set whose individuals the model was not trained on; "
            "READER=FOLDER names its reader."
        ),
    ],
    reader: Annotated[str, typer.Option(help="How to read it; see 'reidkit datasets'.")] = "folder",
    option: Annotated[
        list[str] | None, typer.Option(help="Option of the reader, key=value; may be repeated.")
    ] = None,
    far: Annotated[
        str, typer.Option(help="False accept rates to find thresholds for, with commas between.")
    ] = "1e-1,1e-2,1e-3",
    method: Annotated[Method, typer.Option(help="isotonic, or logistic for few pairs.")] = "isotonic",
    prior: Annotated[
        float, typer.Option(help="Share of same pairs where the model will be used, for the probability.")
    ] = 0.5,
    accept_rate: Annotated[
        float, typer.Option(help="Share of different pairs that may be called the same.")
    ] = 0.01,
    reject_rate: Annotated[float, typer.Option(help="Share of same pairs that may be called new.")] = 0.01,
    protocol: Annotated[
        str | None, typer.Option(help="By which pairs are made. (default: the data set's own)")
    ] = None,
    distance: Annotated[
        DistanceName | None, typer.Option(help="Becomes the model's own. (default: it stays)")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    batch_size: Annotated[int, typer.Option(min=1, help="Images per step.")] = 128,
) -> None:
    """Measure thresholds and probabilities on held-out pairs, and keep them in the model file."""
    from reidkit.cli.data_options import parse_reader_options
    from reidkit.cli.evaluate import judge, parse_source
    from reidkit.cli.screen import describe_verification, make_console
    from reidkit.core.errors import EvaluationError
    from reidkit.data.readers import read_dataset
    from reidkit.deploy.embedder import find_model, load
    from reidkit.engine.calibration import calibrate_on
    from reidkit.engine.evaluate import choose_protocol
    from reidkit.metrics.calibration import check_prior
    from reidkit.metrics.roc import check_rate
    from reidkit.metrics.verification import thresholds_at
    from reidkit.models.checkpoint import replace_card

    console = make_console()
    rates = parse_rates(far)
    check_prior(prior)
    check_rate(accept_rate)
    check_rate(reject_rate)
    path = find_model(model)
    embedder = load(path, device=device, batch_size=batch_size)
    source = parse_source(data, reader, parse_reader_options(option))
    splits = read_dataset(source.reader, source.root, **source.options)
    chosen = choose_protocol(
        splits,
        name=protocol,
        distance=distance or embedder.card.distance,
        normalization=embedder.card.normalization,
    )
    evaluation = judge(embedder, splits, chosen, "error", console)
    calibration = calibrate_on(
        evaluation,
        data=splits.name,
        method=method,
        prior=prior,
        accept_rate=accept_rate,
        reject_rate=reject_rate,
    )
    if calibration is None:
        raise EvaluationError(
            f"Data set '{splits.name}' cannot calibrate a model: its pairs of query and gallery are all of "
            f"one kind. Expected pairs of the same and of different individuals."
        )
    thresholds = thresholds_at(evaluation.pairs, rates)
    changes = {
        "thresholds": tuple(thresholds),
        "calibration": calibration,
        "distance": chosen.distance,
    }
    replace_card(path, embedder.card.model_copy(update=changes))
    for line in [*describe_verification(evaluation), *describe_table(thresholds, rates, calibration)]:
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"wrote the card of {path}", soft_wrap=True)


def parse_rates(text: str) -> tuple[float, ...]:
    """Read rates with commas between.

    Raises:
        typer.BadParameter: one is no number between 0 and 1.
    """
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"expected rates such as 1e-2,1e-3, got '{text}'") from error
    if not all(0 < rate < 1 for rate in rates):
        raise typer.BadParameter(f"expected rates between 0 and 1, got '{text}'")
    return rates


def describe_table(
    thresholds: "Sequence[Threshold]", rates: "Sequence[float]", calibration: "Calibration"
) -> list[str]:
    """Return the threshold table in lines, and the rule for same, unsure and new."""
    lines = [
        f"threshold {item.distance:.4f}: {item.false_accept_rate:.3%} of different pairs and "
        f"{item.true_accept_rate:.1%} of same pairs within"
        for item in thresholds
    ]
    if len(thresholds) < len(rates):
        lines.append(
            f"{len(rates) - len(thresholds)} of {len(rates)} rates have no threshold: "
            f"{calibration.num_impostor} different pairs are too few to measure them, or too many are nearest"
        )
    lines.append(
        f"same up to {calibration.accept_distance:.4f} ({calibration.false_accept_rate:.2%} of different "
        f"pairs wrongly), new beyond {calibration.reject_distance:.4f} "
        f"({calibration.false_reject_rate:.2%} of same pairs wrongly), unsure between"
    )
    return [*lines, _describe_check(calibration)]


def _describe_check(calibration: "Calibration") -> str:
    checked = calibration.cross_check
    if checked is None:
        return "these rates are not cross-checked: half of the individuals has no pairs of both kinds"
    accepts, rejects = checked.false_accept_interval, checked.false_reject_interval
    return (
        f"cross-checked, each half of the individuals by the rule of the other: "
        f"{checked.false_accept_rate:.2%} of {checked.num_impostor} different pairs called the same "
        f"({accepts[0]:.2%} to {accepts[1]:.2%}), {checked.false_reject_rate:.2%} of {checked.num_genuine} "
        f"same pairs called new ({rejects[0]:.2%} to {rejects[1]:.2%}); 95 % Wilson intervals"
    )
