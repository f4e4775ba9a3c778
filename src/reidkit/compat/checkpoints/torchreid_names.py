"""How Torchreid 1.4 calls the tensors of its networks, and how they are called here."""

Rewrites = tuple[tuple[str, str], ...]

HEAD: Rewrites = ((r"^fc\.", "head.embedding."), (r"^classifier\.", "head.classifier."))

# Networks whose tensors carry the same names on both sides.
PLAIN: Rewrites = ((r"^(?!fc\.|classifier\.)", "backbone."), *HEAD)
TIMM: Rewrites = ((r"^(?!fc\.|classifier\.)", "backbone.network."), *HEAD)

RESNET: Rewrites = (
    *PLAIN,
    (r"\.bn1\.IN\.", ".bn1.instance."),
    (r"\.bn1\.BN\.", ".bn1.batch."),
    (r"\.IN\.", ".sum_norm."),
)

_OMNI_SCALE: Rewrites = (
    (r"^conv1\.", "backbone.stem.0."),
    *(
        rule
        for number in (2, 3, 4)
        for rule in (
            # In OSNet the layer that halves a stage lies in it, in OSNet-AIN beside it.
            (rf"^conv{number}\.2\.0\.", f"backbone.stages.{number - 2}.2.0."),
            (rf"^pool{number}\.", f"backbone.stages.{number - 2}.2."),
            (rf"^conv{number}\.(\d)\.", rf"backbone.stages.{number - 2}.\1."),
        )
    ),
    (r"^conv5\.", "backbone.last."),
    *HEAD,
    (r"\.conv2a\.", ".streams.0.0."),
    *((rf"\.conv2{letter}\.", f".streams.{number}.") for number, letter in ((1, "b"), (2, "c"), (3, "d"))),
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

# OSNet-IBN normalises after the sum, OSNet-AIN inside the residual.
OSNET: Rewrites = (*_OMNI_SCALE, (r"\.IN\.", ".norm."))
OSNET_AIN: Rewrites = (*_OMNI_SCALE, (r"\.IN\.", ".restore.norm."))

SHUFFLENET: Rewrites = (
    *PLAIN,
    (r"\.conv1\.0\.", ".stem.0.conv."),
    (r"\.conv1\.1\.", ".stem.0.norm."),
    *((rf"\.stage{number}\.", f".stages.{number - 2}.") for number in (2, 3, 4)),
)

MOBILENET: Rewrites = (
    *PLAIN,
    (r"^backbone\.conv1\.", "backbone.stem."),
    *((rf"^backbone\.conv{number}\.", f"backbone.stages.{number - 2}.") for number in range(2, 9)),
    (r"^backbone\.conv9\.", "backbone.last."),
    (r"\.conv1\.", ".expand."),
    (r"\.dwconv2\.", ".depthwise."),
    (r"\.conv3\.", ".project."),
    (r"\.conv\.", ".0."),
    (r"\.bn\.", ".1."),
)

# Torchreid numbers its cells with gaps, where the larger NASNet has more of them.
_CELLS = (
    "cell_0", "cell_1", "cell_2", "cell_3", "reduction_cell_0", "cell_6", "cell_7", "cell_8", "cell_9",
    "reduction_cell_1", "cell_12", "cell_13", "cell_14", "cell_15",
)  # fmt: skip

NASNET: Rewrites = (
    *PLAIN,
    (r"\.conv0\.conv\.", ".first.0."),
    (r"\.conv0\.bn\.", ".first.1."),
    # A cell that halves the map keeps its sums in a part of their own; but for the first, they are padded.
    (r"\.((?:cell_stem|reduction_cell)_\d)\.comb_iter_(\d)_", r".\1.sums.sum\2_"),
    (r"\.comb_iter_(\d)_", r".sum\1_"),
    (
        r"(\.(?:cell_stem_1|reduction_cell_\d)\.sums\.sum[012]_.*)\.separable_1\.depthwise_conv2d\.",
        r"\1.depthwise1.layer.",
    ),
    (r"\.separable_(\d)\.depthwise_conv2d\.", r".depthwise\1."),
    (r"\.separable_(\d)\.pointwise_conv2d\.", r".pointwise\1."),
    (r"\.bn_sep_(\d)\.", r".norm\1."),
    (r"\.conv_prev_1x1\.conv\.", ".before.1."),
    (r"\.conv_prev_1x1\.bn\.", ".before.2."),
    (r"\.conv_1x1\.conv\.", ".last.1."),
    (r"\.conv_1x1\.bn\.", ".last.2."),
    (r"\.path_1\.conv\.", ".before.even."),
    (r"\.path_2\.conv\.", ".before.odd."),
    (r"\.final_path_bn\.", ".before.norm."),
    (r"\.cell_stem_(\d)\.", r".stem\1."),
    *((rf"\.{name}\.", f".cells.{number}.") for number, name in enumerate(_CELLS)),
)

_MLFN_BLOCK = tuple(
    (rf"\.feature\.(\d+)\.{theirs}", rf".blocks.\1.{ours}")
    for theirs, ours in (("fm_conv", "conv"), ("fm_bn", "bn"), ("fsm", "factors"), ("downsample", "shortcut"))
)
MLFN: Rewrites = (
    (r"^fc_x\.", "map_projection."),
    (r"^fc_s\.", "factor_projection."),
    (r"^classifier\.", "head.classifier."),
    (r"^(?!head\.|map_projection\.|factor_projection\.)", "backbone."),
    (r"^backbone\.conv1\.", "backbone.stem.0."),
    (r"^backbone\.bn1\.", "backbone.stem.1."),
    *_MLFN_BLOCK,
)

RESNET_MID: Rewrites = (
    (r"^fc_fusion\.", "fusion."),
    (r"^classifier\.", "head.classifier."),
    (r"^(?!head\.|fusion\.)", "backbone."),
)

PCB: Rewrites = (
    (r"^conv5\.layers\.0\.", "reduction.conv."),
    (r"^conv5\.layers\.1\.", "reduction.norm."),
    (r"^(?!classifier\.|reduction\.)", "backbone."),
)

_STREAMS: Rewrites = (
    *((rf"\.stream{number}\.", f".streams.{number - 1}.") for number in (1, 2, 3, 4)),
    (r"\.bn\.", ".norm."),
)
MUDEEP: Rewrites = (
    *PLAIN,
    (r"\.block1\.conv1\.", ".stem.0."),
    (r"\.block1\.conv2\.", ".stem.1."),
    (r"\.block2\.", ".scales."),
    (r"\.block3\.", ".reduction."),
    (r"\.block4\.", ".fusion."),
    *((rf"\.block5\.a{number}$", f".fusion.weights.{number - 1}") for number in (1, 2, 3, 4)),
    *_STREAMS,
)

HACNN: Rewrites = (
    (r"^fc_(global|local)\.", r"\1_head.embedding."),
    (r"^classifier_(global|local)\.", r"\1_head.classifier."),
    (r"^conv\.", "backbone.stem."),
    *(
        (rf"^{theirs}{number}\.", f"backbone.levels.{number - 1}.{ours}")
        for number in (1, 2, 3)
        for theirs, ours in (("inception", "inception."), ("ha", ""), ("local_conv", "local."))
    ),
    (r"\.soft_attn\.spatial_attn\.conv(\d)\.", r".soft.position\1."),
    (r"\.soft_attn\.channel_attn\.conv1\.", ".soft.channel.0."),
    (r"\.soft_attn\.channel_attn\.conv2\.", ".soft.channel.1."),
    (r"\.soft_attn\.conv\.", ".soft.mix."),
    (r"\.hard_attn\.fc\.", ".hard.centres."),
    *_STREAMS,
)
