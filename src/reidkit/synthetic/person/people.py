"""The people of a benchmark: single ones, groups of impostors, and never the same person twice."""

from dataclasses import fields, replace
from enum import IntEnum

import numpy as np

from reidkit.core.errors import DatasetError
from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.person.identity import Identity, visible_differences
from reidkit.synthetic.person.pose import Body
from reidkit.synthetic.person.wardrobe import SMALL_CHANGES, draw_identity, settle
from reidkit.synthetic.seeding import Random, Stream, random_for


class Crowd(IntEnum):
    """Whose people: each crowd has random numbers of its own, so one can grow without the others."""

    TRAIN = 0
    TEST = 1
    DISTRACTORS = 2
    SECOND_TRAIN = 3
    SECOND_TEST = 4
    PASSERS_BY = 5


class Population:
    """Draws the people of all crowds and remembers them, so that nobody looks like anybody else.

    Args:
        seed: Seed of the benchmark.
        difficulty: How many impostors there are and how alike they look.
    """

    def __init__(self, seed: int, difficulty: Difficulty) -> None:
        self._seed = seed
        self._difficulty = difficulty
        self._known: dict[tuple[str, ...], list[Identity]] = {}

    def draw(self, crowd: Crowd, position: int) -> Identity:
        """Return the person at a position of a crowd, unlike everybody drawn before.

        Call it with rising positions: whoever comes later makes room.

        Raises:
            DatasetError: nobody new is found.
        """
        size = self._difficulty.impostor_group_size
        block, member = divmod(position, size)
        is_group = is_impostor_block(block, self._difficulty.impostor_fraction)
        for attempt in range(1000):
            random = random_for(self._seed, Stream.PERSON, crowd, position, attempt)
            if is_group and not (member == 0 and attempt == 0):
                leader = draw_identity(
                    random_for(self._seed, Stream.GROUP, crowd, block), self._difficulty.drab_clothes
                )
                person = _draw_impostor(random, leader, self._difficulty, attempt // 10)
            elif is_group:
                random = random_for(self._seed, Stream.GROUP, crowd, block)
                person = draw_identity(random, self._difficulty.drab_clothes)
            else:
                person = draw_identity(random, self._difficulty.drab_clothes)
            if self._is_new(person):
                return person
        raise DatasetError(
            f"Crowd '{crowd.name.lower()}' has no room for one more person, got {position} people. "
            f"Expected people who all look different. Ask for fewer, or lower impostor_group_size."
        )

    def _is_new(self, person: Identity) -> bool:
        # People in other cuts differ anyway, so only those in the same cuts are compared.
        cuts = (person.upper, person.lower, person.sleeve, person.upper_pattern)
        alike = self._known.setdefault(cuts, [])
        if any(not visible_differences(person, other) for other in alike):
            return False
        alike.append(person)
        return True


def is_impostor_block(block: int, fraction: float) -> bool:
    """Return whether a block of successive people is a group in the same clothes.

    Blocks are spread evenly, so that any number of people holds the stated fraction as nearly as it can.
    """
    return int(np.floor((block + 1) * fraction + 1e-9)) > int(np.floor(block * fraction + 1e-9))


def _draw_impostor(random: Random, leader: Identity, difficulty: Difficulty, extra: int) -> Identity:
    """Return somebody in the leader's clothes who differs in a few small things."""
    likeness = difficulty.impostor_likeness
    own = draw_identity(random, difficulty.drab_clothes)
    person = replace(leader, body=_mix_bodies(own.body, leader.body, likeness))
    if random.random() >= likeness:
        person = replace(person, skin=own.skin, beard=own.beard, glasses=own.glasses)
    if random.random() >= likeness:
        person = replace(person, hair_style=own.hair_style, hair_colour=own.hair_colour)
    wanted = difficulty.impostor_differences + extra
    names = list(SMALL_CHANGES)
    for index in random.permutation(len(names)).tolist():
        changed = settle(SMALL_CHANGES[names[index]](random, person))
        if changed != person:
            person = changed
            wanted -= 1
        if wanted == 0:
            break
    return settle(person)


def _mix_bodies(own: Body, other: Body, share: float) -> Body:
    mixed = {
        item.name: round(getattr(own, item.name) * (1 - share) + getattr(other, item.name) * share, 4)
        for item in fields(Body)
    }
    return Body(**mixed)
