"""What the report says in plain words: the rules of a protocol, the scores, and the terms of the field."""

from collections.abc import Mapping

from reidkit.core.types import Protocol

PROTOCOL_WORDS: Mapping[str, tuple[str, Mapping[object, tuple[str, str]]]] = {
    "same_camera": (
        "Same camera",
        {
            "drop": (
                "left out",
                "Gallery images of the query's individual from the query's own camera count neither as "
                "right nor as wrong: recognising someone within one camera is the easier task.",
            ),
            "keep": (
                "counted",
                "Gallery images from the query's own camera are judged like all others, or cameras are "
                "unknown.",
            ),
        },
    ),
    "distance": (
        "Distance",
        {
            "cosine": (
                "cosine",
                "One minus the cosine of the angle between two descriptors: 0 is the same direction, 2 the "
                "opposite one. Smaller is more alike.",
            ),
            "euclidean": (
                "Euclidean",
                "The straight-line distance between two descriptors, from 0 upwards. Smaller is more alike.",
            ),
            "squared-euclidean": (
                "squared Euclidean",
                "The square of the straight-line distance between two descriptors. It ranks as the distance "
                "itself does, with other thresholds.",
            ),
        },
    ),
    "normalization": (
        "Normalisation",
        {
            "by_distance": (
                "by the distance",
                "The cosine distance scales descriptors to unit length; a Euclidean one takes them as they "
                "are.",
            ),
            "unit": ("unit length", "Descriptors are scaled to unit length, whatever the distance."),
        },
    ),
    "flip": (
        "Mirror image",
        {
            True: ("averaged in", "A descriptor is the mean over the image and its mirror image."),
            False: ("not used", "A descriptor comes from the image alone, not from its mirror image."),
        },
    ),
    "scales": (
        "Input sizes",
        {(1.0,): ("one", "An image is embedded at the size that the model was made for.")},
    ),
    "view_average": (
        "Average of views",
        {
            "raw": ("as they are", "Where an image has several views, the mean is over their descriptors."),
            "unit": (
                "of unit length",
                "Where an image has several views, the descriptor of each is scaled to unit length before "
                "the mean.",
            ),
        },
    ),
    "average_precision": (
        "Average precision",
        {
            "rectangle": (
                "mean of precisions",
                "At each right image: the share of right ones among all images up to it. The mean of these "
                "shares is the query's average precision.",
            ),
            "trapezoid": (
                "trapezoid",
                "At each right image: the mean of the share of right ones just before it and up to it. The "
                "mean of these is the query's average precision, never more than by the usual rule.",
            ),
        },
    ),
    "unmatched_queries": (
        "Queries without a match",
        {
            "skip": (
                "skipped",
                "A query whose individual is not in the gallery (from another camera, where that is asked "
                "for) is left out of every mean, and counted.",
            ),
            "zero": (
                "count as wrong",
                "A query whose individual is not in the gallery (from another camera, where that is asked "
                "for) stays in every mean, with a score of zero.",
            ),
        },
    ),
    "ties": (
        "Equal distances",
        {
            "gallery_order": (
                "gallery order",
                "Of two equally distant images the one that comes first in the gallery ranks first.",
            ),
        },
    ),
    "same_sample": (
        "The query itself",
        {
            "drop": (
                "left out",
                "Where the query is in the gallery too, it is not its own match.",
            ),
        },
    ),
    "frames_per_tracklet": (
        "Frames of a tracklet",
        {None: ("all", "The descriptor of a tracklet is taken over all of its frames.")},
    ),
    "temporal": (
        "Frames become a tracklet",
        {
            "average": ("by their average", "The descriptor of a tracklet is the mean over its frames."),
            "max": (
                "by their maximum",
                "Each number of the descriptor of a tracklet is the greatest over its frames.",
            ),
            "attention": (
                "by attention",
                "The descriptor of a tracklet is the mean over its frames by weights that the model learned "
                "to give them.",
            ),
        },
    ),
    "junk_identities": (
        "Junk",
        {
            (): ("none", "Every gallery image of another individual counts as wrong."),
            ("-1",): ("identity -1", "Gallery images of identity -1 count neither as right nor as wrong."),
        },
    ),
    "single_shot_repeats": (
        "Random galleries",
        {
            None: ("none", "The whole gallery is searched."),
            10: (
                "10",
                "Rank-k is the mean over ten random galleries with one image of each individual; mAP judges "
                "the whole gallery.",
            ),
        },
    ),
    "pooling": (
        "Pooling",
        {
            "none": ("none", "Each image is ranked by itself."),
            "query": ("queries", "Images of an individual from one camera make up one query."),
            "gallery": ("gallery", "Images of an individual from one camera make up one gallery entry."),
            "track": ("tracks", "The gallery is searched for tracks, each as far away as its nearest image."),
        },
    ),
    "num_splits": (
        "Splits",
        {
            1: ("one", "The data has one split."),
            10: ("one of 10", "Published scores are means over ten splits or draws; this is one of them."),
            20: ("one of 20", "Published scores are means over twenty splits; this is one of them."),
        },
    ),
    "post_processing": (
        "After the model",
        {(): ("nothing", "Descriptors and distances are ranked as the model gives them.")},
    ),
}
"""By field of Protocol: its title, and by value the short word and the sentence for it."""

