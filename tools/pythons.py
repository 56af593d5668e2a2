"""Get every Python that projects may choose, and its base images: `make pythons`.

Tests leave out what is not on the machine, unless `REQUIRE_PYTHONS` is set.
"""

from answers import CHOICES, FACTS
from project import TEMPLATE, docker_answers, run


def main() -> None:
    """Install the Pythons; pull the images if there is an engine."""
    versions = CHOICES["python_version"]
    print(run(["uv", "python", "install", *versions], TEMPLATE), end="")
    if docker_answers():
        names = {facts["python_image"] for facts in FACTS["_base_images"].values()}
        for image in sorted(name.replace("%s", version) for name in names for version in versions):
            print(run(["docker", "pull", "--quiet", image], TEMPLATE), end="")


if __name__ == "__main__":
    main()
