from pathlib import Path

import pytest
import torch

from reidkit.core.errors import RecipeError
from reidkit.engine.recipe import Recipe
from reidkit.engine.recipe_files import check_recipe, load_recipe, recipe_text, shipped_recipes, write_recipe
from tests.engine.recipes import small_recipe

MINIMAL = {
    "name": "minimal",
    "model": {"name": "osnet_x0_25"},
    "sampling": {"arguments": {"identities_per_batch": 4, "images_per_identity": 2}},
    "losses": [{"name": "cross_entropy"}],
}


def faults_of(**changes: object) -> list[str]:
    with pytest.raises(RecipeError, match=r"has [0-9]+ fault") as error:
        check_recipe({**MINIMAL, **changes}, source="test.yaml")
    return str(error.value).splitlines()[1:]


def test_minimal_recipe_has_sensible_defaults():
    recipe = check_recipe(MINIMAL, source="test.yaml")
    assert recipe.input.preprocessing().height == 256
    assert recipe.sampling.name == "identity"
    assert recipe.training.keep == "last"


def test_recipe_is_frozen():
    recipe = check_recipe(MINIMAL, source="test.yaml")
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3


def test_unknown_key_is_refused_with_the_near_name():
    assert faults_of(optim={"learning_rat": 1}) == [
        "  optim.learning_rat: unknown key. Did you mean 'learning_rate'? "
        "Known here: name, arguments, learning_rate, weight_decay, backbone_factor, head_factor, bias_factor, "
        "bias_weight_decay, norm_weight_decay, layer_decay."
    ]


def test_unknown_key_in_a_list_names_the_keys_of_its_entries():
    (fault,) = faults_of(losses=[{"name": "cross_entropy", "wieght": 2}])
    assert "losses.0.wieght: unknown key. Did you mean 'weight'?" in fault


def test_all_faults_come_together():
    faults = faults_of(
        modle={},
        model={"name": "osnet_1x0"},
        losses=[{"name": "cross_entropy", "arguments": {"label_smothing": 0.1}, "weight": -1}],
        optim={"learning_rate": "fast"},
        training={"epochs": 0},
    )
    text = "\n".join(faults)
    for part in (
        "modle: unknown key. Did you mean 'model'?",
        "model.name: Unknown model 'osnet_1x0'. Did you mean 'osnet_x1_0'?",
        "losses.0.arguments: Loss 'cross_entropy' has no argument 'label_smothing'. Did you mean 'label_smoothing'?",
        "losses.0.weight: Input should be greater than 0 (got -1)",
        "optim.learning_rate: Input should be a valid number, unable to parse string as a number (got 'fast')",
        "training.epochs: Input should be greater than or equal to 1 (got 0)",
    ):
        assert part in text
    assert len(faults) == 6


def test_mistyped_loss_is_refused_and_never_left_out():
    (fault,) = faults_of(losses=[{"name": "cross_entropy"}, {"name": "triplet_loss"}])
    assert "Unknown loss 'triplet_loss'" in fault


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": {"name": "osnet_x0_25", "arguments": {"fuson": "addition"}}}, "no argument 'fuson'. Did you mean 'fusion'"),
        ({"model": {"name": "osnet_x0_25", "arguments": {"fusion": "sum"}}}, "argument 'fusion': Input should be"),
        ({"model": {"name": "osnet_x0_25", "arguments": {"width": 0.5}}}, "no argument 'width'"),
        ({"model": {"name": "osnet_x0_25", "arguments": {"num_identities": 5}}}, "no argument 'num_identities'"),
        ({"model": {"name": "timm"}}, "needs the argument 'backbone'"),
        ({"losses": [{"name": "cross_entropy", "arguments": {"label_smoothing": 1.5}}]}, "label_smoothing is out of range"),
        ({"losses": [{"name": "batch_hard_triplet", "arguments": {"margin": "wide"}}]}, "argument 'margin': Input should be a valid number"),
        ({"losses": []}, "losses: the list is empty"),
        ({"losses": [{"name": "cross_entropy"}, {"name": "cross_entropy"}]}, "'cross_entropy' is listed twice"),
        ({"sampling": {"arguments": {"identities_per_batch": 4}}}, "needs the argument 'images_per_identity'"),
        ({"schedule": {"name": "multi_step", "arguments": {"milestones": [90]}}}, "between 1 and 59"),
        ({"augmentation": [{"name": "flip", "arguments": {"probability": 2}}]}, "probability"),
        ({"evaluation": {"protocol": "market"}}, "evaluation.protocol: Input should be 'market1501', 'market1501-trap"),
        ({"data": {"reader": "markt1501"}}, "Unknown reader 'markt1501'. Did you mean 'market1501'"),
        ({"data": {"options": {"camera_patern": "x"}}}, "no argument 'camera_patern'. Did you mean 'camera_pattern'"),
        ({"training": {"epochs": 5, "freeze_backbone_epochs": 5}}, "leaves no epoch in which the whole model trains"),
        ({"input": {"height": 8}}, "input is too small"),
        ({"name": "../escape"}, "name: String should match pattern"),
    ],
)  # fmt: skip
def test_fault_is_named(changes: dict[str, object], expected: str):
    assert expected in "\n".join(faults_of(**changes))


