"""The smallest image that a network takes, said before it fails deep inside."""

from reidkit.core.errors import CatalogError


def check_image_size(network: str, image_size: tuple[int, int], *, smallest: int) -> None:
    """Refuse an image of which the strides of a network would leave nothing.

    Args:
        network: Its name, for the message.
        image_size: (height, width) of the input.
        smallest: Least height and least width in pixels.

    Raises:
        CatalogError: a side is smaller.
    """
    if min(image_size) < smallest:
        raise CatalogError(
            f"Input of {network} is too small, got {tuple(image_size)}. Expected at least {smallest} pixels "
            f"in height and width."
        )
