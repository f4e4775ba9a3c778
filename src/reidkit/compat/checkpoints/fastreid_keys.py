"""How FastReID names the tensors of its backbones and heads, and how they are called here.

Each function returns (pattern, replacement) pairs for `re.sub`; names that FastReID counts from 1 and we from
0 are spelled out number by number.
"""

Renames = tuple[tuple[str, str], ...]

WHAT = r"(weight|bias|running_mean|running_var|num_batches_tracked)"

HEAD: Renames = (
    (r"heads\.weight", "head.classifier.weight"),
    (r"heads\.classifier\.weight", "head.classifier.weight"),
    (r"heads\.pool_layer\.p", "aggregation.power"),
    (rf"heads\.bnneck\.(?:0\.)?{WHAT}", r"head.neck.\1"),
)
PLAIN_NECK: Renames = ((rf"heads\.bottleneck\.0\.{WHAT}", r"head.neck.\1"),)
REDUCED_NECK: Renames = (
    (r"heads\.bottleneck\.0\.weight", "head.embedding.0.weight"),
    (rf"heads\.bottleneck\.1\.{WHAT}", r"head.neck.\1"),
)

RESIDUAL_BLOCK: Renames = (
    (rf"(.*)\.bn1\.IN\.{WHAT}", r"\1.bn1.instance.\2"),
    (rf"(.*)\.bn1\.BN\.{WHAT}", r"\1.bn1.batch.\2"),
    (r"(.*)\.se\.fc\.0\.weight", r"\1.squeeze_excitation.reduce.weight"),
    (r"(.*)\.se\.fc\.2\.weight", r"\1.squeeze_excitation.restore.weight"),
)

TIMM_AS_IT_IS: Renames = ((r"backbone\.(.*)", r"backbone.network.\1"),)

MOBILENET_V2: Renames = (
    (rf"backbone\.features\.1\.conv\.([01])\.{WHAT}", r"backbone.features.1.conv.0.\1.\2"),
    (rf"backbone\.features\.1\.conv\.3\.{WHAT}", r"backbone.features.1.conv.1.\1"),
    (rf"backbone\.features\.1\.conv\.4\.{WHAT}", r"backbone.features.1.conv.2.\1"),
    (rf"backbone\.features\.(\d+)\.conv\.([01])\.{WHAT}", r"backbone.features.\1.conv.0.\2.\3"),
    (rf"backbone\.features\.(\d+)\.conv\.3\.{WHAT}", r"backbone.features.\1.conv.1.0.\2"),
    (rf"backbone\.features\.(\d+)\.conv\.4\.{WHAT}", r"backbone.features.\1.conv.1.1.\2"),
    (rf"backbone\.features\.(\d+)\.conv\.6\.{WHAT}", r"backbone.features.\1.conv.2.\2"),
    (rf"backbone\.features\.(\d+)\.conv\.7\.{WHAT}", r"backbone.features.\1.conv.3.\2"),
    (rf"backbone\.conv\.([01])\.{WHAT}", r"backbone.features.18.\1.\2"),
)

MOBILENET_V3: Renames = ((rf"backbone\.conv\.([01])\.{WHAT}", r"backbone.last.\1.\2"),)

SHUFFLENET: Renames = (
    (r"backbone\.first_conv\.0\.weight", "backbone.stem.0.conv.weight"),
    (rf"backbone\.first_conv\.1\.{WHAT}", r"backbone.stem.0.norm.\1"),
    (r"backbone\.conv_last\.0\.weight", "backbone.last.conv.weight"),
    (rf"backbone\.conv_last\.1\.{WHAT}", r"backbone.last.norm.\1"),
    *(
        (rf"backbone\.features\.(\d+)\.{theirs}\.{WHAT}", rf"backbone.blocks.\1.{ours}.\2")
        for theirs, ours in (
            (r"branch_main\.0", "branch.0.conv"),
            (r"branch_main\.1", "branch.0.norm"),
            (r"branch_main\.3", "branch.1.0"),
            (r"branch_main\.4", "branch.1.1"),
            (r"branch_main\.5", "branch.2.conv"),
            (r"branch_main\.6", "branch.2.norm"),
            (r"branch_proj\.0", "shortcut.0.0"),
            (r"branch_proj\.1", "shortcut.0.1"),
            (r"branch_proj\.2", "shortcut.1.conv"),
            (r"branch_proj\.3", "shortcut.1.norm"),
        )
    ),
)