def test_component_of_ones_own_is_found_by_dotted_path():
    recipe = check_recipe(
        {**MINIMAL, "losses": [{"name": "reidkit.losses.triplet:BatchHardTriplet"}]}, source="x"
    )
    assert not recipe.objective().needs_classifier


def test_checking_a_recipe_draws_no_random_numbers():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    check_recipe(MINIMAL, source="test.yaml")
    assert torch.equal(before, torch.get_rng_state())


def test_recipe_round_trip_through_yaml(tmp_path: Path):
    recipe = small_recipe(tmp_path)
    write_recipe(recipe, tmp_path / "recipe.yaml")
    assert load_recipe(tmp_path / "recipe.yaml") == recipe


def test_overrides_change_values_and_list_entries():
    recipe = load_recipe(
        "quickstart",
        ["optim.learning_rate=1e-3", "losses.0.weight=2", "data.root=here", "augmentation=[]", "seed=7"],
    )
    assert recipe.optim.learning_rate == 1e-3
    assert recipe.losses[0].weight == 2
    assert recipe.data.root == Path("here")
    assert recipe.augmentation == ()
    assert recipe.seed == 7


@pytest.mark.parametrize("override", ["seed", "=3", "losses.9.weight=1", "seed.deep=1"])
def test_override_that_fits_nowhere_is_refused(override: str):
    with pytest.raises(RecipeError, match=r"Override .* (is not understood|cannot be applied)|fault"):
        load_recipe("quickstart", [override])


def test_recipe_that_is_not_there_names_those_that_are():
    with pytest.raises(RecipeError, match="Did you mean 'quickstart'"):
        load_recipe("quikstart")


@pytest.mark.parametrize("text", ["[1, 2]", "a: [", "just text", ""])
def test_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError, match=r"is not YAML|is not a mapping|fault"):
        load_recipe(path)


@pytest.mark.parametrize("name", shipped_recipes())
def test_shipped_recipe_is_whole(name: str):
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.about.endswith(".")
    assert Recipe.model_validate(recipe.model_dump()) == recipe
    assert "learning_rate" in recipe_text(recipe)


def test_recipes_are_shipped():
    assert len(shipped_recipes()) >= 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("timm", {"backbone": "vit_base_patch16_224.augreg_in21k"}),
        (
            "pipeline",
            {"backbone": "timm", "backbone_arguments": {"name": "vit_base_patch16_224.augreg_in21k"}},
        ),
    ],
)
def test_statistics_of_a_backbone_are_written_out(name: str, arguments: dict[str, object]):
    content = load_recipe("quickstart").model_dump(mode="json")
    content["model"] = {"name": name, "arguments": arguments}
    content["input"] |= {"mean": None, "std": None}
    recipe = check_recipe(content, source="mine")
    assert recipe.input.mean == recipe.input.std == (0.5, 0.5, 0.5)


def test_statistics_of_no_backbone_are_refused():
    content = load_recipe("quickstart").model_dump(mode="json")
    content["input"]["mean"] = None
    with pytest.raises(RecipeError, match=r"input\.mean: null takes the statistics of a timm backbone"):
        check_recipe(content, source="mine")


def test_methods_after_the_model_take_arguments_and_refuse_unknown_ones():
    chosen = {"rerank": "k_reciprocal", "rerank_arguments": {"k1": 25}, "local": "dsr", "local_top": 7}
    after = check_recipe({**MINIMAL, "evaluation": chosen}, source="test.yaml").evaluation.after
    assert (after.rerank, dict(after.rerank_arguments)) == ("k_reciprocal", {"k1": 25})
    assert after.describe_local() == "dsr(top=7, weight=0.5)"
    (fault,) = faults_of(evaluation={"rerank": "graph", "rerank_arguments": {"round": 1}})
    assert "evaluation: Re-ranking 'graph' has no argument 'round'. Did you mean 'rounds'?" in fault
