"""Torchreid's functions one by one: what they take, what they return, and where they are right now."""

import inspect
import json
import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from reidkit.compat import torchreid
from reidkit.compat.checkpoints.torchreid import foreign_model
from reidkit.compat.checkpoints.torchreid_networks import NETWORKS
from reidkit.compat.torchreid.data.datasets import ROWS
from reidkit.core.errors import CatalogError, DatasetError, ShapeError, WeightsError
from reidkit.data.readers import READERS
from tests.golden.test_ranking_golden import load
from tests.golden.torchreid.networks import state_dict

NAMES = {
    "data": {
        "Dataset", "ImageDataset", "VideoDataset", "register_image_dataset", "register_video_dataset",
        "ImageDataManager", "VideoDataManager",
    },
    "models": {"build_model", "show_avai_models"},
    "losses": {"CrossEntropyLoss", "TripletLoss", "DeepSupervision"},
    "optim": {"build_optimizer", "build_lr_scheduler"},
    "engine": {
        "Engine", "ImageSoftmaxEngine", "ImageTripletEngine", "VideoSoftmaxEngine", "VideoTripletEngine",
    },
    "metrics": {"compute_distance_matrix", "accuracy", "evaluate_rank"},
    "utils": {
        "FeatureExtractor", "re_ranking", "visualize_ranked_results", "compute_model_complexity",
        "AverageMeter", "MetricMeter", "Logger", "RankLogger", "save_checkpoint", "load_checkpoint",
        "resume_from_checkpoint", "open_all_layers", "open_specified_layers", "count_num_param",
        "load_pretrained_weights", "mkdir_if_missing", "check_isfile", "read_json", "write_json",
        "set_random_seed", "read_image", "collect_env_info", "listdir_nohidden",
    },
}  # fmt: skip
"""Every public name of Torchreid 1.4 but ``download_url``: nothing is fetched from anywhere here."""


def test_every_public_name_is_there():
    for module, names in NAMES.items():
        assert not names - set(dir(getattr(torchreid, module))), module
    assert sum(map(len, NAMES.values())) == 45


def test_page_says_what_became_of_each_name():
    page = (Path(__file__).parents[3] / "docs" / "from-torchreid.md").read_text()
    names = [name for names in NAMES.values() for name in names]
    assert [name for name in names if not re.search(rf"[`.]{name}`", page)] == []


def test_arguments_and_defaults_of_the_managers():
    image = inspect.signature(torchreid.data.ImageDataManager).parameters
    video = inspect.signature(torchreid.data.VideoDataManager).parameters
    assert len(image) == 24
    assert len(video) == 20
    assert (image["batch_size_train"].default, video["batch_size_train"].default) == (32, 3)
    assert (video["seq_len"].default, video["sample_method"].default) == (15, "evenly")
    assert list(inspect.signature(torchreid.engine.Engine.run).parameters)[1:] == [
        "save_dir", "max_epoch", "start_epoch", "print_freq", "fixbase_epoch", "open_layers", "start_eval",
        "eval_freq", "test_only", "dist_metric", "normalize_feature", "visrank", "visrank_topk",
        "use_metric_cuhk03", "ranks", "rerank",
    ]  # fmt: skip


def test_every_data_set_has_a_reader():
    assert len(ROWS) == 17
    for row in ROWS.values():
        taken = inspect.signature(READERS[row.reader]).parameters
        assert set(row.options({})) <= set(taken), row.title
        assert issubclass(getattr(torchreid.data.datasets, row.title), torchreid.data.Dataset)
    with pytest.raises(CatalogError, match=r"Unknown data set 'market'. Did you mean 'market1501'"):
        torchreid.data.datasets.init_image_dataset("market")


@pytest.mark.parametrize("name", ["resnet50_fc512", "pcb_p6", "hacnn", "osnet_ain_x1_0"])
def test_state_dicts_of_torchreid_load_and_layers_have_its_names(name: str):
    tensors = state_dict(name)
    model = torchreid.models.build_model(name, 751, pretrained=False)
    model.load_state_dict({f"module.{key}": value for key, value in tensors.items()})
    ours = model.state_dict()
    renamed = foreign_model(name).rename(tensors)
    assert len(renamed) > 100
    for key, value in renamed.items():
        assert torch.equal(ours[f"network.{key}"], value)
    layer = "classifier_global" if name == "hacnn" else "classifier"
    assert all(isinstance(part, nn.Module) for part in model.find_layers([layer]))


