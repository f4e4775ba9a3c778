from reidkit.core.types import Sample
from reidkit.data.duplicate_checks import check_duplicates
from reidkit.data.duplicates import Duplicate
from reidkit.data.file_checks import read_files


def test_queries_in_the_gallery_are_a_warning(tmp_path):
    def sample(name):
        return Sample((tmp_path / name,), "ann")

    found = [
        Duplicate("query-in-gallery", sample(f"q{n}"), sample(f"g{n}"), ("query", "gallery"), 0, True)
        for n in range(3)
    ]
    (finding,) = check_duplicates(found, read_files((), decode="all"))
    assert (finding.level, finding.code) == ("warning", "query-copies-in-gallery")
    assert finding.message.startswith(
        f"3 queries lie in the gallery once more, as another file of equal pixels that counts as a match "
        f"(e.g. {tmp_path / 'q0'} and {tmp_path / 'g0'})."
    )


def test_nothing_found_is_no_finding():
    assert list(check_duplicates((), read_files((), decode="all"))) == []
