"""What a network takes over from teachers and peers: values, who gets a gradient, runs that go on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reidkit.core.errors import CatalogError, RecipeError, TrainingError
from reidkit.core.types import Preprocessing, Sample, TrainingOutputs
from reidkit.data.images import normalize_pixels
from reidkit.data.loaders import TrainingBatch
from reidkit.data.readers import read_dataset
from reidkit.engine.distillation import Distillation, build_distillation, transfer
from reidkit.engine.epoch_record import read_history
from reidkit.engine.module import TrainingModule
from reidkit.engine.network import NetworkOutputs, run_network
from reidkit.engine.recipe import Recipe
from reidkit.engine.run_folder import RunFolder
from reidkit.engine.stage_maps import recorded_maps, stage_ends
from reidkit.engine.train import build_recipe_model, train
from reidkit.losses.kl_divergence import KlDivergence
from reidkit.losses.logit_difference import LogitDifference
from reidkit.losses.similarity_transfer import SimilarityTransfer
from reidkit.models.backbones.resnet import BasicBlock
from reidkit.models.checkpoint import ModelCard, load_model, read_card, save_model
from reidkit.models.osnet import OmniScaleBlock
from reidkit.models.zoo import build_model
from tests.engine.recipes import small_recipe
from tests.engine.test_resume import stopped_after_first_epoch

SAMPLES = tuple(
    Sample((Path(f"{identity}_{number}.jpg"),), identity, camera=number)
    for identity in range(4)
    for number in range(2)
)
LOGITS_AND_PKT = [{"name": "logit_difference", "weight": 2.0}, {"name": "similarity_transfer", "weight": 3.0}]


@pytest.fixture(scope="module")
def teacher(dataset_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained network that keeps its classifier."""
    recipe = small_recipe(dataset_root, seed=5, training={"keep_classifier": True})
    return train(recipe, tmp_path_factory.mktemp("teacher") / "run").folder.model


