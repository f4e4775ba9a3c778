"""Trees of the readers of people, and of the one of buildings."""

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
    "dukemtmcreid": Tree(
        images=(
            *("bounding_box_train/0001_c2_f0046182.jpg", "bounding_box_train/0001_c5_f0051341.jpg"),
            *("query/0005_c2_f0046985.jpg", "bounding_box_test/0005_c5_f0051781.jpg"),
            "bounding_box_test/7140_c8_f0177434.jpg",
        ),
        sizes=(2, 1, 2),
    ),
    "msmt17": Tree(
        images=(
            "MSMT17_V1/train/0000/0000_000_01_0303morning_0008_0.jpg",
            "MSMT17_V1/train/0000/0000_001_14_0303morning_0008_0_ex.jpg",
            "MSMT17_V1/test/0000/0000_002_01_0303morning_0016_2.jpg",
            "MSMT17_V1/test/0000/0000_005_12_0303noon_0030_1.jpg",
            "MSMT17_V1/test/0253/0253_002_03_0303afternoon_1475_1.jpg",
        ),
        sizes=(1, 1, 2),
        texts={
            "MSMT17_V1/list_train.txt": "0000/0000_000_01_0303morning_0008_0.jpg 0",
            "MSMT17_V1/list_val.txt": "0000/0000_001_14_0303morning_0008_0_ex.jpg 0",
            "MSMT17_V1/list_query.txt": "0000/0000_002_01_0303morning_0016_2.jpg 0",
            "MSMT17_V1/list_gallery.txt": (
                "0000/0000_005_12_0303noon_0030_1.jpg 0\n0253/0253_002_03_0303afternoon_1475_1.jpg 253"
            ),
        },
    ),
    "cuhk03": Tree(
        images=(
            *("detected/bounding_box_train/0003_c1_1.png", "detected/bounding_box_train/0003_c2_6.png"),
            *("detected/query/0001_c1_2.png", "detected/query/0001_c2_7.png"),
            *("detected/bounding_box_test/0001_c1_1.png", "detected/bounding_box_test/0001_c2_10.png"),
            "detected/bounding_box_test/1467_c2_6.png",
            *("labeled/bounding_box_train/0003_c1_1.png", "labeled/query/0001_c1_2.png"),
            "labeled/bounding_box_test/0001_c2_7.png",
        ),
        sizes=(2, 2, 3),
    ),
    "cuhk02": Tree(
        images=(
            *(f"Dataset/P{pair}/cam{view}/001_{view}.png" for pair in (1, 2, 3, 4, 5) for view in (1, 2)),
            *("Dataset/P1/cam1/971_3.png", "Dataset/P5/cam2/239_4.png"),
        ),
        sizes=(9, 1, 2),
    ),
    "sensereid": Tree(
        images=(
            *("SenseReID/test_probe/00001_0.jpg", "SenseReID/test_gallery/00001_1.jpg"),
            "SenseReID/test_gallery/01717_0.jpg",
        ),
        sizes=(0, 1, 2),
    ),
    "cuhksysu": Tree(
        images=(
            *("cropped_images/p1_s1_1.jpg", "cropped_images/p1_s2_1.jpg"),
            "cropped_images/p11422_s16929_1.jpg",
        ),
        sizes=(3, 0, 0),
        has_cameras=False,
        protocol="no-camera",
    ),
    "university1652": Tree(
        images=(
            *("train/drone/0839/image-01.jpeg", "train/drone/0839/image-02.jpeg"),
            *("train/satellite/0839/0839.jpg", "train/street/0839/1.jpg", "train/google/0839/1.jpg"),
            *("test/query_drone/0000/image-01.jpeg", "test/query_drone/0000/image-40.jpeg"),
            *("test/gallery_satellite/0000/0000.jpg", "test/gallery_satellite/0015/0015.jpg"),
            *("test/query_satellite/0000/0000.jpg", "test/gallery_drone/0000/image-01.jpeg"),
        ),
        sizes=(4, 2, 2),
        has_cameras=False,
        protocol="no-camera",
    ),
}
