"""What one connection of the load test does, for locust; the last word of the command is a folder."""

import random
from pathlib import Path

from locust import HttpUser, constant, events, task

IMAGES: list[bytes] = []
IDS: list[str] = []


@events.init_command_line_parser.add_listener
def take_folder(parser) -> None:  # noqa: ANN001 - locust's own
    """Take the folder of images."""
    parser.add_argument("images", type=Path)


@events.test_start.add_listener
def read_images(environment, **_) -> None:  # noqa: ANN001, ANN003 - locust's own
    """Read the images once."""
    paths = sorted(environment.parsed_options.images.rglob("*.jpg"))[:200]
    IMAGES.extend(path.read_bytes() for path in paths)


class Caller(HttpUser):
    """One connection that calls without a pause."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Learn some template ids."""
        if not IDS:
            page = self.client.get("/v1/templates?limit=100").json()
            IDS.extend(item["template_id"] for item in page["templates"])

    def _image(self) -> tuple[str, bytes]:
        return "a.jpg", random.choice(IMAGES)

    @task(6)
    def search(self) -> None:
        """Search for one image."""
        self.client.post("/v1/search", files={"images": self._image()}, data={"top": 10})

    @task(2)
    def compare(self) -> None:
        """Compare two images."""
        self.client.post("/v1/compare", files={"first": self._image(), "second": self._image()})

    @task(2)
    def embed(self) -> None:
        """Embed three images."""
        self.client.post("/v1/embed", files=[("images", self._image()) for _ in range(3)])

    @task(4)
    def look(self) -> None:
        """Look at a picture."""
        self.client.get("/v1/picture", params={"template_id": random.choice(IDS)}, name="/v1/picture")

    @task(2)
    def read(self) -> None:
        """List individuals."""
        self.client.get("/v1/identities?limit=20", name="/v1/identities")

    @task(1)
    def add(self) -> None:
        """Add an image; after some rounds all of them replace others, so that the gallery stops growing."""
        data = {"identity": f"added{random.randrange(20)}"}
        self.client.post("/v1/templates", files={"images": self._image()}, data=data)
