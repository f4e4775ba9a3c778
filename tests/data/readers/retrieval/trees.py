"""Trees of the readers of general retrieval."""

from pathlib import Path

import numpy as np
import scipy.io

from tests.data.readers.trees import Tree

CARS = (
    ("car_ims/000001.jpg", 1),
    ("car_ims/000002.jpg", 98),
    ("car_ims/008055.jpg", 99),
    ("car_ims/016185.jpg", 196),
)


def plant_cars_annotations(root: Path, images=CARS, name: str = "cars_annos.mat") -> None:
    fields = ["relative_im_path", "bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "test"]
    annotations = np.empty((1, len(images)), [(field, object) for field in fields])
    for position, (image, number) in enumerate(images):
        annotations[0, position] = (image, 112.0, 7.0, 853.0, 717.0, float(number), 0.0)
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(root / name, {"annotations": annotations})


RETRIEVAL = {
    "cub200": Tree(
        images=(
            "images/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18.jpg",
            "images/100.Brown_Pelican/Brown_Pelican_0001_94022.jpg",
            "images/101.White_Pelican/White_Pelican_0001_96422.jpg",
            "images/101.White_Pelican/White_Pelican_0002_96271.jpg",
            "images/200.Common_Yellowthroat/Common_Yellowthroat_0003_190521.jpg",
        ),
        sizes=(2, 3, 3),
        texts={"images.txt": "1 001.Black_footed_Albatross/Black_Footed_Albatross_0046_18.jpg\n"},
        has_cameras=False,
        protocol="no-camera",
    ),
    "cars196": Tree(
        images=tuple(image for image, _ in CARS),
        sizes=(2, 2, 2),
        plant=plant_cars_annotations,
        has_cameras=False,
        protocol="no-camera",
    ),
    "sop": Tree(
        images=(
            *("bicycle_final/111085122871_0.JPG", "bicycle_final/111085122871_1.JPG"),
            *("toaster_final/400568583264_0.JPG", "toaster_final/400568583264_1.JPG"),
        ),
        sizes=(2, 2, 2),
        texts={
            "Ebay_train.txt": (
                "image_id class_id super_class_id path\n"
                "1 1 1 bicycle_final/111085122871_0.JPG\n2 1 1 bicycle_final/111085122871_1.JPG\n"
            ),
            "Ebay_test.txt": (
                "image_id class_id super_class_id path\n"
                "59552 11319 12 toaster_final/400568583264_0.JPG\n59553 11319 12 toaster_final/400568583264_1.JPG\n"
            ),
        },
        has_cameras=False,
        protocol="no-camera",
    ),
    "inshop": Tree(
        images=(
            *(
                "Img/img/WOMEN/Dresses/id_00000002/02_1_front.jpg",
                "Img/img/WOMEN/Dresses/id_00000002/02_2_side.jpg",
            ),
            *(
                "Img/img/MEN/Denim/id_00000080/01_1_front.jpg",
                "Img/img/MEN/Denim/id_00000080/01_7_additional.jpg",
            ),
        ),
        sizes=(2, 1, 1),
        texts={
            "Eval/list_eval_partition.txt": (
                "4\nimage_name item_id evaluation_status\n"
                "img/WOMEN/Dresses/id_00000002/02_1_front.jpg                       id_00000002 train\n"
                "img/WOMEN/Dresses/id_00000002/02_2_side.jpg                        id_00000002 train\n"
                "img/MEN/Denim/id_00000080/01_1_front.jpg                           id_00000080 query\n"
                "img/MEN/Denim/id_00000080/01_7_additional.jpg                      id_00000080 gallery\n"
            )
        },
        has_cameras=False,
        protocol="no-camera",
    ),
}
