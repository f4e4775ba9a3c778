"""The data sets that are only learned from, in the folders that FastReID reads.

Most have no division into train and test images, or one that FastReID leaves unused to learn from all.
Where no count was surely published for these very files, there is none.
"""

import re

from reidkit.core.types import SplitCounts
from reidkit.data.readers.benchmark import Benchmark
from reidkit.data.readers.train_only.named_images import TrainOnlySet

_TERMS = (
    "Under the conditions of its authors, whom to ask; do not publish or pass on images of the people shown."
)

_SAME_PEOPLE = (
    "Its people are also those of the reader '{reader}': do not judge by that what learned from this."
)


def _obtain(source: str, form: str) -> str:
    return (
        f"How to obtain it: {source}; arrange the images as FastReID reads them, {form}, and give the "
        f"folder; reidkit downloads no images of people."
    )


AIRPORT_ALERT = TrainOnlySet(
    benchmark=Benchmark(
        name="airportalert",
        title="Airport (ALERT)",
        kind="person",
        reference=(
            "Karanam, Gou, Wu, Rates-Borras, Camps, Radke, A Systematic Evaluation and Benchmark for Person "
            "Re-Identification: Features, Metrics, and Datasets, IEEE TPAMI 2019"
        ),
        how_to_obtain=_obtain(
            "ask the ALERT center of Northeastern University",
            "AirportALERT/<camera>/<identity>/<image>.jpg with the list AirportALERT/filepath.txt",
        ),
        terms=_TERMS,
    ),
    folder="AirportALERT",
    pattern=re.compile(r"(?P<camera>[^/]+)/(?P<identity>[0-9]+)/[^/]+"),
    form="<camera>/<identity>/<image>",
    name_hint="airport",
    first_identity=11001,  # FastReID reads no smaller ones either
    list_name="filepath.txt",
)

PKU = TrainOnlySet(
    benchmark=Benchmark(
        name="pku",
        title="PKU-Reid",
        kind="person",
        reference=(
            "Ma, Liu, Hu, Wang, Sun, Orientation Driven Bag of Appearances for Person Re-identification, "
            "arXiv 1605.02464, 2016"
        ),
        how_to_obtain=_obtain(
            "get it from the page of its authors, github.com/charliememory/PKU-Reid-Dataset",
            "PKUv1a_128x48/<identity>_<camera>_<number>.png",
        ),
        terms=_TERMS,
        counts={"train": SplitCounts(identities=114, images=1824, cameras=2)},
    ),
    folder="PKUv1a_128x48",
    pattern=re.compile(r"(?P<identity>[^_/]+)_(?P<camera>[^_/]+)_[^/]*\.png"),
    form="<identity>_<camera>_<number>.png",
    name_hint="pku",
)

PRAI = TrainOnlySet(
    benchmark=Benchmark(
        name="prai",
        title="PRAI-1581",
        kind="person",
        reference=(
            "Zhang, Zhang, Yang, Wei, Wang, Jiao, Zhang, Person Re-identification in Aerial Imagery, "
            "IEEE Transactions on Multimedia 2020"
        ),
        how_to_obtain=_obtain(
            "get it from the page of its authors, github.com/stormyoung/PRAI-1581",
            "PRAI-1581/images/<identity>_<camera>_<number>.jpg",
        ),
        terms=_TERMS,
    ),
    folder="images",
    pattern=re.compile(r"(?P<identity>[^_/]+)_(?P<camera>[^_/]+)_[^/]*\.jpg"),
    form="<identity>_<camera>_<number>.jpg",
    name_hint="prai",
)

SAIVT = TrainOnlySet(
    benchmark=Benchmark(
        name="saivt",
        title="SAIVT-SoftBio",
        kind="person",
        reference=(
            "Bialkowski, Denman, Sridharan, Fookes, Lucey, A Database for Person Re-Identification in "
            "Multi-Camera Surveillance Networks, DICTA 2012"
        ),
        how_to_obtain=_obtain(
            "ask the SAIVT group of Queensland University of Technology (github.com/qutsaivt/SoftBioDB), and "
            "crop the people out of its frames",
            "SAIVT-SoftBio/cropped_images/<identity>/<...>-<...>-<camera>-<frame>.jpeg",
        ),
        terms="Creative Commons Attribution-ShareAlike 3.0 Australia, with thanks to its authors.",
    ),
    folder="cropped_images",
    pattern=re.compile(r"(?P<identity>[^/]+)/[^-/]+-[^-/]+-(?P<camera>[^-/]+)-[^/]*\.jpeg"),
    form="<identity>/<...>-<...>-<camera>-<frame>.jpeg",
    name_hint="saivt",
)

