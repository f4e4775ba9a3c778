"""The backgrounds: one whole view per camera, painted once and then cut into pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageFilter

from reidkit.synthetic.scenery import furniture, grounds, walls
from reidkit.synthetic.scenery.stage import PLATE_SIZE, Ground, Stage, lay_ground, vary
from reidkit.synthetic.seeding import Stream, random_for


@dataclass(frozen=True, slots=True)
class Scene:
    """The view of one camera without people.

    Args:
        plate: RGB picture of `PLATE_SIZE`.
        ground: Where people stand in it.
    """

    plate: Image.Image
    ground: Ground


def _street(stage: Stage) -> None:
    random = stage.random
    if random.random() < 0.5:
        walls.paint_bricks(stage, vary(random, (140, 84, 66)))
    else:
        walls.paint_plaster(stage, vary(random, (196, 184, 160)))
    walls.add_windows(stage, bottom=1.1, size=(1.4, 1.1), gap=1.3 + random.random())
    walls.add_doors(stage, every=6.5)
    grounds.paint_slabs(stage, vary(random, (158, 154, 148)))
    if random.random() < 0.6:
        grounds.paint_kerb(stage, vary(random, (84, 84, 88), 8), 0.35 + 0.15 * random.random())
    walls.light_wall(stage, 0.35)
    furniture.furnish(
        stage,
        (
            furniture.add_car,
            furniture.add_bin,
            furniture.add_lamp,
            furniture.add_bollards,
            furniture.add_tree,
        ),
        9,
    )


def _shops(stage: Stage) -> None:
    walls.paint_plaster(stage, vary(stage.random, (180, 176, 170)))
    walls.add_shop_fronts(stage, lit=stage.random.random() < 0.6)
    grounds.paint_slabs(stage, vary(stage.random, (172, 160, 146)), 0.45)
    walls.light_wall(stage, 0.3)
    furniture.furnish(
        stage, (furniture.add_planter, furniture.add_bin, furniture.add_bench, furniture.add_bollards), 8
    )


def _park(stage: Stage) -> None:
    random = stage.random
    walls.paint_trees(stage, vary(random, (188, 208, 226), 8), vary(random, (74, 106, 52), 10))
    grounds.paint_grass(stage, vary(random, (96, 128, 62), 10), vary(random, (176, 160, 132), 10))
    walls.light_wall(stage, 0.2)
    furniture.furnish(
        stage, (furniture.add_tree, furniture.add_bench, furniture.add_bin, furniture.add_lamp), 9
    )


def _corridor(stage: Stage) -> None:
    random = stage.random
    walls.paint_wall_tiles(stage, vary(random, (208, 206, 198), 8), vary(random, (60, 110, 140), 24), 0.22)
    walls.add_doors(stage, every=5.0)
    walls.add_posters(stage, every=4.0)
    tile = vary(random, (176, 172, 166), 10)
    grounds.paint_tiles(stage, tile, vary(random, (148, 146, 144), 10), 0.5, 0.35)
    walls.light_wall(stage, 0.25)
    furniture.furnish(
        stage, (furniture.add_bench, furniture.add_planter, furniture.add_machine, furniture.add_bin), 5
    )


def _station(stage: Stage) -> None:
    random = stage.random
    walls.paint_plaster(stage, vary(random, (120, 124, 128), 8))
    walls.paint_train(stage, vary(random, (206, 208, 210), 10), vary(random, (40, 84, 150), 40))
    grounds.paint_platform(stage, vary(random, (146, 144, 140), 8), vary(random, (222, 186, 50), 8), 0.12)
    walls.light_wall(stage, 0.45)
    furniture.furnish(
        stage, (furniture.add_bench, furniture.add_machine, furniture.add_bin, furniture.add_lamp), 6
    )


def _plaza(stage: Stage) -> None:
    random = stage.random
    walls.paint_plaster(stage, vary(random, (170, 150, 126)))
    walls.paint_columns(stage, vary(random, (206, 200, 188), 8), 2.6, 0.5)
    walls.add_windows(stage, bottom=0.2, size=(2.4, 1.5), gap=1.1)
    grounds.paint_slabs(stage, vary(random, (182, 172, 158)), 0.9)
    walls.light_wall(stage, 0.3)
    furniture.furnish(
        stage, (furniture.add_planter, furniture.add_bench, furniture.add_tree, furniture.add_bollards), 10
    )


def _garage(stage: Stage) -> None:
    random = stage.random
    walls.paint_plaster(stage, vary(random, (126, 126, 124), 8))
    walls.paint_columns(stage, vary(random, (150, 150, 140), 8), 4.2, 0.6)
    walls.add_posters(stage, every=7.0, bottom=1.4)
    grounds.paint_asphalt(stage, vary(random, (112, 112, 112), 8), bays=True)
    walls.light_wall(stage, 0.4)
    furniture.furnish(stage, (furniture.add_car,), 7)


def _night_street(stage: Stage) -> None:
    random = stage.random
    walls.paint_bricks(stage, vary(random, (92, 66, 58), 8))
    walls.add_shop_fronts(stage, lit=True)
    grounds.paint_asphalt(stage, vary(random, (88, 88, 92), 6))
    grounds.paint_kerb(stage, vary(random, (70, 70, 74), 6), 0.25)
    walls.light_wall(stage, 0.3)
    furniture.furnish(stage, (furniture.add_lamp, furniture.add_car, furniture.add_bin), 8)


def _crossing(stage: Stage) -> None:
    random = stage.random
    walls.paint_plaster(stage, vary(random, (140, 130, 120)))
    walls.add_windows(stage, bottom=0.8, size=(1.7, 1.6), gap=0.8, lit=0.4)
    grounds.paint_asphalt(stage, vary(random, (92, 94, 98), 8), zebra=True)
    walls.light_wall(stage, 0.25)
    furniture.furnish(stage, (furniture.add_car, furniture.add_lamp, furniture.add_bollards), 7)


def _mall(stage: Stage) -> None:
    random = stage.random
    walls.paint_plaster(stage, vary(random, (214, 208, 198), 8))
    walls.add_shop_fronts(stage, lit=True)
    walls.paint_columns(stage, vary(random, (224, 220, 214), 6), 5.5, 0.55)
    grounds.paint_tiles(stage, vary(random, (214, 204, 188), 8), vary(random, (196, 184, 164), 8), 0.8, 0.5)
    walls.light_wall(stage, 0.2)
    furniture.furnish(stage, (furniture.add_planter, furniture.add_bench, furniture.add_machine), 7)


def _market(stage: Stage) -> None:
    random = stage.random
    walls.paint_bricks(stage, vary(random, (150, 120, 96)))
    walls.add_posters(stage, every=2.5, bottom=1.0)
    grounds.paint_concrete(stage, vary(random, (150, 144, 134), 8))
    walls.light_wall(stage, 0.35)
    furniture.furnish(
        stage, (furniture.add_crates, furniture.add_crates, furniture.add_bin, furniture.add_planter), 12
    )


STYLES: dict[str, Callable[[Stage], None]] = {
    "street": _street,
    "shops": _shops,
    "park": _park,
    "corridor": _corridor,
    "station": _station,
    "plaza": _plaza,
    "garage": _garage,
    "night_street": _night_street,
    "crossing": _crossing,
    "mall": _mall,
    "market": _market,
}


@lru_cache(maxsize=32)
def build_scene(style: str, elevation_degrees: float, wall_distance: float, seed: int) -> Scene:
    """Paint the view of a camera.

    Args:
        style: Key of ``STYLES``.
        elevation_degrees: How far the camera looks down.
        wall_distance: How far the back wall is behind the people, as a factor on their distance.
        seed: Seed of the choices.
    """
    ground = lay_ground(elevation_degrees, wall_distance)
    stage = Stage(ground, random_for(seed, Stream.SCENE), style in ("night_street", "garage"))
    STYLES[style](stage)
    plate = stage.image.filter(ImageFilter.BoxBlur(0.7))
    assert plate.size == PLATE_SIZE[::-1]  # noqa: S101
    return Scene(plate, ground)
