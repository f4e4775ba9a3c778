"""Trees of the readers of people."""

from tests.data.readers.trees import Tree

PERSON = {
    "market1501": Tree(
        images=(
            *("bounding_box_train/0002_c1s1_000451_03.jpg", "bounding_box_train/0007_c3s3_077419_03.jpg"),
            *("query/0001_c1s1_001051_00.jpg", "bounding_box_test/0001_c2s1_000301_00.jpg"),
            *("bounding_box_test/0000_c1s1_000151_01.jpg", "bounding_box_test/-1_c1s1_000401_03.jpg"),
        ),
        sizes=(2, 1, 2),
    ),
}
