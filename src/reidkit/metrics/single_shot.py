"""CMC on random galleries with one image of each identity, as CUHK03 was first judged."""

import numpy as np
from numpy.typing import NDArray

from reidkit.metrics.matches import GalleryIndex, Rows


def single_shot_ranks(
    keys: NDArray[np.floating], index: GalleryIndex, query: int, repeats: int, *, seed: int = 0
) -> Rows:
    """Return the rank of the right image in each of some random galleries.

    Args:
        keys: (G,) ordering keys of one query; the lower index of two equal keys comes first.
        index: Knows what is right, what is left out and who is in the gallery.
        query: Number of the query, one that has a match.
        repeats: How many galleries are drawn.
        seed: The draw of a query depends on it and on the query's number alone.

    Returns:
        (repeats,) 1-based ranks.

    Reference:
        Li, Zhao, Xiao, Wang, "DeepReID: Deep Filter Pairing Neural Network for Person Re-Identification",
        CVPR 2014, section 6.

    Differs:
        Torchreid draws from NumPy's global random state, so its CMC is another one in each call; ours is
        the same for the same seed, and equal to Torchreid's on average. Its compiled version answers 0 from
        the number of identities on (30 of them: ranks 31 to 50), ours stays at 1.
    """
    random = np.random.default_rng((seed, query))
    matches = index.matches(query)
    right = matches.positives[random.integers(len(matches.positives), size=repeats)]
    nearer = np.zeros(repeats, np.int64)
    for rows in index.identity_groups:
        kept = np.setdiff1d(rows, matches.ignored, assume_unique=True)
        if not len(kept) or kept[0] in matches.positives:
            continue
        drawn = kept[random.integers(len(kept), size=repeats)]
        nearer += (keys[drawn] < keys[right]) | ((keys[drawn] == keys[right]) & (drawn < right))
    return nearer + 1
