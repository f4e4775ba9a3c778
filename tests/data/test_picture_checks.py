from reidkit.core.types import Sample
from reidkit.data.file_checks import Picture, read_files
from reidkit.data.odd_pictures import OddPicture
from reidkit.data.picture_checks import check_pictures
from tests.data.photos import write_photo


def test_odd_pictures_are_counted_with_examples(tmp_path):
    paths = [write_photo(tmp_path / f"{number}.png", number) for number in range(6)]
    files = read_files((Sample((path,), 1) for path in paths), decode="all")
    odd = [
        *(OddPicture("tiny", Picture(path, None), 6, 12) for path in paths[:4]),
        OddPicture("flat", Picture(paths[4], None), 40, 80),
        OddPicture("odd-shape", Picture(paths[5], (0, 0, 9, 99)), 9, 99),
    ]
    tiny, flat, shape = check_pictures(odd, files)
    assert (tiny.level, tiny.code) == ("warning", "tiny-images")
    assert tiny.message == (
        f"4 of 6 pictures are less than 8 pixels wide or high (e.g. {paths[0]} of 6 x 12, {paths[1]} of 6 x 12, "
        f"{paths[2]} of 6 x 12 and 1 more; width x height). Remove them."
    )
    assert (flat.level, flat.code) == ("warning", "flat-images")
    assert flat.message.startswith("1 of 6 pictures is of one colour or nearly black")
    assert (shape.level, shape.code) == ("note", "odd-shapes")
    assert "of 9 x 99" in shape.message
    assert list(check_pictures((), files)) == []
