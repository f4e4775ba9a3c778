"""Scripts for Torchreid run with a changed import: Listing 2 of its report, and what users build on it."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from reidkit.compat import torchreid
from reidkit.core.errors import CatalogError, TrainingError, WeightsError
from tests.compat.torchreid.layouts import draw, draw_dukemtmcvidreid, draw_market1501


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of data sets."""
    folder = tmp_path_factory.mktemp("reid-data")
    return draw_dukemtmcvidreid(draw_market1501(folder))


def image_manager(root: Path, **arguments: Any) -> torchreid.data.ImageDataManager:
    """Return a manager of small pictures."""
    return torchreid.data.ImageDataManager(
        **{
            "root": root,
            "sources": "market1501",
            "height": 64,
            "width": 32,
            "batch_size_train": 8,
            "batch_size_test": 20,
            "workers": 0,
            **arguments,
        }
    )


def small_model(manager: torchreid.data.ImageDataManager, loss: str = "softmax") -> Any:
    """Return the smallest network with what trains it."""
    torch.manual_seed(0)
    model = torchreid.models.build_model(
        "osnet_x0_25", num_classes=manager.num_train_pids, loss=loss, pretrained=False
    )
    optimizer = torchreid.optim.build_optimizer(model, optim="adam", lr=0.003)
    return model, optimizer, torchreid.optim.build_lr_scheduler(optimizer, stepsize=2)


def test_listing_2_runs_as_printed(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    # Step 2, construct data manager
    datamanager = torchreid.data.ImageDataManager(
        root=root,
        sources="market1501",
        targets="market1501",
        height=64,
        width=32,
        batch_size_train=8,
        batch_size_test=100,
        transforms=["random_flip", "random_crop"],
        workers=0,
    )
    # Step 3, construct CNN model
    model = torchreid.models.build_model(
        name="osnet_x0_25", num_classes=datamanager.num_train_pids, loss="softmax", pretrained=False
    )
    # Step 4, optimiser and learning rate scheduler
    optimizer = torchreid.optim.build_optimizer(model, optim="adam", lr=0.0003)
    scheduler = torchreid.optim.build_lr_scheduler(optimizer, lr_scheduler="single_step", stepsize=20)
    # Step 5, construct engine
    engine = torchreid.engine.ImageSoftmaxEngine(
        datamanager, model, optimizer=optimizer, scheduler=scheduler, label_smooth=True
    )
    # Step 6, run model training and test
    rank1 = engine.run(save_dir=tmp_path / "log", max_epoch=2, eval_freq=1, print_freq=2, test_only=False)
    printed = capsys.readouterr().out
    assert datamanager.num_train_pids == 6
    assert datamanager.num_train_cams == 2
    assert 0 <= rank1 <= 1
    assert "epoch: [2/2][4/4]" in printed
    assert printed.count("##### Evaluating market1501 (source) #####") == 2
    assert "Rank-20 :" in printed
    saved = sorted(path.name for path in (tmp_path / "log" / "model").iterdir())
    assert saved == ["model-best.pth.tar", "model.pth.tar-1", "model.pth.tar-2"]
    assert list((tmp_path / "log").glob("events.out.tfevents.*"))


def test_training_learns_and_the_test_equals_evaluate_rank(root: Path, tmp_path: Path):
    manager = image_manager(root, train_sampler="RandomIdentitySampler", num_instances=4)
    model, _, _ = small_model(manager, "triplet")
    optimizer = torchreid.optim.build_optimizer(model, lr=0.0005)
    engine = torchreid.engine.ImageTripletEngine(manager, model, optimizer, scheduler=None)
    batch = next(iter(manager.train_loader))
    first = engine.forward_backward(batch)
    assert set(first) == {"loss_t", "loss_x", "acc"}
    engine.run(save_dir=tmp_path, max_epoch=8)
    model.train()
    assert engine.forward_backward(batch)["loss_x"] < first["loss_x"]
    after = engine.run(test_only=True)
    assert after is not None
    sides = {}
    model.eval()
    for side, loader in manager.test_loader["market1501"].items():
        parts = [(model(data["img"]).detach(), data["pid"], data["camid"]) for data in loader]
        sides[side] = [torch.cat(column) for column in zip(*parts, strict=True)]
    distances = torchreid.metrics.compute_distance_matrix(sides["query"][0], sides["gallery"][0])
    cmc, mean_ap = torchreid.metrics.evaluate_rank(
        distances, sides["query"][1], sides["gallery"][1], sides["query"][2], sides["gallery"][2]
    )
    assert cmc[0] == pytest.approx(after)
    assert 0 < mean_ap <= 1


def test_a_run_goes_on_from_its_checkpoint(root: Path, tmp_path: Path):
    manager = image_manager(root)
    model, optimizer, scheduler = small_model(manager)
    torchreid.engine.ImageSoftmaxEngine(manager, model, optimizer, scheduler).run(tmp_path, max_epoch=1)
    saved = tmp_path / "model" / "model.pth.tar-1"
    again, optimizer, scheduler = small_model(manager)
    start = torchreid.utils.resume_from_checkpoint(saved, again, optimizer, scheduler)
    assert start == 1
    assert scheduler.last_epoch == 1
    for key, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[key], value, rtol=0, atol=0)
    engine = torchreid.engine.ImageSoftmaxEngine(manager, again, optimizer, scheduler)
    engine.run(tmp_path, start_epoch=start, max_epoch=2)
    assert (tmp_path / "model" / "model.pth.tar-2").is_file()


