"""How Torchreid 1.4 names the tensors of its OSNets, and how we name them."""

import re

_RULES = (
    (r"^conv1\.", "backbone.stem.0."),
    (r"^conv([234])\.2\.0\.", lambda match: f"backbone.stages.{int(match[1]) - 2}.2.0."),
    (r"^pool([23])\.", lambda match: f"backbone.stages.{int(match[1]) - 2}.2."),
    (r"^conv([234])\.(\d)\.", lambda match: f"backbone.stages.{int(match[1]) - 2}.{match[2]}."),
    (r"^conv5\.", "backbone.last."),
    (r"^fc\.", "head.embedding."),
    (r"^classifier\.", "head.classifier."),
    (r"\.conv2a\.", ".streams.0.0."),
    (r"\.conv2([bcd])\.", lambda match: f".streams.{'abcd'.index(match[1])}."),
    (r"\.conv2\.(\d)\.layers\.", r".streams.\1."),
    (r"(\.streams\.\d\.\d)\.conv1\.", r"\1.pointwise."),
    (r"(\.streams\.\d\.\d)\.conv2\.", r"\1.depthwise."),
    (r"\.gate\.fc1\.", ".fusion.gate.reduce."),
    (r"\.gate\.fc2\.", ".fusion.gate.restore."),
    (r"(\.stages\.\d\.\d)\.conv1\.", r"\1.reduce."),
    (r"(\.stages\.\d\.\d)\.conv3\.", r"\1.restore."),
    (r"\.downsample\.", ".shortcut."),
    (r"\.bn\.", ".norm."),
)


def our_key(key: str, *, is_ain: bool) -> str:
    """Return our name of a Torchreid tensor."""
    for pattern, replacement in _RULES:
        key = re.sub(pattern, replacement, key)
    # OSNet-AIN normalises inside the residual, OSNet-IBN after the sum.
    return key.replace(".IN.", ".restore.norm." if is_ain else ".norm.")
