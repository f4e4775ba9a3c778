"""Torchreid's engines: the training loop over a data manager, a model and an optimizer."""

from reidkit.compat.torchreid.engine.engine import Engine
from reidkit.compat.torchreid.engine.image import ImageSoftmaxEngine, ImageTripletEngine
from reidkit.compat.torchreid.engine.video import VideoSoftmaxEngine, VideoTripletEngine

__all__ = [
    "Engine",
    "ImageSoftmaxEngine",
    "ImageTripletEngine",
    "VideoSoftmaxEngine",
    "VideoTripletEngine",
]