@pytest.fixture(scope="module")
def drawn_teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with drawn weights, a classifier of four identities and an input and statistics of its own."""
    torch.manual_seed(3)
    model = build_model("osnet_x0_25", num_identities=4, image_size=(96, 48))
    path = tmp_path_factory.mktemp("drawn") / "model.safetensors"
    card = card_of(4)
    save_model(path, model, card)
    return path


def card_of(num_identities: int | None) -> ModelCard:
    preprocessing = Preprocessing(96, 48, mean=(0.5, 0.5, 0.5), std=(0.5, 0.25, 0.5))
    return ModelCard(
        architecture="osnet_x0_25",
        preprocessing=preprocessing,
        descriptor_dim=512,
        num_identities=num_identities,
    )


def draw_batch() -> TrainingBatch:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (8, 3, 64, 32), dtype=torch.uint8, generator=generator)
    return TrainingBatch(images, torch.arange(4).repeat_interleave(2), torch.arange(8))


def make_module(recipe: Recipe, tmp_path: Path) -> TrainingModule:
    torch.manual_seed(0)
    model = build_model("osnet_x0_25", num_identities=4, image_size=(64, 32))
    return TrainingModule(
        recipe, model, SAMPLES, steps_per_epoch=2, failed_batch_path=tmp_path / "failed.json"
    )


def step(module: TrainingModule, batch: TrainingBatch) -> Any:
    """Return the value of one training step."""
    images = normalize_pixels(batch.images, module.preprocessing)
    assert module.distillation is not None
    outputs = run_network(module.model, images, [None] * 8, ends=module.distillation.ends)
    value = module.objective(outputs.training, batch.labels)
    return value, module.distillation(value, outputs, images, batch), outputs


def taught(paths: list[Path], terms: list[dict[str, Any]], **changes: Any) -> Recipe:
    return small_recipe(
        changes.pop("root", None),
        distillation={"teachers": [str(path) for path in paths], "terms": terms},
        **changes,
    )


def test_value_is_that_of_the_losses_and_the_weighted_mean_over_teachers(drawn_teacher: Path, tmp_path: Path):
    module, batch = make_module(taught([drawn_teacher], LOGITS_AND_PKT), tmp_path), draw_batch()
    alone, value, outputs = step(module, batch)
    network, card = load_model(drawn_teacher)
    pixels = (batch.images / 255 - torch.tensor([0.5] * 3)[:, None, None]) / torch.tensor([0.5, 0.25, 0.5])[
        :, None, None
    ]
    pixels = nn.functional.interpolate(pixels, (96, 48), mode="bilinear", antialias=True)
    with torch.no_grad():
        given = network.training_outputs(pixels)
    logits = (outputs.training.logits[0] - given.logits[0]).abs().mean()
    pkt = SimilarityTransfer()(outputs.training.features[0], given.features[0])
    assert (card.preprocessing.height, card.num_identities) == (96, 4)
    torch.testing.assert_close(value.terms["logit_difference"], logits)
    torch.testing.assert_close(value.terms["similarity_transfer"], pkt)
    torch.testing.assert_close(value.total, alone.total + 2 * logits + 3 * pkt)
    assert list(value.terms) == [
        "cross_entropy", "batch_hard_triplet", "logit_difference", "similarity_transfer",
    ]  # fmt: skip


def test_two_teachers_count_by_their_mean(drawn_teacher: Path, teacher: Path, tmp_path: Path):
    def pkt(*paths: Path) -> Tensor:
        module = make_module(taught(list(paths), [{"name": "similarity_transfer"}]), tmp_path)
        value: Tensor = step(module, draw_batch())[1].terms["similarity_transfer"]
        return value

    both = pkt(drawn_teacher, teacher)
    torch.testing.assert_close(both, (pkt(drawn_teacher) + pkt(teacher)) / 2)


def test_teacher_stays_as_it_is(drawn_teacher: Path, tmp_path: Path):
    module = make_module(taught([drawn_teacher], LOGITS_AND_PKT), tmp_path)
    assert module.distillation is not None
    network = module.distillation.teachers[0].model
    before = {name: value.clone() for name, value in network.state_dict().items()}
    module.train()  # as lightning does
    step(module, draw_batch())[1].total.backward()
    assert len(before) > 100
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(item.grad is None and not item.requires_grad for item in network.parameters())
    assert not any(part.training for part in network.modules())
    learned = [item for item in module.model.parameters() if item.requires_grad]
    assert all(item.grad is not None for item in learned)
    assert [name for name in module.state_dict() if "teacher" in name] == []
    assert [name for name in module.state_dict() if name.startswith("distillation")] == []


def test_peers_learn_by_the_losses_and_from_each_other(tmp_path: Path):
    recipe = small_recipe(
        None,
        losses=[{"name": "cross_entropy"}],
        distillation={
            "peers": [{"name": "osnet_x0_25"}, {"name": "osnet_x0_5"}],
            "terms": [{"name": "kl_divergence", "weight": 2.0}],
        },
    )
    module, batch = make_module(recipe, tmp_path), draw_batch()
    module.eval()  # so that a second run says the same
    value = step(module, batch)[1]
    assert module.distillation is not None
    networks = [module.model, *(peer for peer, _ in module.distillation.networks)]
    images = normalize_pixels(batch.images, module.preprocessing)
    logits = [network.training_outputs(images).logits[0] for network in networks]
    expected = torch.zeros(())
    for number, own in enumerate(logits):
        own_entropy = nn.functional.cross_entropy(own, batch.labels)
        others = [other.softmax(1).detach() for place, other in enumerate(logits) if place != number]
        mutual = sum((p * (p.log() - own.log_softmax(1))).sum(1).mean() for p in others) / 2
        name = f"peer_{number}/" if number else ""
        torch.testing.assert_close(value.terms[f"{name}cross_entropy"], own_entropy)
        torch.testing.assert_close(value.terms[f"{name}kl_divergence"], mutual)
        expected = expected + own_entropy + 2 * mutual
    torch.testing.assert_close(value.total, expected)
    # Equal architectures start from different weights.
    assert not torch.equal(logits[0], logits[1])
    # The gradient of each network is that of its own share, others held still.
    own_share = (value.terms["peer_2/cross_entropy"] + 2 * value.terms["peer_2/kl_divergence"],)
    weights = [item for item in networks[2].parameters() if item.requires_grad]
    alone = torch.autograd.grad(own_share, weights, retain_graph=True)
    value.total.backward()
    for weight, gradient in zip(weights, alone, strict=True):
        torch.testing.assert_close(weight.grad, gradient)


def test_peers_are_equal_for_equal_seeds():
    recipe = small_recipe(
        None, distillation={"peers": [{"name": "osnet_x0_25"}], "terms": [{"name": "kl_divergence"}]}
    )
    model = build_model("osnet_x0_25", num_identities=4, image_size=(64, 32))
    one, other = (build_distillation(recipe, model, SAMPLES, "drawn") for _ in range(2))
    assert one is not None
    assert other is not None
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


def test_optimizer_moves_peers_their_losses_and_connectors(drawn_teacher: Path, tmp_path: Path):
    center = {"name": "center", "weight": 0.1, "optim": {"name": "sgd", "learning_rate": 1.0}}
    recipe = small_recipe(
        None,
        losses=[{"name": "cross_entropy"}, center],
        distillation={"peers": [{"name": "osnet_x0_25"}], "terms": [{"name": "kl_divergence"}]},
    )
    overhaul = taught([drawn_teacher], [{"name": "feature_overhaul"}])
    for each in (recipe, overhaul):
        module = make_module(each, tmp_path)
        optimizer = module.configure_optimizers()["optimizer"]
        moved = {id(item) for group in optimizer.param_groups for item in group["params"]}
        trained = {id(item) for item in module.parameters() if item.requires_grad}
        assert moved == trained
        assert len(trained) > len({id(item) for item in module.model.parameters() if item.requires_grad})


@pytest.mark.parametrize(("name", "count"), [("osnet_x0_25", 3), ("osnet_ain_x0_25", 3), ("resnet18", 4)])
def test_maps_are_those_before_the_activation_of_each_stage(name: str, count: int):
    torch.manual_seed(0)
    model = build_model(name, image_size=(64, 32)).eval()
    ends = stage_ends(model)
    images = torch.randn(2, 3, 64, 32)
    reached: list[Tensor] = []
    for stage in model.backbone.stages:
        last = [part for part in stage.modules() if isinstance(part, BasicBlock | OmniScaleBlock)][-1]
        last.register_forward_hook(lambda module, inputs, output: reached.append(output.clone()))
    with torch.no_grad(), recorded_maps(ends) as maps:
        model(images)
    assert len(ends) == len(maps) == count
    for end, before, after in zip(ends, maps, reached, strict=True):
        assert before.shape[1] == end.channels == len(end.margins())
        assert float(before.min()) < 0
        assert torch.equal(before.relu(), after)
        assert bool((end.margins() < 0).all())


def test_maps_are_recorded_within_the_block_only():
    model = build_model("osnet_x0_25", image_size=(64, 32)).eval()
    with recorded_maps(stage_ends(model)) as maps:
        pass
    model(torch.randn(2, 3, 64, 32))
    assert maps == []


def test_overhaul_reaches_the_student_and_its_connectors(drawn_teacher: Path, tmp_path: Path):
    torch.manual_seed(3)
    network = build_model("osnet_x0_5", num_identities=4, image_size=(64, 32))
    path = tmp_path / "wide.safetensors"
    card = card_of(4).model_copy(update={"architecture": "osnet_x0_5"})
    save_model(
        path, network, card.model_copy(update={"preprocessing": small_recipe(None).input.preprocessing()})
    )
    module = make_module(taught([path], [{"name": "feature_overhaul"}]), tmp_path)
    value = step(module, draw_batch())[1]
    value.terms["feature_overhaul"].backward()
    assert module.distillation is not None
    connectors = list(module.distillation.transfers.parameters())
    assert len(connectors) == 9
    assert all(bool(item.grad.any()) for item in connectors if item.ndim == 4)
    assert bool(module.model.backbone.stages[0][0].restore.conv.weight.grad.any())


def outputs_of(
    features: list[Tensor], logits: list[Tensor], shares: tuple[float, ...] = ()
) -> NetworkOutputs:
    return NetworkOutputs(TrainingOutputs(tuple(features), tuple(logits), shares))


def draw(seed: int, columns: int) -> Tensor:
    return torch.randn(5, columns, generator=torch.Generator().manual_seed(seed))


def test_equally_many_branches_learn_branch_by_branch():
    own = outputs_of([], [draw(0, 4), draw(1, 4)], (0.25, 0.75))
    other = outputs_of([], [draw(2, 4), draw(3, 4)])
    loss = LogitDifference()
    expected = 0.25 * loss(draw(0, 4), draw(2, 4)) + 0.75 * loss(draw(1, 4), draw(3, 4))
    torch.testing.assert_close(transfer("logits", loss, own, other), expected)


def test_other_counts_of_branches_are_joined():
    own = outputs_of([draw(0, 4), draw(1, 4)], [draw(4, 3), draw(5, 3)])
    other = outputs_of([draw(2, 7)], [draw(6, 3)])
    pkt = SimilarityTransfer()(torch.cat([draw(0, 4), draw(1, 4)], 1), draw(2, 7))
    kl = KlDivergence()((draw(4, 3) + draw(5, 3)) / 2, draw(6, 3))
    torch.testing.assert_close(transfer("features", SimilarityTransfer(), own, other), pkt)
    torch.testing.assert_close(transfer("logits", KlDivergence(), own, other), kl)


def test_network_without_logits_has_nothing_to_take_over():
    with pytest.raises(TrainingError, match=r"A network gives no logits"):
        transfer("logits", KlDivergence(), outputs_of([draw(0, 4)], []), outputs_of([draw(0, 4)], []))


def test_student_learns_from_a_teacher_in_a_run(teacher: Path, dataset_root: Path, tmp_path: Path):
    content = teacher.read_bytes()
    strong = [{"name": "logit_difference"}, {"name": "similarity_transfer", "weight": 1000.0}]
    recipe = taught([teacher], strong, root=dataset_root, training={"epochs": 3})
    result = train(recipe, tmp_path / "run")
    rows = read_history(result.folder.history)
    assert rows[-1]["loss/logit_difference"] < rows[0]["loss/logit_difference"]
    assert rows[-1]["loss/similarity_transfer"] < rows[0]["loss/similarity_transfer"]
    assert teacher.read_bytes() == content
    assert read_card(result.folder.model).num_identities is None
    assert read_card(teacher).num_identities == 8


def test_both_peers_learn_in_a_run(dataset_root: Path, tmp_path: Path):
    recipe = small_recipe(
        dataset_root,
        losses=[{"name": "cross_entropy"}],
        training={"epochs": 3},
        distillation={"peers": [{"name": "osnet_x0_25"}], "terms": [{"name": "kl_divergence"}]},
    )
    result = train(recipe, tmp_path / "run")
    rows = read_history(result.folder.history)
    for name in ("loss/cross_entropy", "loss/peer_1/cross_entropy"):
        assert rows[-1][name] < rows[0][name]
    peer, card = load_model(result.folder.peer(1))
    model, _ = load_model(result.folder.model)
    assert card.scores is None
    assert not torch.equal(next(peer.parameters()), next(model.parameters()))


@pytest.mark.parametrize("kind", ["peers_and_teacher", "overhaul"])
def test_stopped_run_resumes_to_identical_bits(kind: str, teacher: Path, dataset_root: Path, tmp_path: Path):
    chosen: dict[str, Any] = {"teachers": [str(teacher)], "terms": [{"name": "feature_overhaul"}]}
    if kind == "peers_and_teacher":
        chosen |= {"peers": [{"name": "osnet_x0_25"}], "terms": [{"name": "symmetric_kl"}]}
    recipe = small_recipe(dataset_root, distillation=chosen)
    whole = train(recipe, tmp_path / "whole").folder
    stopped = RunFolder(tmp_path / "stopped")
    stopped_after_first_epoch(recipe, stopped.path)
    train(recipe, stopped.path, resume=True)
    assert stopped.model.read_bytes() == whole.model.read_bytes()
    if kind == "peers_and_teacher":
        assert stopped.peer(1).read_bytes() == whole.peer(1).read_bytes()


def test_changed_teacher_is_refused(drawn_teacher: Path, dataset_root: Path, tmp_path: Path):
    path = tmp_path / "teacher.safetensors"
    path.write_bytes(drawn_teacher.read_bytes())
    recipe = taught([path], [{"name": "similarity_transfer"}], root=dataset_root)
    stopped_after_first_epoch(recipe, tmp_path / "run")
    model, card = load_model(path)
    with torch.no_grad():
        next(model.parameters()).add_(1)
    save_model(path, model, card)
    with pytest.raises(TrainingError, match=r"Teacher .* differs from the one that .* was begun with"):
        train(recipe, tmp_path / "run", resume=True)


def test_teacher_that_is_not_there_is_refused_before_a_folder_is_made(dataset_root: Path, tmp_path: Path):
    recipe = taught([tmp_path / "none.safetensors"], [{"name": "similarity_transfer"}], root=dataset_root)
    with pytest.raises(TrainingError, match=r"Teacher not found, got .*none\.safetensors"):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_teacher_without_a_classifier_has_no_logits(tmp_path: Path):
    model = build_model("osnet_x0_25", image_size=(96, 48))
    save_model(tmp_path / "model.safetensors", model, card_of(None))
    with pytest.raises(TrainingError, match=r"keeps no classifier.*training\.keep_classifier=true"):
        make_module(taught([tmp_path / "model.safetensors"], LOGITS_AND_PKT), tmp_path)


def test_teacher_of_another_count_of_identities_is_refused(teacher: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match=r"got a classifier of 8 for 4 training identities"):
        make_module(taught([teacher], LOGITS_AND_PKT), tmp_path)


def test_teacher_of_other_identities_is_refused(teacher: Path, tmp_path: Path):
    recipe = taught([teacher], LOGITS_AND_PKT)
    others = tuple(Sample((Path(f"{identity}.jpg"),), identity) for identity in range(8))
    model = build_model("osnet_x0_25", num_identities=8, image_size=(64, 32))
    with pytest.raises(TrainingError, match=r"knows other identities, got the fingerprint"):
        TrainingModule(recipe, model, others, steps_per_epoch=2, failed_batch_path=tmp_path / "failed.json")


def test_cosines_and_logits_do_not_fit(drawn_teacher: Path, tmp_path: Path):
    recipe = taught([drawn_teacher], LOGITS_AND_PKT)
    model = build_model(
        "pipeline",
        num_identities=4,
        arguments={"backbone_arguments": {"depth": 18}, "head_arguments": {"classifier": "cosine"}},
    )
    with pytest.raises(TrainingError, match=r"got cosines of 1 of 2 networks and logits of the others"):
        build_distillation(recipe, model, SAMPLES, "drawn")


def test_unknown_stages_are_refused():
    with pytest.raises(CatalogError, match=r"Feature maps of the stages are not known, got a backbone of"):
        stage_ends(build_model("mlfn"))
    model = build_model("osnet_x0_25", image_size=(64, 32))
    ends = stage_ends(model)
    with pytest.raises(TrainingError, match=r"got 2 maps of 3 stages"):
        run_network(
            model,
            torch.zeros(2, 3, 64, 32),
            [],
            ends=ends,
            run=lambda images: model.backbone.stages[1](
                model.backbone.stages[0](model.backbone.stem(images))
            ),
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"distillation": {"teachers": ["a"]}}, r"distillation: terms: the list is empty"),
        ({"distillation": {"terms": LOGITS_AND_PKT}}, r"terms are given without anybody to learn from"),
        ({"distillation": {"teachers": ["a"], "terms": [{"name": "kl"}]}}, r"Unknown transfer 'kl'"),
        (
            {"distillation": {"teachers": ["a"], "terms": [{"name": "kl_divergence"}] * 2}},
            r"'kl_divergence' is listed twice",
        ),
        (
            {"distillation": {"peers": [{"name": "mlfn"}], "terms": [{"name": "feature_overhaul"}]}},
            r"feature maps are taken over from networks that stay as they are, got peers",
        ),
        (
            {"distillation": {"peers": [{"name": "mlfnn"}], "terms": [{"name": "kl_divergence"}]}},
            r"distillation\.peers\.0\.name: Unknown model 'mlfnn'",
        ),
        (
            {
                "distillation": {"peers": [{"name": "mlfn"}], "terms": [{"name": "kl_divergence"}]},
                "training": {"open_layers": ["head"], "open_layers_epochs": 1},
            },
            r"open_layers names modules of one model",
        ),
        (
            {
                "distillation": {"teachers": ["a"], "terms": [{"name": "feature_overhaul"}]},
                "training": {"compile": True},
            },
            r"compile does not go with a transfer of feature maps",
        ),
        (
            {
                "distillation": {"teachers": ["a"], "terms": [{"name": "feature_overhaul"}]},
                "model": {"name": "mlfn"},
                "input": {"height": 256, "width": 128},
            },
            r"model: Feature maps of the stages are not known",
        ),
        (
            {"losses": [{"name": "batch_hard_triplet"}], "training": {"keep_classifier": True}},
            r"keep_classifier keeps what no loss trains",
        ),
    ],
)  # fmt: skip
def test_recipe_that_cannot_distil_is_refused(changes: dict[str, Any], message: str):
    with pytest.raises(RecipeError, match=message):
        small_recipe(None, **changes)


def test_model_gets_a_classifier_for_logits_alone(dataset_root: Path):
    recipe = taught([Path("a")], [{"name": "kl_divergence"}], losses=[{"name": "batch_hard_triplet"}])
    model = build_recipe_model(recipe, read_dataset("folder", dataset_root))
    assert model.training_outputs(torch.zeros(2, 3, 64, 32)).logits[0].shape == (2, 8)


def test_recipe_without_distillation_has_none(tmp_path: Path):
    module = make_module(small_recipe(None), tmp_path)
    assert module.distillation is None
    assert {name.split(".")[0] for name in module.state_dict()} == {"model"}


def test_distillation_needs_no_samples_where_nobody_asks(drawn_teacher: Path):
    term = taught([drawn_teacher], [{"name": "similarity_transfer"}]).distillation.terms[0]
    part = Distillation([term], build_model("osnet_x0_25", image_size=(64, 32)))
    assert list(part.state_dict()) == []
