import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_a_gallery_from_first_to_last(reidkit: Command, run_folder: Path, dataset_root: Path):
    people = sorted(path for path in (dataset_root / "train").iterdir() if path.is_dir())[:3]
    model = ("--model", run_folder)
    assert reidkit("gallery", "create", "g", *model).code == 0
    for person in people:
        added = reidkit("gallery", "add", "g", person, "--camera", "7", *model)
        assert added.code == 0, added.err
    again = reidkit("gallery", "add", "g", people[0], *model)
    counted = json.loads(reidkit("gallery", "stats", "g", "--json").out)
    assert counted["identities"] == 3
    assert f"it holds {counted['templates']} templates of 3 identities" in again.out + again.err

    photo = sorted(path for path in people[1].iterdir() if path.is_file())[0]
    found = reidkit("gallery", "search", "g", photo, "--top", "2", *model)
    assert re.search(rf"1 0\.0000 +[0-9.]+% same +{people[1].name}", found.out)
    (answer,) = json.loads(reidkit("gallery", "search", "g", photo, "--json", *model).out)
    assert answer["hits"][0]["template"]["source"] == str(photo)

    names = [person.name for person in people]
    assert "are now 'both'" in reidkit("gallery", "merge", "g", *names[:2], "--into", "both").out
    template = answer["hits"][0]["template"]["template_id"]
    assert "1 templates are now 'alone'" in reidkit("gallery", "split", "g", template, "--into", "alone").out
    assert "would be removed" in reidkit("gallery", "remove", "g", "--where", "camera = '7'", "--dry-run").out
    exported = reidkit("gallery", "export", "g", "g.parquet")
    assert exported.out.startswith("wrote g.parquet: ")
    assert reidkit("gallery", "remove", "g", "--where", "identity = 'both'").code == 0
    assert reidkit("gallery", "import", "g", "g.parquet").code == 0
    assert json.loads(reidkit("gallery", "stats", "g", "--json").out)["templates"] == counted["templates"]


def test_faults_are_one_message(reidkit: Command, run_folder: Path):
    missing = reidkit("gallery", "stats", "nothing")
    assert missing.code == 2
    assert missing.err.startswith("Error: Gallery not found, got nothing. Expected a folder made by")
    assert reidkit("gallery", "create", "g", "--model", run_folder).code == 0
    assert "exists already" in reidkit("gallery", "create", "g", "--model", run_folder).err
    assert "expected a file ending in .parquet" in reidkit("gallery", "export", "g", "g.csv").err


def test_templates_are_changed_and_expire(reidkit: Command, run_folder: Path, dataset_root: Path):
    photo = sorted((dataset_root / "query").rglob("*.png"))[0]
    model = ("--model", run_folder)
    assert reidkit("gallery", "create", "g", *model).code == 0
    noon = "2026-01-31T12:00:00+00:00"
    assert reidkit("gallery", "add", "g", photo, "--identity", "anna", "--time", noon, *model).code == 0
    kept = reidkit(
        "gallery", "update", "g", "--where", "identity = 'anna'", "--notes", "red", "--camera", "3"
    )
    assert kept.out == "1 templates changed\n"
    (answer,) = json.loads(reidkit("gallery", "search", "g", photo, "--json", *model).out)
    template = answer["hits"][0]["template"]
    assert (template["camera"], template["notes"], template["time"]) == (
        "3",
        "red",
        "2026-01-31 12:00:00+00:00",
    )
    assert answer["hits"][0]["probability"] == answer["probability"] > 0.5
    assert "probability of the same" in reidkit("gallery", "search", "g", photo, *model).out
    assert reidkit("gallery", "update", "g", "--where", "camera = '3'", "--camera", "").code == 0
    assert (
        "0 templates would" in reidkit("gallery", "remove", "g", "--where", "camera = '3'", "--dry-run").out
    )
    assert "0 templates had expired" in reidkit("gallery", "expire", "g").out
    reidkit("gallery", "update", "g", "--where", "identity = 'anna'", "--expires-at", noon)
    assert "1 templates had expired; it holds 0" in reidkit("gallery", "expire", "g").out
    wrong = reidkit("gallery", "update", "g", "--where", "true", "--time", "noon")
    assert wrong.err.startswith(
        "Error: Time is not understood, got 'noon'. Expected ISO 8601 with a time zone"
    )


def test_addresses_of_object_storage_are_passed_on(reidkit: Command, monkeypatch: pytest.MonkeyPatch):
    def connect(uri: str, **_: object) -> object:
        raise OSError(f"asked for {uri}")

    monkeypatch.setattr("lancedb.connect", connect)
    result = reidkit("gallery", "stats", "gs://bucket/people")
    assert result.err.startswith(
        "Error: Gallery gs://bucket/people cannot be opened: asked for gs://bucket/people."
    )


def test_a_small_gallery_needs_no_index(reidkit: Command, run_folder: Path):
    assert reidkit("gallery", "create", "g", "--model", run_folder).code == 0
    result = reidkit("gallery", "index", "g")
    assert result.code == 2
    assert "too small for an index, got 0 templates" in result.err