REGNET: Renames = tuple(
    (rf"backbone\.(s\d\.b\d+)\.{theirs}\.{WHAT}", rf"backbone.network.\1.{ours}.\2")
    for theirs, ours in (
        ("proj", "downsample.conv"),
        ("bn", "downsample.bn"),
        (r"f\.a", "conv1.conv"),
        (r"f\.a_bn", "conv1.bn"),
        (r"f\.b", "conv2.conv"),
        (r"f\.b_bn", "conv2.bn"),
        (r"f\.c", "conv3.conv"),
        (r"f\.c_bn", "conv3.bn"),
        (r"f\.se\.f_ex\.0", "se.fc1"),
        (r"f\.se\.f_ex\.2", "se.fc2"),
    )
) + ((r"backbone\.(stem\..*)", r"backbone.network.\1"),)


def non_local(lengths: tuple[int, ...], counts: tuple[int, ...]) -> Renames:
    """Return the names of non-local blocks, which stand behind the last blocks of each stage.

    Args:
        lengths: Blocks of each stage.
        counts: How many of them a non-local block follows.
    """
    layers = (("g", "value"), ("theta", "query"), ("phi", "key"), (r"W\.0", "restore"), (r"W\.1", "norm"))
    return tuple(
        (
            rf"backbone\.NL_{stage}\.{number}\.{theirs}\.{WHAT}",
            rf"backbone.layer{stage}.{length - count + number}.non_local.{ours}.\1",
        )
        for stage, (length, count) in enumerate(zip(lengths, counts, strict=True), start=1)
        for number in range(count)
        for theirs, ours in layers
    )


def efficientnet(lengths: tuple[int, ...]) -> Renames:
    """Return the names of an EfficientNet; its first stage has blocks without expansion.

    Args:
        lengths: Blocks of each stage.
    """
    expanded = (
        ("exp", "conv_pw"),
        ("exp_bn", "bn1"),
        ("dwise", "conv_dw"),
        ("dwise_bn", "bn2"),
        ("lin_proj", "conv_pwl"),
        ("lin_proj_bn", "bn3"),
    )
    plain = (("dwise", "conv_dw"), ("dwise_bn", "bn1"), ("lin_proj", "conv_pw"), ("lin_proj_bn", "bn2"))
    excitation = ((r"se\.f_ex\.0", "se.conv_reduce"), (r"se\.f_ex\.2", "se.conv_expand"))
    blocks = tuple(
        (
            rf"backbone\.s{stage}\.b{number}\.{theirs}\.{WHAT}",
            rf"backbone.network.blocks.{stage - 1}.{number - 1}.{ours}.\1",
        )
        for stage, length in enumerate(lengths, start=1)
        for number in range(1, length + 1)
        for theirs, ours in ((plain if stage == 1 else expanded) + excitation)
    )
    return blocks + (
        (r"backbone\.stem\.conv\.weight", "backbone.network.conv_stem.weight"),
        (rf"backbone\.stem\.bn\.{WHAT}", r"backbone.network.bn1.\1"),
        (r"backbone\.head\.conv\.weight", "backbone.network.conv_head.weight"),
        (rf"backbone\.head\.conv_bn\.{WHAT}", r"backbone.network.bn2.\1"),
    )


def repvgg() -> Renames:
    """Return the names of a RepVGG in the form that trains it."""
    branches = (("rbr_dense", "conv_kxk"), ("rbr_1x1", "conv_1x1"), ("rbr_identity", "identity"))
    return tuple(
        (rf"backbone\.stage0\.{theirs}\.(.*)", rf"backbone.network.stem.{ours}.\1")
        for theirs, ours in branches
    ) + tuple(
        (
            rf"backbone\.stage{stage}\.(\d+)\.{theirs}\.(.*)",
            rf"backbone.network.stages.{stage - 1}.\1.{ours}.\2",
        )
        for stage in range(1, 5)
        for theirs, ours in branches
    )