def test_all_49_names_are_shown_and_outputs_have_torchreids_form(capsys: pytest.CaptureFixture[str]):
    torchreid.models.show_avai_models()
    shown = capsys.readouterr().out
    assert all(f"'{name}'" in shown for name in NETWORKS)
    images = torch.rand(2, 3, 160, 64)
    hacnn = torchreid.models.build_model("hacnn", 5, loss="triplet", pretrained=False)
    logits, features = hacnn(images)
    assert [tuple(part.shape) for part in (*logits, *features)] == [(2, 5), (2, 5), (2, 512), (2, 512)]
    assert hacnn.eval()(images).shape == (2, 1024)
    with pytest.raises(CatalogError, match="Unknown loss 'tripet'"):
        torchreid.models.build_model("resnet18", 5, loss="tripet")
    with pytest.raises(WeightsError, match="'mudeep' has no published ImageNet weights"):
        torchreid.models.build_model("mudeep", 5)


def test_losses_equal_those_of_torchreid():
    stored = np.load(Path(__file__).parents[2] / "golden" / "torchreid" / "losses.npz")
    logits, labels, features = (torch.from_numpy(stored[key]) for key in ("logits", "labels", "feats"))
    for smooth, key in ((False, "ce"), (True, "ce_ls")):
        loss = torchreid.losses.CrossEntropyLoss(10, label_smooth=smooth)(logits, labels)
        assert float(loss) == pytest.approx(float(stored[key]), rel=1e-5)
    both = [logits, logits + 1]
    mean = torchreid.losses.DeepSupervision(torchreid.losses.CrossEntropyLoss(10), both, labels)
    assert float(mean) == pytest.approx(float(stored["ce_ls"]), rel=1e-5)
    assert float(torchreid.losses.TripletLoss()(features, torch.zeros_like(labels))) == 0


def test_accuracy_counts_the_k_largest():
    logits = torch.tensor([[3.0, 2, 1], [1, 2, 3], [3, 2, 1], [1, 3, 2]])
    labels = torch.tensor([0, 1, 2, 2])
    first, second = torchreid.metrics.accuracy([logits, -logits], labels, topk=(1, 2))
    assert (first.item(), second.item()) == (25, 75)


def test_reranking_of_matrices_equals_torchreid():
    cases = load("torchreid/reranking.npz")
    assert len(cases) == 5
    for case in cases.values():
        query, gallery = torch.from_numpy(case["q"]), torch.from_numpy(case["g"])
        matrices = [
            torchreid.metrics.compute_distance_matrix(first, second, str(case["metric"]))
            for first, second in ((query, gallery), (query, query), (gallery, gallery))
        ]
        found = torchreid.utils.re_ranking(
            *matrices, k1=int(case["k1"]), k2=int(case["k2"]), lambda_value=float(case["lambda_value"])
        )
        np.testing.assert_allclose(found, case["final_dist"], rtol=0, atol=1e-5)
    with pytest.raises(ShapeError, match="do not fit together"):
        torchreid.utils.re_ranking(np.ones((2, 3)), np.ones((3, 3)), np.ones((2, 2)))


def test_evaluate_rank_equals_the_sum_by_hand():
    # Query 0: wrong, right, right -> AP (1/2 + 2/3) / 2; the nearest is junk: its own camera.
    distances = np.array([[0.1, 0.2, 0.3, 0.4], [9, 9, 9, 9]])
    cmc, mean_ap = torchreid.metrics.evaluate_rank(
        distances, [1, 7], [1, 2, 1, 1], [0, 0], [0, 1, 1, 2], max_rank=50
    )
    assert cmc.tolist() == [0, 1, 1, 1]
    assert mean_ap == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_optimizers_and_schedules(capsys: pytest.CaptureFixture[str]):
    model = torchreid.models.build_model("osnet_x0_25", 5, pretrained=False)
    for name in ("adam", "amsgrad", "sgd", "rmsprop", "radam"):
        assert torchreid.optim.build_optimizer(model, name).param_groups[0]["lr"] == 0.0003
    staged = torchreid.optim.build_optimizer(
        model, "sgd", lr=0.1, sgd_nesterov=True, staged_lr=True, new_layers=["classifier", "fc"]
    )
    assert [group["lr"] for group in staged.param_groups] == pytest.approx([0.01, 0.1])
    counted = sum(item.numel() for group in staged.param_groups for item in group["params"])
    assert counted == sum(item.numel() for item in model.parameters() if item.requires_grad)
    with pytest.raises(CatalogError, match="new_layers is empty"):
        torchreid.optim.build_optimizer(model, staged_lr=True)
    with pytest.raises(CatalogError, match=r"Unknown optimizer 'adm'. Did you mean 'adam'"):
        torchreid.optim.build_optimizer(model, "adm")
    rates = []
    optimizer = torchreid.optim.build_optimizer(model, lr=1.0)
    schedule = torchreid.optim.build_lr_scheduler(optimizer, "multi_step", [2, 4], gamma=0.5)
    for _ in range(5):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == [1, 1, 0.5, 0.5, 0.25]
    with pytest.raises(CatalogError, match="stepsize of single_step is wrong"):
        torchreid.optim.build_lr_scheduler(optimizer, "single_step", [20, 40])


