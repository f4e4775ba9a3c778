"""Use a model that reidkit exported with OpenVINO, NumPy and Pillow alone; reidkit is not needed.

    reidkit export runs/quickstart --format openvino --with-preprocessing --out model.xml
    python plain_openvino.py model.xml a.jpg b.jpg

A file with the standardisation inside takes uint8 (N, height, width, 3), RGB, of the right size.
"""

import json
import sys

import numpy as np
import openvino
from PIL import Image

core = openvino.Core()
model = core.read_model(sys.argv[1])
card, facts = (
    json.loads(model.get_rt_info(["reidkit", key]).value) for key in ("reidkit_card", "reidkit_artefact")
)
if facts["input"] != "pixels":
    sys.exit(
        "export the model with --with-preprocessing, or see plain_onnxruntime.py for the standardisation"
    )
wanted = card["preprocessing"]
filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
images = [
    np.asarray(
        Image.open(path)
        .convert("RGB")
        .resize((wanted["width"], wanted["height"]), filters[wanted["interpolation"]])
    )
    for path in sys.argv[2:]
]
# Left to itself, OpenVINO computes in bfloat16 on a processor that can: faster, and 1e-3 off.
network = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
descriptors = network(np.stack(images))[network.output(0)]
np.save("descriptors.npy", descriptors)
print(f"{card['architecture']}: {len(descriptors)} descriptors of {descriptors.shape[1]} numbers")
if card["distance"] == "cosine" and len(descriptors) > 1:  # rows have unit length
    print(f"cosine distance of the first two: {1 - float(descriptors[0] @ descriptors[1]):.4f}")
