"""How counts and names read in messages."""

from collections.abc import Hashable, Iterable, Sequence


def quantity(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun.

    Example:
        >>> quantity(1, "file"), quantity(2, "identity", "identities")
        ('1 file', '2 identities')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def printable(text: object) -> str:
    r"""Return a path or name as text that any terminal and any file takes, whatever bytes it holds.

    Example:
        >>> printable("caf\udce9.jpg")
        'caf\\udce9.jpg'
    """
    return str(text).encode("utf-8", "backslashreplace").decode()


def examples(names: Sequence[str], limit: int = 5) -> str:
    """Return the first names and how many more there are, printable whatever bytes they hold.

    Example:
        >>> examples(["a.jpg", "b.jpg", "c.jpg"], limit=2)
        'a.jpg, b.jpg and 1 more'
    """
    shown = ", ".join(printable(name) for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


def label_examples(labels: Iterable[Hashable], limit: int = 3) -> str:
    """Return the first labels as Python writes them, so that the text '1' and the number 1 differ.

    Example:
        >>> label_examples(["1", 1])
        "'1', 1"
    """
    return examples([repr(label) for label in labels], limit)