def test_only_open_layers_learn_in_the_first_epochs(root: Path, tmp_path: Path):
    manager = image_manager(root)
    model, optimizer, _ = small_model(manager)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    engine = torchreid.engine.ImageSoftmaxEngine(manager, model, optimizer)
    engine.run(tmp_path, max_epoch=1, fixbase_epoch=1, open_layers=["classifier"])
    changed = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"network.head.classifier.weight", "network.head.classifier.bias"}
    with pytest.raises(CatalogError, match="Layer 'klassifier' is none of model 'osnet_x0_25'"):
        torchreid.utils.open_specified_layers(model, "klassifier")


@pytest.mark.parametrize("kind", ["softmax", "triplet"])
def test_video_engines_train_on_frames_and_pool_them(root: Path, tmp_path: Path, kind: str):
    manager = torchreid.data.VideoDataManager(
        root=root,
        sources="dukemtmcvidreid",
        height=64,
        width=32,
        batch_size_train=4,
        batch_size_test=3,
        workers=0,
        seq_len=3,
        num_instances=2,
        train_sampler="RandomIdentitySampler",
    )
    model, optimizer, scheduler = small_model(manager, kind)  # type: ignore[arg-type]
    engines = {
        "softmax": torchreid.engine.VideoSoftmaxEngine,
        "triplet": torchreid.engine.VideoTripletEngine,
    }
    engine = engines[kind](manager, model, optimizer, scheduler=scheduler, pooling_method="max")
    assert engine.run(tmp_path, max_epoch=1) is not None
    batch = next(iter(manager.test_loader["dukemtmcvidreid"]["query"]))
    assert batch["img"].shape[1:] == (3, 3, 64, 32)
    model.eval()
    by_hand = torch.stack([model(frames).amax(0) for frames in batch["img"]])
    torch.testing.assert_close(engine.extract_features(batch["img"]), by_hand, rtol=1e-4, atol=1e-5)
    with pytest.raises(CatalogError, match=r"Unknown pooling_method 'mean'. Known: avg, max"):
        torchreid.engine.VideoSoftmaxEngine(manager, model, optimizer, pooling_method="mean")


class NewDataset(torchreid.data.ImageDataset):
    """As users write one."""

    dataset_dir = "new_dataset"

    def __init__(self, root: str = "", **kwargs: Any) -> None:
        self.dataset_dir = Path(root) / self.dataset_dir
        self.check_before_run([self.dataset_dir])
        lists = {
            split: [(str(path), *map(int, path.stem.split("_")[:2])) for path in sorted(folder.iterdir())]
            for split in ("train", "query", "gallery")
            for folder in [self.dataset_dir / split]
        }
        super().__init__(lists["train"], lists["query"], lists["gallery"], **kwargs)


class CentroidEngine(torchreid.engine.Engine):
    """As users write one: its own step, its own models."""

    def __init__(self, datamanager: Any, model: Any, optimizer: Any, scheduler: Any = None) -> None:
        super().__init__(datamanager, use_gpu=False)
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.register_model("centroid", model, optimizer, scheduler)
        self.steps = 0

    def forward_backward(self, data: Any) -> dict[str, float]:
        images, pids = self.parse_data_for_train(data)
        loss = self.compute_loss(torch.nn.functional.cross_entropy, self.model(images), pids)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.steps += 1
        return {"my_loss": loss.item()}


