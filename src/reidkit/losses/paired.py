"""The same batch as two networks see it."""

from torch import Tensor

from reidkit.core.errors import CatalogError, ShapeError


def check_pair(name: str, student: Tensor, teacher: Tensor, *, same_width: bool) -> None:
    """Refuse values of two networks that are not (B, N) of one batch.

    Args:
        name: Of the values, for the message.
        student: Of the network that learns.
        teacher: Of the network that it learns from.
        same_width: Whether N must be the same for both.

    Raises:
        ShapeError: another shape; broadcasting would give a wrong loss without a word.
    """
    fits = student.shape == teacher.shape if same_width else student.shape[:1] == teacher.shape[:1]
    if student.ndim != 2 or teacher.ndim != 2 or not fits or len(student) == 0:
        widths = "(B, N) twice" if same_width else "(B, N) and (B, M)"
        raise ShapeError(
            f"{name} of student and teacher do not fit, got {tuple(student.shape)} and "
            f"{tuple(teacher.shape)}. Expected {widths} with B at least 1."
        )


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is not positive.

    Raises:
        CatalogError: it is 0 or below, or not a number.
    """
    if not temperature > 0:
        raise CatalogError(f"Distillation temperature is out of range, got {temperature}. Expected above 0.")
