"""``reidkit env``: what to put into a bug report."""

import typer


def environment() -> None:
    """Print versions, platform and devices, for a bug report."""
    import torch

    from reidkit.engine.provenance import describe_environment

    facts = describe_environment()
    for package, version in facts["versions"].items():
        typer.echo(f"{package:12} {version}")
    typer.echo(f"{'platform':12} {facts['platform']}, {facts['cpu_count']} cores")
    cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    typer.echo(f"{'cuda':12} {cuda}")
