"""Synthetic pedestrians: a drawn re-identification benchmark, so that nobody has to download people."""

from reidkit.synthetic.benchmark import BenchmarkSummary, synthesize
from reidkit.synthetic.camera import Camera, draw_camera
from reidkit.synthetic.difficulty import Difficulty
from reidkit.synthetic.person.identity import Identity, list_attributes, visible_differences
from reidkit.synthetic.person.pose import Body, Pose
from reidkit.synthetic.person.wardrobe import draw_identity
from reidkit.synthetic.plan import ALL_PARTS
from reidkit.synthetic.portrait import draw_person

__all__ = [
    "ALL_PARTS",
    "BenchmarkSummary",
    "Body",
    "Camera",
    "Difficulty",
    "Identity",
    "Pose",
    "draw_camera",
    "draw_identity",
    "draw_person",
    "list_attributes",
    "synthesize",
    "visible_differences",
]