def test_transforms_refuse_a_misspelt_name():
    training, test = torchreid.data.transforms.build_transforms(32, 16, ["Random_Flip", "random_erase"])
    assert [type(step).__name__ for step in (training, test)] == ["PictureTransform"] * 2
    with pytest.raises(CatalogError, match=r"Unknown transform 'random_flp'. Did you mean 'random_flip'"):
        torchreid.data.transforms.build_transforms(32, 16, "random_flp")


def test_samplers_yield_whole_batches():
    data = [("", number // 3, number % 2, number // 6) for number in range(24)]  # 8 identities of 3
    build = torchreid.data.sampler.build_train_sampler
    for batch in build(data, "RandomIdentitySampler", 4, num_instances=2):
        assert len(batch) == 4
        assert len({data[index][1] for index in batch}) == 2
    for name, column in (("RandomDomainSampler", 2), ("RandomDatasetSampler", 3)):
        for batch in build(data, name, 8, num_instances=2, num_cams=2, num_datasets=2):
            assert len({data[index][column] for index in batch}) == 2
    assert list(build(data, "SequentialSampler", 10)) == [list(range(10)), list(range(10, 20))]
    drawn = [index for batch in build(data, "RandomSampler", 8) for index in batch]
    assert sorted(drawn) == list(range(24))
    with pytest.raises(CatalogError, match="Batch cannot be divided, got 5 images by num_instances 2"):
        build(data, "RandomIdentitySampler", 5, num_instances=2)
    with pytest.raises(DatasetError, match="25"):
        build(data, "RandomSampler", 25)


def test_combining_and_items_of_a_data_set():
    train, query = [("a", 0, 0), ("b", 1, 1)], [("c", 5, 0), ("d", -1, 0)]

    class WithJunk(torchreid.data.ImageDataset):
        _junk_pids: ClassVar[list[int]] = [-1]

    combined = WithJunk(train, query, [("e", 9, 1)], combineall=True, verbose=False)
    assert combined.train == [("a", 0, 0, 0), ("b", 1, 1, 0), ("c", 2, 0, 0), ("e", 3, 1, 0)]
    assert combined.num_train_pids == 4
    assert "train    |      4 |        4 |         2" in repr(combined)
    with pytest.raises(DatasetError, match=r"Item of a data set has a wrong form, got 2 entries"):
        torchreid.data.ImageDataset([("a", 0)], [], [])
    with pytest.raises(CatalogError, match="Unknown mode 'test'"):
        torchreid.data.ImageDataset(train, [], [], mode="test")


def test_small_tools(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    utils = torchreid.utils
    meter = utils.MetricMeter()
    meter.update({"loss": 1.0})
    meter.update({"loss": 3.0})
    assert str(meter) == "loss 3.0000 (2.0000)"
    utils.mkdir_if_missing(tmp_path / "a" / "b")
    utils.write_json({"a": [1]}, tmp_path / "a" / "x.json")
    assert utils.read_json(tmp_path / "a" / "x.json") == {"a": [1]}
    assert utils.check_isfile(tmp_path / "a" / "x.json")
    assert utils.listdir_nohidden(tmp_path / "a", sort=True) == ["b", "x.json"]
    with utils.Logger(tmp_path / "log.txt") as logger:
        logger.write("seen by both\n")
        assert not logger.isatty()
    assert (tmp_path / "log.txt").read_text() == "seen by both\n"
    ranks = utils.RankLogger("a", ["a", "b"])
    ranks.write("b", 1, 0.5)
    ranks.show_summary()
    assert "- epoch 1\t rank1 50.0%" in capsys.readouterr().out
    model = torchreid.models.build_model("osnet_x1_0", 5, pretrained=False)
    assert utils.count_num_param(model) == 2_169_508
    parameters, mult_adds = utils.compute_model_complexity(model, (1, 3, 256, 128))
    assert parameters == 2_169_508
    assert mult_adds == pytest.approx(979e6, rel=0.01)


def test_checkpoints_hold_plain_numbers_and_say_what_is_wrong(tmp_path: Path):
    state: dict[str, Any] = {"state_dict": {"module.a": torch.ones(2)}, "epoch": 3, "rank1": np.float32(0.5)}
    path = torchreid.utils.save_checkpoint(state, tmp_path, is_best=True, remove_module_from_keys=True)
    assert path.name == "model.pth.tar-3"
    read = torchreid.utils.load_checkpoint(tmp_path / "model-best.pth.tar")
    assert read["rank1"] == 0.5
    assert list(read["state_dict"]) == ["a"]
    json.dumps({key: value for key, value in read.items() if key != "state_dict"})
    model = torchreid.models.build_model("osnet_x0_25", 5, pretrained=False)
    with pytest.raises(WeightsError, match=r"Nothing of .* fits the model"):
        torchreid.utils.load_pretrained_weights(nn.Linear(3, 4), path)
    with pytest.raises(WeightsError, match="does not fit the model"):
        torchreid.utils.resume_from_checkpoint(path, model)
