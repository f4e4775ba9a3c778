"""Use a model that reidkit exported with ONNX Runtime, NumPy and Pillow alone; reidkit is not needed.

reidkit export runs/quickstart --format onnx --out model.onnx
python plain_onnxruntime.py model.onnx a.jpg b.jpg
"""

import json
import sys

import numpy as np
import onnxruntime
from PIL import Image


def read(path: str, preprocessing: dict, takes_pixels: bool) -> np.ndarray:
    """Return an image as the network takes it: its size, its colours, its scale."""
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    size = (preprocessing["width"], preprocessing["height"])
    image = Image.open(path).convert("RGB").resize(size, filters[preprocessing["interpolation"]])
    pixels = np.asarray(image)
    if takes_pixels:  # exported with --with-preprocessing: uint8 (height, width, 3)
        return pixels
    mean, deviation = (np.array(preprocessing[name], np.float32) for name in ("mean", "std"))
    return ((pixels.astype(np.float32) / 255 - mean) / deviation).transpose(2, 0, 1)


session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
texts = session.get_modelmeta().custom_metadata_map
card, facts = json.loads(texts["reidkit_card"]), json.loads(texts["reidkit_artefact"])
images = [read(path, card["preprocessing"], facts["input"] == "pixels") for path in sys.argv[2:]]
descriptors = session.run(None, {"images": np.stack(images)})[0]
np.save("descriptors.npy", descriptors)
print(f"{card['architecture']}: {len(descriptors)} descriptors of {descriptors.shape[1]} numbers")
if card["distance"] == "cosine" and len(descriptors) > 1:  # rows have unit length
    print(f"cosine distance of the first two: {1 - float(descriptors[0] @ descriptors[1]):.4f}")
