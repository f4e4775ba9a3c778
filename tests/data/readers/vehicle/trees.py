"""Trees of the readers of vehicles."""

from tests.data.readers.trees import Tree

TRAIN_LABELS = (
    '<?xml version="1.0" encoding="gb2312"?>\n<TrainingImages Version="1.0">\n<Items number="2">\n'
    '<Item imageName="0001_c001_00016450_0.jpg" vehicleID="0001" cameraID="c001" colorID="5" typeID="4" />\n'
    '<Item imageName="0003_c020_00042755_1.jpg" vehicleID="0003" cameraID="c020" colorID="7" typeID="0" />\n'
    "</Items>\n</TrainingImages>\n"
)

VEHICLE = {
    "veri776": Tree(
        protocol="veri",
        images=(
            *("image_train/0001_c001_00016450_0.jpg", "image_train/0003_c020_00042755_1.jpg"),
            *("image_query/0002_c002_00030600_0.jpg", "image_test/0002_c002_00030600_0.jpg"),
            *("image_test/0002_c003_00084280_0.jpg", "image_test/0005_c017_00033180_0.jpg"),
        ),
        sizes=(2, 1, 3),
        texts={"train_label.xml": TRAIN_LABELS},
    ),
    "vehicleid": Tree(
        images=tuple(f"image/{number:07d}.jpg" for number in range(1, 8)),
        sizes=(2, 3, 2),
        texts={
            "train_test_split/train_list.txt": "0000001 11\n0000002 12\n",
            "train_test_split/test_list_800.txt": "0000003 21\n0000004 21\n0000005 21\n0000006 22\n0000007 22\n",
        },
        has_cameras=False,
        protocol="vehicleid",
    ),
    "veriwild": Tree(
        protocol="veriwild",
        images=(
            *("images/00001/000001.jpg", "images/00001/000002.jpg"),
            *("images/30672/277798.jpg", "images/30672/277799.jpg", "images/30673/277800.jpg"),
        ),
        sizes=(2, 1, 2),
        texts={
            "train_test_split/vehicle_info.txt": (
                "id/image;Camera ID;Time;Model;Type;Color\n"
                "00001/000001;12;2018-03-11 02:39:37;Volkswagen;SUV;black\n"
                "00001/000002;174;2018-03-11 02:41:02;Volkswagen;SUV;black\n"
                "30672/277798;1;2018-03-12 08:00:00;Audi;Sedan;white\n"
                "30672/277799;2;2018-03-12 08:10:00;Audi;Sedan;white\n"
                "30673/277800;2;2018-03-12 09:10:00;;;\n"
            ),
            "train_test_split/train_list.txt": "00001/000001\n00001/000002\n",
            "train_test_split/test_3000_query.txt": "30672/277798\n",
            "train_test_split/test_3000.txt": "30672/277799\n30673/277800\n",
        },
    ),
}