def test_own_dataset_and_own_engine_work_and_datasets_add_up(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for split, identities in (("train", range(3)), ("query", (7, 8)), ("gallery", (7, 8))):
        for identity in identities:
            for camera in (0, 4):
                path = tmp_path / "new_dataset" / split / f"{identity}_{camera}_0.png"
                draw(path, 50 + identity, 1 if split != "gallery" else 2, camera)
    shutil.copytree(root / "market1501", tmp_path / "market1501")
    torchreid.data.register_image_dataset("new_dataset", NewDataset)
    with pytest.raises(CatalogError, match="'new_dataset' is registered already"):
        torchreid.data.register_image_dataset("new_dataset", NewDataset)
    manager = image_manager(tmp_path, sources=["market1501", "new_dataset"], targets="new_dataset")
    assert manager.num_train_pids == 6 + 3
    added = [item for item in manager.train_set.train if item[3] == 1]
    assert {item[1] for item in added} == {6, 7, 8}
    # Cameras 1 and 2 of the first; the second starts after the largest.
    assert {item[2] for item in added} == {3 + 0, 3 + 4}
    model, optimizer, scheduler = small_model(manager)
    engine = CentroidEngine(manager, model, optimizer, scheduler)
    engine.run(save_dir=tmp_path / "log", max_epoch=1, print_freq=1)
    printed = capsys.readouterr().out
    assert engine.steps == len(manager.train_loader)
    assert "my_loss" in printed
    assert "##### Evaluating new_dataset (source) #####" in printed
    assert (tmp_path / "log" / "centroid" / "model.pth.tar-1").is_file()


def test_reranking_and_pictures_of_ranks(root: Path, tmp_path: Path):
    manager = image_manager(root)
    model, optimizer, _ = small_model(manager)
    engine = torchreid.engine.ImageSoftmaxEngine(manager, model, optimizer)
    rank1 = engine.run(
        save_dir=tmp_path, test_only=True, visrank=True, visrank_topk=5, rerank=True, dist_metric="cosine"
    )
    assert rank1 is not None
    pictures = sorted((tmp_path / "visrank_market1501").glob("*.jpg"))
    assert len(pictures) == 8
    with Image.open(pictures[0]) as picture:
        assert picture.width > 5 * 32
    with pytest.raises(CatalogError, match="visrank draws after a test"):
        engine.run(save_dir=tmp_path, max_epoch=1, visrank=True)


def test_feature_extractor_reads_torchreids_own_files(root: Path, tmp_path: Path):
    manager = image_manager(root)
    model, _, _ = small_model(manager)
    # As Torchreid writes it: its names, under module., beside a number of NumPy.
    torch.save(model.state_dict(), tmp_path / "ours.pth")
    extractor = torchreid.utils.FeatureExtractor(
        "osnet_x0_25", tmp_path / "ours.pth", image_size=(64, 32), device="cpu", verbose=False
    )
    paths = [item[0] for item in manager.fetch_test_loaders("market1501")[0]][:3]
    descriptors = extractor(paths)
    assert descriptors.shape == (3, 512)
    arrays = [np.asarray(torchreid.utils.read_image(path)) for path in paths]
    torch.testing.assert_close(extractor(arrays), descriptors)
    tensor = torch.stack([manager.preprocess_pil_img(torchreid.utils.read_image(path)) for path in paths])
    torch.testing.assert_close(extractor(tensor), descriptors)
    torch.testing.assert_close(extractor(Path(paths[0])), descriptors[:1], rtol=1e-4, atol=1e-5)
    with pytest.raises(WeightsError, match="Feature extractor has no weights"):
        torchreid.utils.FeatureExtractor("osnet_x0_25", device="cpu")
    with pytest.raises(WeightsError, match="not found"):
        torchreid.utils.FeatureExtractor("osnet_x0_25", tmp_path / "none.pth", device="cpu")


def test_a_loss_that_is_not_finite_ends_the_run(root: Path, tmp_path: Path):
    manager = image_manager(root)
    model, optimizer, _ = small_model(manager)
    with torch.no_grad():
        model.network.head.classifier.weight.fill_(float("nan"))
    engine = torchreid.engine.ImageSoftmaxEngine(manager, model, optimizer)
    with pytest.raises(TrainingError, match="loss is nan at epoch 1, batch 1"):
        engine.run(tmp_path, max_epoch=1)