SYSU_MM = TrainOnlySet(
    benchmark=Benchmark(
        name="sysu_mm",
        title="SYSU-MM01 (colour images)",
        kind="person",
        reference=(
            "Wu, Zheng, Yu, Gong, Lai, RGB-Infrared Cross-Modality Person Re-Identification, ICCV 2017"
        ),
        how_to_obtain=_obtain(
            "ask its authors at Sun Yat-sen University (github.com/wuancong/SYSU-MM01)",
            "SYSU-MM01/cam1/<identity>/<image>.jpg and so on",
        ),
        terms=_TERMS,
    ),
    folder="",
    entries=("cam1/", "cam2/", "cam4/", "cam5/"),  # 3 and 6 are infrared
    pattern=re.compile(r"cam(?P<camera>[1245])/(?P<identity>[^/]+)/[^/]+\.jpg"),
    form="cam<1, 2, 4 or 5>/<identity>/<image>.jpg",
    name_hint="sysu",
)

THERMALWORLD = TrainOnlySet(
    benchmark=Benchmark(
        name="thermalworld",
        title="ThermalWorld (colour images)",
        kind="person",
        reference=(
            "Kniaz, Knyaz, Hladuvka, Kropatsch, Mizginov, ThermalGAN: Multimodal Color-to-Thermal Image "
            "Translation for Person Re-Identification in Multispectral Dataset, ECCV Workshops 2018"
        ),
        how_to_obtain=_obtain(
            "get it from the page of its authors, zefirus.org/ThermalGAN",
            "thermalworld_rgb/<identity>/<image>.jpg",
        ),
        terms=_TERMS,
        protocol="no-camera",
    ),
    folder="thermalworld_rgb",
    pattern=re.compile(r"(?P<identity>[^/]+)/[^/]+\.jpg"),
    form="<identity>/<image>.jpg",
    name_hint="thermal",
)

PES3D = TrainOnlySet(
    benchmark=Benchmark(
        name="pes3d",
        title="3DPeS",
        kind="person",
        reference=(
            "Baltieri, Vezzani, Cucchiara, 3DPeS: 3D People Dataset for Surveillance and Forensics, "
            "ACM Workshop on Human Gesture and Behavior Understanding 2011"
        ),
        how_to_obtain=_obtain(
            "ask the ImageLab of the University of Modena and Reggio Emilia", "3DPeS/<identity>/<image>.bmp"
        ),
        terms=_TERMS,
        protocol="no-camera",
    ),
    folder="3DPeS",
    pattern=re.compile(r"(?P<identity>[^/]+)/[^/]+\.bmp"),
    form="<identity>/<image>.bmp",
    name_hint="3dpes",
)

CAVIARA = TrainOnlySet(
    benchmark=Benchmark(
        name="caviara",
        title="CAVIAR4REID",
        kind="person",
        reference=(
            "Cheng, Cristani, Stoppa, Bazzani, Murino, Custom Pictorial Structures for Re-identification, "
            "BMVC 2011"
        ),
        how_to_obtain=_obtain(
            "get it from the page of its authors, lorisbaz.github.io/caviar4reid.html",
            "CAVIARa/<identity, four digits><number>.jpg",
        ),
        terms=_TERMS,
        protocol="no-camera",
    ),
    folder="CAVIARa",
    pattern=re.compile(r"(?P<identity>[0-9]{4})[^/]*\.jpg"),
    form="<identity, four digits><number>.jpg",
    name_hint="caviar",
)

LPW = TrainOnlySet(
    benchmark=Benchmark(
        name="lpw",
        title="Labeled Pedestrian in the Wild",
        kind="person",
        reference=(
            "Song, Leng, Liu, Hetang, Cai, Region-based Quality Estimation Network for Large-Scale Person "
            "Re-identification, AAAI 2018"
        ),
        how_to_obtain=_obtain(
            "get it from the page of its authors, liuyu.us/dataset/lpw",
            "pep_256x128/data_slim/scen1/<camera>/<identity>/<image>.jpg and so on",
        ),
        terms=_TERMS,
    ),
    folder="",
    entries=("scen1/", "scen2/", "scen3/"),
    pattern=re.compile(r"(?P<scene>scen[123])/(?P<camera>[^/]+)/(?P<identity>[^/]+)/[^/]+\.jpg"),
    form="scen<1, 2 or 3>/<camera>/<identity>/<image>.jpg",
    name_hint="slim",
)

SHINPUHKAN = TrainOnlySet(
    benchmark=Benchmark(
        name="shinpuhkan",
        title="Shinpuhkan 2014",
        kind="person",
        reference=(
            "Kawanishi, Wu, Mukunoki, Minoh, Shinpuhkan2014: A Multi-Camera Pedestrian Dataset for Tracking "
            "People across Multiple Cameras, Korea-Japan Joint Workshop on Frontiers of Computer Vision 2014"
        ),
        how_to_obtain=_obtain(
            "ask its authors at Kyoto University",
            "shinpuhkan/<any folders>/<identity>_<...>_<camera>_<number>.jpg",
        ),
        terms=_TERMS,
    ),
    folder="shinpuhkan",
    pattern=re.compile(r"(?:[^/]+/)*(?P<identity>[^_/]+)_[^_/]+_(?P<camera>[^_/]+)_[^/]*\.jpg"),
    form="<any folders>/<identity>_<...>_<camera>_<number>.jpg",
    name_hint="shinpuhkan",
)

