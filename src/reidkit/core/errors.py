"""The exception tree: everything reidkit raises on purpose derives from `ReidkitError`.

ReidkitError
  CatalogError        an unknown key, an argument its builder does not take, or a value out of range
  RecipeError         a recipe that may not start, with all of its faults
  DatasetError        a data set that is missing, empty or cannot be evaluated
  ImageError          one image that cannot be read
  ShapeError          an array or tensor of the wrong shape, type or content
  EvaluationError     an evaluation that has no answer (no valid query, NaN descriptors)
  WeightsError        a checkpoint that is damaged, incomplete or of another architecture
  ExportError         a model that cannot be exported, or whose exported file gives other descriptors
  TrainingError       a training run that had to stop (NaN, collapse, unwritable folder)
  GalleryError        a gallery that is missing, of another model, or an edit that it refuses
  MissingExtraError   an optional dependency that is not installed

Messages read `<Thing> <problem>, got <value>. Expected <rule>. <Fix>.` The command line prints them
without a traceback and exits 2; anything else is a bug of ours and shows its traceback.
"""


class ReidkitError(Exception):
    """Base of every error that reidkit raises on purpose.

    Attributes:
        is_told_elsewhere: Whether another process that works on the same tells the person.
    """

    is_told_elsewhere: bool = False


class CatalogError(ReidkitError):
    """A key is not in its catalog, or its builder refuses an argument or a value."""


class RecipeError(ReidkitError):
    """A recipe may not start; the message lists every fault."""


class DatasetError(ReidkitError):
    """A data set is missing, empty, inconsistent, or cannot be evaluated."""


class ImageError(ReidkitError):
    """One image cannot be read."""


class ShapeError(ReidkitError):
    """An array or tensor has the wrong shape, type or content."""


class EvaluationError(ReidkitError):
    """An evaluation has no answer: no valid query, or descriptors that are not finite."""


class WeightsError(ReidkitError):
    """A checkpoint is damaged, incomplete, or belongs to another architecture."""


class ExportError(ReidkitError):
    """A model cannot be exported, or the exported file gives other descriptors."""


class TrainingError(ReidkitError):
    """A training run had to stop; what was saved before stays valid."""


class GalleryError(ReidkitError):
    """A gallery is missing, belongs to another model, or refuses an edit or a filter."""


class MissingExtraError(ReidkitError):
    """An optional dependency is not installed; the message names the command that installs it."""
