"""Trees of the readers of one's own data in forms that other tools write."""

from tests.data.readers.trees import Tree

OWN_MORE = {
    "layumi": Tree(
        images=(
            "train/0002/0002_c1s1_000451_03.jpg",
            "train_all/0002/0002_c1s1_000451_03.jpg",
            "train_all/0002/0002_c2s1_000551_01.jpg",
            "val/0002/0002_c2s1_000551_01.jpg",
            "query/0001/0001_c1s1_001051_00.jpg",
            "gallery/0001/0001_c2s1_000301_00.jpg",
            "gallery/-1/-1_c1s1_000401_03.jpg",
            "multi-query/0001/0001_c1s1_001001_00.jpg",
        ),
        sizes=(1, 1, 2),
        protocol="market1501-trapezoid",
    ),
    "list_file": Tree(
        images=("images/1.jpg", "images/2.jpg", "images/a b.png", "images/3.jpg"),
        sizes=(2, 1, 1),
        texts={
            "train.txt": "images/1.jpg 7 1\nimages/2.jpg 7 2",
            "query.txt": "images/a b.png\t9\t1",
            "gallery.txt": "images/3.jpg, 9, 2",
        },
    ),
    "motchallenge": Tree(
        images=("MOT17-02-DPM/img1/000001.jpg", "MOT17-02-DPM/img1/000011.jpg", "MOT17-04/img1/000001.jpg"),
        sizes=(2, 2, 2),
        texts={
            "MOT17-02-DPM/gt/gt.txt": "1,1,2,3,4,6,1,1,0.9\n11,1,2,3,4,6,1,1,1\n1,2,1,1,6,12,0,1,1",
            "MOT17-02-DPM/seqinfo.ini": "[Sequence]\nname=MOT17-02-DPM\nimDir=img1\nimWidth=6\nimHeight=12",
            "MOT17-04/gt/gt.txt": "1,1,1,1,6,12,1,1,1\n1,2,2,2,3,3,1,1,0.5\n1,3,1,1,6,12,1,7,1",
        },
        options={"test_sequences": ["MOT17-04"]},
        protocol="no-camera",
    ),
}
