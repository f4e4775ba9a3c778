"""The configuration files of FastReID 1.3 as facts: what each of them sets, written in its own form."""

from pathlib import Path

import yaml

BAGTRICKS = {
    "MODEL": {
        "META_ARCHITECTURE": "Baseline",
        "BACKBONE": {
            "NAME": "build_resnet_backbone",
            "NORM": "BN",
            "DEPTH": "50x",
            "LAST_STRIDE": 1,
            "FEAT_DIM": 2048,
            "WITH_IBN": False,
            "PRETRAIN": True,
        },
        "HEADS": {
            "NAME": "EmbeddingHead",
            "NORM": "BN",
            "WITH_BNNECK": True,
            "POOL_LAYER": "GlobalAvgPool",
            "NECK_FEAT": "before",
            "CLS_LAYER": "Linear",
        },
        "LOSSES": {
            "NAME": '("CrossEntropyLoss", "TripletLoss",)',  # a literal of Python, as there
            "CE": {"EPSILON": 0.1, "SCALE": 1.0},
            "TRI": {"MARGIN": 0.3, "HARD_MINING": True, "NORM_FEAT": False, "SCALE": 1.0},
        },
    },
    "INPUT": {
        "SIZE_TRAIN": [256, 128],
        "SIZE_TEST": [256, 128],
        "REA": {"ENABLED": True, "PROB": 0.5},
        "FLIP": {"ENABLED": True},
        "PADDING": {"ENABLED": True},
    },
    "DATALOADER": {"SAMPLER_TRAIN": "NaiveIdentitySampler", "NUM_INSTANCE": 4, "NUM_WORKERS": 8},
    "SOLVER": {
        "AMP": {"ENABLED": True},
        "OPT": "Adam",
        "MAX_EPOCH": 120,
        "BASE_LR": 0.00035,
        "WEIGHT_DECAY": 0.0005,
        "WEIGHT_DECAY_NORM": 0.0005,
        "IMS_PER_BATCH": 64,
        "SCHED": "MultiStepLR",
        "STEPS": [40, 90],
        "GAMMA": 0.1,
        "WARMUP_FACTOR": 0.1,
        "WARMUP_ITERS": 2000,
        "CHECKPOINT_PERIOD": 30,
    },
    "TEST": {"EVAL_PERIOD": 30, "IMS_PER_BATCH": 128},
    "CUDNN_BENCHMARK": True,
}
AGW = {
    "_BASE_": "Base-bagtricks.yml",
    "MODEL": {
        "BACKBONE": {"WITH_NL": True},
        "HEADS": {"POOL_LAYER": "GeneralizedMeanPooling"},
        "LOSSES": {"TRI": {"HARD_MINING": False, "MARGIN": 0.0}},
    },
}
SBS = {
    "_BASE_": "Base-bagtricks.yml",
    "MODEL": {
        "FREEZE_LAYERS": ["backbone"],
        "BACKBONE": {"WITH_NL": True},
        "HEADS": {
            "NECK_FEAT": "after",
            "POOL_LAYER": "GeneralizedMeanPoolingP",
            "CLS_LAYER": "CircleSoftmax",
            "SCALE": 64,
            "MARGIN": 0.35,
        },
        "LOSSES": {"TRI": {"MARGIN": 0.0}},
    },
    "INPUT": {
        "SIZE_TRAIN": [384, 128],
        "SIZE_TEST": [384, 128],
        "AUTOAUG": {"ENABLED": True, "PROB": 0.1},
    },
    "DATALOADER": {"NUM_INSTANCE": 16},
    "SOLVER": {
        "MAX_EPOCH": 60,
        "DELAY_EPOCHS": 30,
        "ETA_MIN_LR": 0.0000007,
        "SCHED": "CosineAnnealingLR",
        "FREEZE_ITERS": 1000,
        "CHECKPOINT_PERIOD": 20,
    },
    "TEST": {"EVAL_PERIOD": 10, "IMS_PER_BATCH": 128},
}
MGN = {
    "_BASE_": "Base-SBS.yml",
    "MODEL": {
        "META_ARCHITECTURE": "MGN",
        "FREEZE_LAYERS": ["backbone", "b1", "b2", "b3"],
        "BACKBONE": {"WITH_NL": False},
        "HEADS": {"EMBEDDING_DIM": 256},
    },
}
VIT = {
    "_BASE_": "../Base-bagtricks.yml",
    "MODEL": {
        "BACKBONE": {
            "NAME": "build_vit_backbone",
            "DEPTH": "base",
            "FEAT_DIM": 768,
            "PRETRAIN_PATH": "/a/private/jx_vit_base_p16_224-80ecf9dd.pth",
            "STRIDE_SIZE": [16, 16],
        },
        "HEADS": {"POOL_LAYER": "Identity"},
        "LOSSES": {"CE": {"EPSILON": 0.0}, "TRI": {"MARGIN": 0.0}},
        "PIXEL_MEAN": [127.5, 127.5, 127.5],
        "PIXEL_STD": [127.5, 127.5, 127.5],
    },
    "SOLVER": {
        "AMP": {"ENABLED": False},
        "OPT": "SGD",
        "BASE_LR": 0.008,
        "WEIGHT_DECAY": 0.0001,
        "WEIGHT_DECAY_NORM": 0.0005,
        "SCHED": "CosineAnnealingLR",
        "STEPS": [30, 55],
        "ETA_MIN_LR": 0.000016,
        "WARMUP_FACTOR": 0.01,
        "WARMUP_ITERS": 1000,
        "CLIP_GRADIENTS": {"ENABLED": True},
    },
    "TEST": {"EVAL_PERIOD": 5},
}

