"""The commands around the service, up to where it would start to listen."""

from pathlib import Path

import pytest

from reidkit.serve.server import address_of, settle_access
from reidkit.serve.settings import ServiceSettings
from tests.cli.conftest import Command


def test_the_demo_keeps_people_and_leaves_strangers_out(
    reidkit: Command, run_folder: Path, dataset_root: Path
):
    options = ("--run", run_folder, "--data", dataset_root, "--device", "cpu", "--no-serve")
    made = reidkit("demo", *options)
    assert made.code == 0, made.err
    # Three cameras, one gallery image each, of four of the five people.
    assert "12 pictures of 4 people in runs/demo/gallery-" in made.out
    lines = made.out.strip().splitlines()[-3:]
    for line, about in zip(
        lines, ("somebody who is in the gallery", "a stranger", "several people"), strict=True
    ):
        path, _, said = line.strip().partition("  ")
        assert said.strip().startswith(about)
        assert Path(path).is_file()
    (place,) = Path("runs/demo").glob("gallery-*")
    version = reidkit("gallery", "stats", place).out
    assert reidkit("demo", *options).code == 0  # again: taken up as it is
    assert reidkit("gallery", "stats", place).out == version


def test_the_demo_trains_first_where_there_is_no_model(reidkit: Command, monkeypatch: pytest.MonkeyPatch):
    asked = []
    monkeypatch.setattr("reidkit.cli.quickstart.quickstart", lambda **places: asked.append(places))
    result = reidkit("demo", "--no-serve")
    assert "so the quickstart comes first" in result.out
    assert asked == [{"out": Path("runs/quickstart"), "data": Path("data/synthetic")}]
    assert result.code == 2  # the quickstart of this test trains nothing
    assert "model.safetensors" in result.err


def test_serving_says_where_and_how_open(reidkit: Command, run_folder: Path, monkeypatch: pytest.MonkeyPatch):
    started = []
    monkeypatch.setattr("reidkit.serve.server.run_server", lambda *where: started.append(where))
    assert reidkit("gallery", "create", "g", "--model", run_folder).code == 0
    local = reidkit("serve", "-g", "g", "--model", run_folder, "--port", 8001, "--device", "cpu")
    assert local.code == 0, local.err
    assert "serving g; open http://localhost:8001/\n" in local.out
    (app, host, port) = started[0]
    assert (host, port) == ("127.0.0.1", 8001)
    assert app.state.service.settings.hosts == ("localhost", "127.0.0.1", "[::1]", "::1")
    wide = reidkit("serve", "-g", "g", "--model", run_folder, "--host", "0.0.0.0", "--token", "t")
    assert "open http://localhost:8000/#token=t\n" in wide.out
    wrong = reidkit("serve", "-g", "g", "--model", run_folder, "--images", "gone")
    assert wrong.code == 2
    assert wrong.err.startswith("Error: Folder is not there, got ")
    assert reidkit("serve", "-g", "none", "--model", run_folder).err.startswith("Error: Gallery not found")


def test_a_network_never_gets_a_service_without_a_token():
    assert settle_access(ServiceSettings(), "127.0.0.1").token is None
    made = settle_access(ServiceSettings(), "0.0.0.0")
    assert len(made.token or "") >= 32
    assert settle_access(ServiceSettings(), "10.0.0.5").token != made.token
    assert settle_access(ServiceSettings(token="t"), "0.0.0.0").token == "t"
    assert address_of(made, "10.0.0.5", 80) == f"http://10.0.0.5:80/#token={made.token}"
