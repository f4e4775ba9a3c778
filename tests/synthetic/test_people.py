"""Who appears: impostors at the stated share, and nobody twice."""

import itertools
from collections import Counter

import numpy as np
import pytest

from reidkit.core.errors import DatasetError
from reidkit.synthetic import Difficulty, draw_identity, list_attributes, visible_differences
from reidkit.synthetic.person.identity import ROUND_LABELS
from reidkit.synthetic.person.palette import CLOTH, DRAB, HAIR, SKIN
from reidkit.synthetic.person.people import Crowd, Population

CLOTHES = ("upper", "upper_colour", "lower", "lower_colour")


def draw_crowd(count: int, difficulty: Difficulty, seed: int = 0):
    population = Population(seed, difficulty)
    return [population.draw(Crowd.TEST, position) for position in range(count)]


def test_no_two_people_look_alike_in_what_shows_from_all_sides():
    population = Population(0, Difficulty())
    people = [population.draw(crowd, k) for k in range(100) for crowd in (Crowd.TRAIN, Crowd.TEST)]
    people += [population.draw(Crowd.DISTRACTORS, k) for k in range(50)]
    pairs = 0
    for first, second in itertools.combinations(people, 2):
        pairs += 1
        assert visible_differences(first, second)
    assert pairs == 250 * 249 // 2


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.6, 1.0])
@pytest.mark.parametrize("size", [2, 4, 5])
def test_impostor_groups_exist_at_the_stated_fraction(fraction, size):
    people = draw_crowd(20 * size, Difficulty(impostor_fraction=fraction, impostor_group_size=size))
    groups = 0
    for start in range(0, len(people), size):
        clothes = {
            tuple(getattr(person, name) for name in CLOTHES) for person in people[start : start + size]
        }
        groups += len(clothes) == 1
    assert groups == round(20 * fraction)


def test_impostors_differ_in_small_things_only():
    people = draw_crowd(80, Difficulty(impostor_fraction=1, impostor_likeness=1, impostor_differences=1))
    counts = Counter()
    for start in range(0, 80, 4):
        leader, *others = people[start : start + 4]
        for other in others:
            differences = [
                name
                for name in list_attributes(leader)
                if list_attributes(leader)[name] != list_attributes(other)[name]
            ]
            # One thing can be several labels: a bag has a kind, a colour and a side.
            assert 1 <= len(differences) <= 9
            assert leader.body == other.body
            counts.update(differences)
    assert len(counts) > 8


def test_likeness_draws_bodies_together():
    def spread(likeness: float) -> float:
        people = draw_crowd(40, Difficulty(impostor_fraction=1, impostor_likeness=likeness))
        heights = np.array([person.body.height_metres for person in people]).reshape(10, 4)
        return float(heights.std(axis=1).mean())

    assert spread(1.0) == pytest.approx(0, abs=1e-9)
    assert spread(0.0) > spread(0.5) > 0.01


def test_more_differences_change_more_labels():
    def differing(wanted: int) -> float:
        hard = Difficulty(impostor_fraction=1, impostor_likeness=1, impostor_differences=wanted)
        people = draw_crowd(80, hard)
        pairs = [(people[4 * k], people[4 * k + m]) for k in range(20) for m in (1, 2, 3)]
        return float(np.mean([len(visible_differences(*pair)) for pair in pairs]))

    assert differing(4) > differing(1) + 1


def test_people_do_not_depend_on_how_many_are_drawn():
    assert draw_crowd(12, Difficulty()) == draw_crowd(40, Difficulty())[:12]
    assert draw_crowd(12, Difficulty(), seed=1) != draw_crowd(12, Difficulty())


def test_labels_come_from_the_palettes_and_what_does_not_show_is_none():
    people = draw_crowd(300, Difficulty())
    for person in people:
        labels = list_attributes(person)
        assert labels["skin"] in SKIN
        assert labels["hair_colour"] in {*HAIR, "none"}
        assert (labels["hair_style"] == "bald") == (labels["hair_colour"] == "none")
        assert (labels["bag"] == "none") == (labels["bag_colour"] == "none")
        assert (labels["hat"] == "none") == (labels["hat_colour"] == "none")
        assert (
            (labels["logo"] == "none")
            == (labels["logo_colour"] == "none")
            == (labels["logo_place"] == "none")
        )
        assert (labels["upper"] == "dress") == (labels["lower"] == "none")
        assert all(
            labels[name] in {*CLOTH, "none"} for name in labels if "colour" in name and name != "hair_colour"
        )
    seen = {name: {list_attributes(person)[name] for person in people} for name in ROUND_LABELS}
    assert all(len(values) >= 3 for values in seen.values())


def test_drab_clothes_are_as_frequent_as_stated():
    def share(drab: float) -> float:
        random = np.random.default_rng(0)
        people = [draw_identity(random, drab) for _ in range(300)]
        return float(np.mean([person.upper_colour in DRAB for person in people]))

    assert share(1.0) == 1.0
    assert share(0.0) == pytest.approx(len(DRAB) / len(CLOTH), abs=0.1)


def test_a_crowd_without_room_is_refused():
    population = Population(0, Difficulty())
    # Nobody is new to a population that knows everybody.
    population._is_new = lambda person: False
    with pytest.raises(
        DatasetError, match=r"Crowd 'test' has no room for one more person, got 0 people\. Expected"
    ):
        population.draw(Crowd.TEST, 0)