BACKBONES = {
    "R50": {},
    "R50-ibn": {"WITH_IBN": True},
    "S50": {"NAME": "build_resnest_backbone"},
    "R101-ibn": {"DEPTH": "101x", "WITH_IBN": True},
}
RECIPES = {"bagtricks": "bot", "AGW": "agw", "sbs": "sbs"}
"""Our family of each of FastReID's."""
VARIANTS = {"R50": "", "R50-ibn": "_r50_ibn", "S50": "_resnest50", "R101-ibn": "_r101_ibn"}
"""What our recipes of a family are called by their backbone."""

OURS = {
    **{
        f"{method}_{backbone}": f"{family}{variant}-market1501"
        for method, family in RECIPES.items()
        for backbone, variant in VARIANTS.items()
    },
    "mgn_R50-ibn": "mgn-market1501",
    "bagtricks_vit": "vit_b16-market1501",
}
"""The recipe of ours that is each of FastReID's configurations for Market-1501."""


def write_all(root: Path) -> Path:
    """Write FastReID's folder ``configs`` as far as Market-1501 goes, and return its ``Market1501``."""
    bases = {"bagtricks": BAGTRICKS, "AGW": AGW, "SBS": SBS, "MGN": MGN}
    for name, content in bases.items():
        write(root / f"Base-{name}.yml", content)
    market = {"DATASETS": {"NAMES": '("Market1501",)', "TESTS": '("Market1501",)'}}
    for method in RECIPES:
        base = {"bagtricks": "bagtricks", "AGW": "AGW", "sbs": "SBS"}[method]
        for backbone, keys in BACKBONES.items():
            content = {"_BASE_": f"../Base-{base}.yml", "MODEL": {"BACKBONE": keys}, **market}
            out = {"OUTPUT_DIR": f"logs/market1501/{method}_{backbone}"}
            write(root / "Market1501" / f"{method}_{backbone}.yml", {**content, **out})
    mgn = {"_BASE_": "../Base-MGN.yml", "MODEL": {"BACKBONE": {"WITH_IBN": True}}, **market}
    write(root / "Market1501" / "mgn_R50-ibn.yml", mgn)
    write(root / "Market1501" / "bagtricks_vit.yml", {**VIT, **market})
    return root / "Market1501"


def write(path: Path, content: object) -> Path:
    """Write one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path