def osnet() -> Renames:
    """Return the names of an OSNet, with or without instance normalisation after its sums."""
    streams = (
        ("conv2a", "streams.0.0"),
        *((rf"conv2{name}", f"streams.{place}") for place, name in enumerate("bcd", 1)),
    )
    renames: list[tuple[str, str]] = [
        (r"backbone\.conv1\.conv\.weight", "backbone.stem.0.conv.weight"),
        (rf"backbone\.conv1\.bn\.{WHAT}", r"backbone.stem.0.norm.\1"),
        (r"backbone\.conv5\.conv\.weight", "backbone.last.conv.weight"),
        (rf"backbone\.conv5\.bn\.{WHAT}", r"backbone.last.norm.\1"),
    ]
    for stage in (2, 3, 4):
        ours = f"backbone.stages.{stage - 2}"
        renames += [
            (rf"backbone\.conv{stage}\.2\.0\.conv\.weight", f"{ours}.2.0.conv.weight"),
            (rf"backbone\.conv{stage}\.2\.0\.bn\.{WHAT}", rf"{ours}.2.0.norm.\1"),
            (rf"backbone\.conv{stage}\.(\d)\.IN\.{WHAT}", rf"{ours}.\1.norm.\2"),
            (rf"backbone\.conv{stage}\.(\d)\.gate\.fc1\.{WHAT}", rf"{ours}.\1.fusion.gate.reduce.\2"),
            (rf"backbone\.conv{stage}\.(\d)\.gate\.fc2\.{WHAT}", rf"{ours}.\1.fusion.gate.restore.\2"),
        ]
        for theirs, name in (("conv1", "reduce"), ("conv3", "restore"), ("downsample", "shortcut")):
            renames += [
                (rf"backbone\.conv{stage}\.(\d)\.{theirs}\.conv\.weight", rf"{ours}.\1.{name}.conv.weight"),
                (rf"backbone\.conv{stage}\.(\d)\.{theirs}\.bn\.{WHAT}", rf"{ours}.\1.{name}.norm.\2"),
            ]
        for theirs, name in streams:
            number, place = ("", "") if theirs == "conv2a" else (r"\.(\d)", r".\2")
            what = r"\2" if theirs == "conv2a" else r"\3"
            renames += [
                (
                    rf"backbone\.conv{stage}\.(\d)\.{theirs}{number}\.{part}\.{WHAT}",
                    rf"{ours}.\1.{name}{place}.{mine}.{what}",
                )
                for part, mine in (("conv1", "pointwise"), ("conv2", "depthwise"), ("bn", "norm"))
            ]
    return tuple(renames)


def mgn() -> Renames:
    """Return the names of a Multiple Granularity Network on ResNet."""
    places = (("backbone", "trunk"), *((f"b{number + 1}", f"branches.{number}") for number in range(3)))
    renames: list[tuple[str, str]] = []
    for theirs, ours in places:
        renames += [
            (rf"{theirs}\.(.*)\.bn1\.IN\.{WHAT}", rf"backbone.{ours}.\1.bn1.instance.\2"),
            (rf"{theirs}\.(.*)\.bn1\.BN\.{WHAT}", rf"backbone.{ours}.\1.bn1.batch.\2"),
            (rf"{theirs}\.(.*)", rf"backbone.{ours}.\1"),
        ]
    for number, name in enumerate(("b1", "b2", "b3", "b21", "b22", "b31", "b32", "b33")):
        renames += [
            (rf"{name}_head\.(?:classifier\.)?weight", f"heads.{number}.classifier.weight"),
            (rf"{name}_head\.pool_layer\.p", f"aggregations.{number}.power"),
            (rf"{name}_head\.bottleneck\.0\.weight", f"heads.{number}.embedding.0.weight"),
            (rf"{name}_head\.(?:bottleneck\.1|bnneck(?:\.0)?)\.{WHAT}", rf"heads.{number}.neck.\1"),
        ]
    return tuple(renames)
