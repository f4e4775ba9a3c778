"""Torchreid's utilities, by its names."""

from reidkit.compat.torchreid.utils.checkpoints import (
    load_checkpoint,
    load_pretrained_weights,
    resume_from_checkpoint,
    save_checkpoint,
)
from reidkit.compat.torchreid.utils.complexity import compute_model_complexity, count_num_param
from reidkit.compat.torchreid.utils.feature_extractor import FeatureExtractor
from reidkit.compat.torchreid.utils.layers import open_all_layers, open_specified_layers, set_bn_to_eval
from reidkit.compat.torchreid.utils.meters import AverageMeter, Logger, MetricMeter, RankLogger
from reidkit.compat.torchreid.utils.ranked_results import visualize_ranked_results
from reidkit.compat.torchreid.utils.reranking import re_ranking
from reidkit.compat.torchreid.utils.tools import (
    check_isfile,
    collect_env_info,
    listdir_nohidden,
    mkdir_if_missing,
    read_image,
    read_json,
    set_random_seed,
    write_json,
)

__all__ = [
    "AverageMeter",
    "FeatureExtractor",
    "Logger",
    "MetricMeter",
    "RankLogger",
    "check_isfile",
    "collect_env_info",
    "compute_model_complexity",
    "count_num_param",
    "listdir_nohidden",
    "load_checkpoint",
    "load_pretrained_weights",
    "mkdir_if_missing",
    "open_all_layers",
    "open_specified_layers",
    "re_ranking",
    "read_image",
    "read_json",
    "resume_from_checkpoint",
    "save_checkpoint",
    "set_bn_to_eval",
    "set_random_seed",
    "visualize_ranked_results",
    "write_json",
]