WILDTRACK_CROP = TrainOnlySet(
    benchmark=Benchmark(
        name="wildtrackcrop",
        title="WILDTRACK (cropped)",
        kind="person",
        reference=(
            "Chavdarova, Baqué, Bouquet, Maksai, Jose and others, WILDTRACK: A Multi-camera HD Dataset "
            "for Dense Unscripted Pedestrian Detection, CVPR 2018"
        ),
        how_to_obtain=_obtain(
            "get the frames from the page of its authors, epfl.ch/labs/cvlab/data/data-wildtrack, and crop "
            "the people out of them",
            "Wildtrack_crop_dataset/crop/<identity>/<camera>_<number>.png",
        ),
        terms=_TERMS,
        # As FastReID states them for its crops.
        counts={"train": SplitCounts(identities=313, images=33979, cameras=7)},
    ),
    folder="crop",
    pattern=re.compile(r"(?P<identity>[^/]+)/(?P<camera>[^_/]+)_[^/]*\.png"),
    form="<identity>/<camera>_<number>.png",
    name_hint="wildtrack",
)

ILIDS_TRAIN = TrainOnlySet(
    benchmark=Benchmark(
        name="ilids_train",
        title="i-LIDS (all to learn from)",
        kind="person",
        reference="Zheng, Gong, Xiang, Associating Groups of People, BMVC 2009",
        how_to_obtain=_obtain(
            "ask its authors at Queen Mary University of London", "iLIDS/<identity>/<camera>_<number>.png"
        ),
        terms=_TERMS,
    ),
    folder="iLIDS",
    pattern=re.compile(r"(?P<identity>[^/]+)/(?P<camera>[^_/]+)_[^/]*\.png"),
    form="<identity>/<camera>_<number>.png",
    name_hint="ilids",
    notes=(_SAME_PEOPLE.format(reader="ilids"),),
)

PRID_TRAIN = TrainOnlySet(
    benchmark=Benchmark(
        name="prid_train",
        title="PRID 2011 (slim_train)",
        kind="person",
        reference=(
            "Hirzer, Beleznai, Roth, Bischof, Person Re-identification by Descriptive and Discriminative "
            "Classification, SCIA 2011"
        ),
        how_to_obtain=_obtain(
            "get PRID 2011 from the page of its authors at Graz University of Technology",
            "prid_2011/slim_train/<...>_<identity>/<camera>_<number>.png",
        ),
        terms=_TERMS,
    ),
    folder="slim_train",
    pattern=re.compile(r"(?:[^/]+/)*[^_/]+_(?P<identity>[^_/]+)[^/]*/(?P<camera>[^_/]+)_[^/]*\.png"),
    form="<...>_<identity>/<camera>_<number>.png",
    name_hint="prid",
    notes=(_SAME_PEOPLE.format(reader="prid2011"),),
)

GRID_TRAIN = TrainOnlySet(
    benchmark=Benchmark(
        name="grid_train",
        title="GRID (all to learn from)",
        kind="person",
        reference="Loy, Liu, Gong, Person Re-Identification by Manifold Ranking, ICIP 2013",
        how_to_obtain=_obtain(
            "get underground_reid.zip from the page of Chen Change Loy",
            "underground_reid/images/<identity>_<camera>_<number>.jpeg",
        ),
        terms=_TERMS,
    ),
    folder="images",
    pattern=re.compile(r"(?P<identity>[0-9]+)_(?P<camera>[^_/]+)_[^/]*\.jpeg"),
    form="<identity>_<camera>_<number>.jpeg",
    name_hint="underground",
    first_identity=1,  # 0 is not one person: all who were seen once have it
    notes=(_SAME_PEOPLE.format(reader="grid"),),
)

VIPER_TRAIN = TrainOnlySet(
    benchmark=Benchmark(
        name="viper_train",
        title="VIPeR (all to learn from)",
        kind="person",
        reference=(
            "Gray, Brennan, Tao, Evaluating Appearance Models for Recognition, Reacquisition, and Tracking, "
            "PETS 2007"
        ),
        how_to_obtain=_obtain(
            "get VIPeR.v1.0.zip from the page of its authors at the University of California, Santa Cruz",
            "VIPeR/cam_a/<identity>_<angle>.bmp and VIPeR/cam_b/<identity>_<angle>.bmp",
        ),
        terms=_TERMS,
        counts={"train": SplitCounts(identities=632, images=1264, cameras=2)},
    ),
    folder="",
    entries=("cam_a/", "cam_b/"),
    pattern=re.compile(r"cam_(?P<camera>[ab])/(?P<identity>[0-9]+)_[^/]*\.bmp"),
    form="cam_<a or b>/<identity>_<angle>.bmp",
    name_hint="viper",
    notes=(_SAME_PEOPLE.format(reader="viper"),),
)

TRAIN_ONLY_SETS = (
    AIRPORT_ALERT, PKU, PRAI, SAIVT, SYSU_MM, THERMALWORLD, PES3D, CAVIARA, LPW, SHINPUHKAN, WILDTRACK_CROP,
    ILIDS_TRAIN, PRID_TRAIN, GRID_TRAIN, VIPER_TRAIN,
)  # fmt: skip
