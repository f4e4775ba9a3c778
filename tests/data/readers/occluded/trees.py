"""Trees of the readers of this family."""

from tests.data.readers.trees import Tree

OCCLUDED = {
    "partial_reid": Tree(
        images=(
            *("partial_body_images/001_001.jpg", "partial_body_images/060_005.jpg"),
            *("whole_body_images/001_001.jpg", "whole_body_images/001_002.jpg"),
            *("whole_body_images/060_001.jpg", "occluded_body_images/001_001.jpg"),
        ),
        sizes=(0, 2, 3),
        has_cameras=False,
        protocol="no-camera",
    ),
    "partial_ilids": Tree(
        images=("query/001_1.jpg", "query/119_1.jpg", "gallery/001_2.jpg", "gallery/119_2.jpg"),
        sizes=(0, 2, 2),
        has_cameras=False,
        protocol="no-camera",
    ),
    "occluded_reid": Tree(
        images=(
            *("occluded_body_images/001/001_01.tif", "occluded_body_images/200/200_05.tif"),
            *("whole_body_images/001/001_01.tif", "whole_body_images/001/001_02.tif"),
        ),
        sizes=(0, 2, 2),
        has_cameras=False,
        protocol="no-camera",
    ),
    "occluded_duke": Tree(
        images=(
            *("bounding_box_train/0001_c2_f0046182.jpg", "bounding_box_train/0007_c8_f0000001.jpg"),
            *("query/0075_c4_f0044378.jpg", "bounding_box_test/0075_c1_f0073279.jpg"),
        ),
        sizes=(2, 1, 1),
    ),
    "p_dukemtmc": Tree(
        images=(
            *("train/occluded_body_images/0001/0001_01.jpg", "train/whole_body_images/0001/0001_02.jpg"),
            *("test/occluded_body_images/0005/0005_01.jpg", "test/whole_body_images/0005/0005_01.jpg"),
        ),
        sizes=(2, 1, 1),
        has_cameras=False,
        protocol="no-camera",
    ),
}
