"""The job of `reidkit.deploy.embed_job` on a cluster, by Ray Data.

Each worker loads the model once and writes parts of its own. The folder of the parts, the model and the
images must lie where every machine finds them under the same path. It resumes as on one machine.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reidkit.core.extras import import_extra
from reidkit.data.failures import ReadFailure, UnreadablePolicy, check_policy
from reidkit.deploy.embed_job import PART_SIZE, EmbedResult, embed_part, finish_job, start_job
from reidkit.deploy.embedder import load


class PartWriter:
    """Embeds blocks of paths in one worker of Ray.

    Args:
        model: Path of the model.
        folder: Of the parts.
        run: Number of the call, which its parts start with.
        options: Of `reidkit.load`.
        unreadable: See `reidkit.deploy.embed_job.embed_to_file`.
    """

    def __init__(
        self, model: str, folder: str, run: int, options: dict[str, Any], unreadable: UnreadablePolicy
    ) -> None:
        self.embedder = load(model, **options)
        self.folder = Path(folder)
        self.run = run
        self.unreadable = unreadable

    def __call__(self, block: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Write one part, and return which images cannot be read."""
        paths = [Path(str(path)) for path in block["path"]]
        name = f"{self.run:06d}-{int(block['number'][0]):09d}"
        failures = embed_part(self.embedder, self.folder, name, paths, self.unreadable)
        return {
            "path": np.array([str(failure.path) for failure in failures], object),
            "reason": np.array([failure.reason for failure in failures], object),
        }


def embed_on_ray(
    model: Path,
    paths: Sequence[Path],
    out: Path,
    *,
    workers: int = 1,
    options: dict[str, Any] | None = None,
    unreadable: UnreadablePolicy = "skip",
    overwrite: bool = False,
    part_size: int = PART_SIZE,
) -> EmbedResult:
    """Embed images to a file with the workers of a Ray cluster; a local one is started where none is.

    Args:
        model: The model file, seen by every machine under this path; as are images and ``out``.
        paths: The images.
        out: As of `reidkit.deploy.embed_job.embed_to_file`.
        workers: Processes that embed, each with one CPU.
        options: Of `reidkit.load`, such as ``device`` and ``batch_size``.
        unreadable: As of `embed_to_file`.
        overwrite: As of `embed_to_file`.
        part_size: Images per part.

    Raises:
        MissingExtraError: Ray is not installed.
        DatasetError: the file or its parts are of another model, or no image can be read.
    """
    check_policy(unreadable)
    ray = import_extra("ray", extra="ray", purpose="--engine ray")
    ray_data = import_extra("ray.data", extra="ray", purpose="--engine ray")
    settings = options or {}
    own = load(model, **{**settings, "device": "cpu"})
    out = out.absolute()
    paths = [path.absolute() for path in paths]  # workers have another working folder
    job = start_job(own.fingerprint, own.card.distance, own.descriptor_dim, paths, out, overwrite)
    start = time.perf_counter()
    failures: list[ReadFailure] = []
    if job.todo:
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False)
        items = [{"path": str(path), "number": number} for number, path in enumerate(job.todo)]
        blocks = -(-len(items) // part_size)
        written = ray_data.from_items(items, override_num_blocks=max(blocks, 1)).map_batches(
            PartWriter,
            fn_constructor_args=(str(model.absolute()), str(job.parts), job.run, settings, unreadable),
            batch_size=part_size,
            concurrency=min(workers, max(blocks, 1)),
            num_cpus=1,
        )
        failures = [ReadFailure(Path(row["path"]), row["reason"]) for row in written.take_all()]
    return finish_job(job, failures, time.perf_counter() - start)
