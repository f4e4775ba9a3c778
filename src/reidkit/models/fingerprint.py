"""Tell models apart by their weights."""

import hashlib

import torch

from reidkit.models.model import ReidModel, is_classifier


def fingerprint(model: ReidModel) -> str:
    """Return 16 hexadecimal digits that equal weights share and others do not.

    The classifier does not count, since descriptors do not depend on it; neither does the file that the
    weights came from, nor its card.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        if is_classifier(name):
            continue
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)}:".encode())
        digest.update(flat.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
