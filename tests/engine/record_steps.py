"""Trains by recipes one after the other, alone or under torchrun, and writes the losses of every step.

Arguments: a JSON file of jobs, each with recipe, out, resume and stop_after (batches, or null).
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch
from torch import distributed

from reidkit.core.errors import ReidkitError
from reidkit.engine.epoch_record import EpochRecord
from reidkit.engine.processes import find_processes
from reidkit.engine.recipe_files import load_recipe
from reidkit.engine.stopping import RunStopped
from reidkit.engine.train import train


def main(jobs: list[dict]) -> None:
    torch.set_num_threads(1)
    processes = find_processes()
    with processes.connected("cpu"):
        for job in jobs:
            run(job, processes.rank)


def run(job: dict, rank: int) -> None:
    steps: list[dict[str, float]] = []
    record = EpochRecord.on_train_batch_end

    def record_step(self, trainer, pl_module, *arguments):
        record(self, trainer, pl_module, *arguments)
        steps.append(dict(pl_module.last_losses))
        if len(steps) == job.get("stop_after") and rank == job.get("stopped_rank", 0):
            os.kill(os.getpid(), signal.SIGTERM)

    EpochRecord.on_train_batch_end = record_step
    out = Path(job["out"])
    content: dict = {"rank": rank, "is_connected": distributed.is_initialized()}
    try:
        result = train(load_recipe(job["recipe"]), out, resume=job.get("resume", False))
        content["mean_ap"] = result.evaluation.scores.mean_ap
        content["descriptors"] = len(result.evaluation.gallery_descriptors)
    except RunStopped as stopped:
        content["stopped"] = stopped.message
    except ReidkitError as error:
        content |= {"error": str(error), "is_told_elsewhere": error.is_told_elsewhere}
    finally:
        EpochRecord.on_train_batch_end = record
    content["steps"] = steps
    Path(f"{job['log']}.{rank}.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
