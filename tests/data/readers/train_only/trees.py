"""Trees of the readers of what is only learned from: two people each, as FastReID's folders hold them."""

from tests.data.readers.trees import Tree

TRAIN_ONLY = {
    "airportalert": Tree(
        images=(
            "AirportALERT/cam1/11001/001.jpg",
            "AirportALERT/cam2/11001/002.jpg",
            "AirportALERT/cam2/352/003.jpg",
        ),
        sizes=(2, 0, 0),
        texts={
            "AirportALERT/filepath.txt": "cam1\\11001\\001.jpg\ncam2\\11001\\002.jpg\ncam2\\352\\003.jpg\n"
        },
    ),
    "pku": Tree(
        images=("PKUv1a_128x48/1_1_1.png", "PKUv1a_128x48/114_2_8.png"),
        sizes=(2, 0, 0),
    ),
    "prai": Tree(
        images=("PRAI-1581/images/00000001_0001_00000001.jpg", "PRAI-1581/images/00001581_0002_00000020.jpg"),
        sizes=(2, 0, 0),
    ),
    "saivt": Tree(
        images=(
            "SAIVT-SoftBio/cropped_images/001/Subject001-1-3-0001.jpeg",
            "SAIVT-SoftBio/cropped_images/152/Subject152-1-8-0042.jpeg",
        ),
        sizes=(2, 0, 0),
    ),
    "sysu_mm": Tree(
        images=tuple(f"SYSU-MM01/cam{camera}/0001/0001.jpg" for camera in range(1, 7)),
        sizes=(4, 0, 0),
    ),
    "thermalworld": Tree(
        images=("thermalworld_rgb/0/1.jpg", "thermalworld_rgb/408/2.jpg"),
        sizes=(2, 0, 0),
        has_cameras=False,
        protocol="no-camera",
    ),
    "pes3d": Tree(
        images=("3DPeS/1/1_16_FRAME_7_RGB.bmp", "3DPeS/192/192_1_FRAME_9_RGB.bmp"),
        sizes=(2, 0, 0),
        has_cameras=False,
        protocol="no-camera",
    ),
    "caviara": Tree(
        images=("CAVIARa/0001001.jpg", "CAVIARa/0072010.jpg"),
        sizes=(2, 0, 0),
        has_cameras=False,
        protocol="no-camera",
    ),
    "lpw": Tree(
        images=(
            "pep_256x128/data_slim/scen1/view1/1/00001.jpg",
            "pep_256x128/data_slim/scen2/view1/1/00001.jpg",
            "pep_256x128/data_slim/scen3/view4/7/00003.jpg",
        ),
        sizes=(3, 0, 0),
    ),
    "shinpuhkan": Tree(
        images=("shinpuhkan/images/001/001_01_03_0001.jpg", "shinpuhkan/images/024/024_02_16_0007.jpg"),
        sizes=(2, 0, 0),
    ),
    "wildtrackcrop": Tree(
        images=(
            "Wildtrack_crop_dataset/crop/0/0_00000000.png",
            "Wildtrack_crop_dataset/crop/312/6_00001995.png",
        ),
        sizes=(2, 0, 0),
    ),
    "ilids_train": Tree(images=("iLIDS/001/1_0001.png", "iLIDS/119/2_0003.png"), sizes=(2, 0, 0)),
    "prid_train": Tree(
        images=("prid_2011/slim_train/person_0001/a_0001.png", "prid_2011/slim_train/person_0200/b_0031.png"),
        sizes=(2, 0, 0),
    ),
    "grid_train": Tree(
        images=(
            "underground_reid/images/0001_1_25004_107_32_106_221.jpeg",
            "underground_reid/images/0250_8_25004_90_36_108_229.jpeg",
            "underground_reid/images/0000_5_25006_90_36_108_229.jpeg",
        ),
        sizes=(2, 0, 0),
    ),
    "viper_train": Tree(images=("VIPeR/cam_a/001_45.bmp", "VIPeR/cam_b/001_90.bmp"), sizes=(2, 0, 0)),
}