SCORE_WORDS: Mapping[str, tuple[str, str]] = {
    "rank_1": ("Rank-1", "queries with a right image in first place"),
    "rank_5": ("Rank-5", "queries with a right image among the first 5"),
    "rank_10": ("Rank-10", "queries with a right image among the first 10"),
    "mean_ap": ("mAP", "how close to the front the right images stand"),
    "mean_inp": ("mINP", "how early the last right image is found"),
}
"""By key of ``RetrievalScores.summary()``: its name and what it says."""

GLOSSARY: Mapping[str, str] = {
    "Query": "An image (or tracklet) of the individual that is looked for.",
    "Gallery": "The images that are searched. For each query they are ranked, the most alike first.",
    "Right, wrong": "A gallery image is right if it shows the query's individual, else it is wrong.",
    "Identity": "The name or number of an individual, as the data set gives it.",
    "Camera": "Where an image was taken. Finding someone again from another camera is the harder task.",
    "Tracklet": "Several images of one individual that follow each other, treated as one.",
    "Descriptor": "The numbers that a model computes from an image; like individuals get like numbers.",
    "Distance": "How unlike two descriptors are. Smaller is more alike.",
    "Rank-k": "Share of the queries with at least one right image among the first k.",
    "CMC": "Cumulative matching characteristic: Rank-k drawn as a curve over k.",
    "AP, mAP": (
        "Average precision of one query: 100 % if all right images come before all wrong ones, less with "
        "each wrong one in between. mAP is the mean over the queries."
    ),
    "mINP": (
        "Mean inverse negative penalty: number of right images over the rank of the last one, averaged over "
        "the queries. It says how far one must look to find them all."
    ),
    "Threshold": (
        "A distance up to which two images are taken for the same individual. A smaller one accepts fewer "
        "pairs of different individuals, and fewer of the same."
    ),
}


def protocol_rows(protocol: Protocol) -> list[tuple[str, str, str]]:
    """Return (title, short word, sentence) for each rule of a protocol."""
    rows = []
    for field, (title, words) in PROTOCOL_WORDS.items():
        value = getattr(protocol, field)
        if field in ("junk_identities", "single_shot_repeats", "num_splits"):
            other = (str(value), "A value of this evaluation's own.")
        elif field == "scales":
            sizes = " ".join(f"{scale:g}" for scale in value)
            other = (sizes, "A descriptor is the mean over the image at these factors of the input size.")
        elif isinstance(value, tuple) and value:
            other = ("; ".join(value), "Applied to all queries and the gallery together, before the ranking.")
        else:
            other = (f"{value}, evenly spread", "Others are not looked at.")
        short, sentence = words.get(value, other)
        rows.append((title, short, sentence))
    return rows


def format_percent(share: float) -> str:
    """Return a share in percent, with more digits the smaller it is, so that no small one reads 0.

    Example:
        >>> format_percent(0.8312), format_percent(1), format_percent(0.00097)
        ('83.1 %', '100 %', '0.097 %')
    """
    percent = 100 * float(share)
    if percent in (0, 100):
        text = f"{percent:.0f}"
    elif percent < 1:
        text = f"{percent:.2g}" if percent >= 1e-4 else "< 0.0001"
    else:
        text = f"{percent:.1f}"
    return f"{text} %"


def count(number: int, thing: str) -> str:
    """Return "1 query" or "3 queries".

    Example:
        >>> count(1, "query"), count(2500, "query"), count(3, "image")
        ('1 query', '2,500 queries', '3 images')
    """
    plural = thing[:-1] + "ies" if thing.endswith("y") else thing + "s"
    return f"{number:,} {thing if number == 1 else plural}"
