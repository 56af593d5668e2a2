import pytest
from small_image import STEPS, small_image

from image import docker
from image.check import check, main
from image.layers import ImageError


def test_an_image_within_its_budget_says_how_much_room_is_left() -> None:
    image = small_image()
    assert (
        check(image, image.added)
        == "The image has 1 kB above its base image; the budget of 1 kB leaves 0 kB."
    )
    assert check(image, 3_001_000).endswith("the budget of 3.0 MB leaves 3.0 MB.")


def test_an_image_over_its_budget_says_by_how_much_and_what_is_largest() -> None:
    image = small_image()
    with pytest.raises(ImageError) as caught:
        check(image, image.added - 1)
    (sentence,) = str(caught.value).splitlines()
    assert "0 kB more than the budget of 1 kB" in sentence
    assert "the largest layers are COPY /dependencies / (1 kB), COPY /bytecode / (0 kB)" in sentence
    assert "the largest packages demo-pack (1 kB), other (0 kB)" in sentence


def test_a_failure_is_one_sentence_and_not_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "load", lambda name: small_image(STEPS[:1]))
    monkeypatch.setattr("sys.argv", ["check", "demo"])
    with pytest.raises(SystemExit, match=r"^the image does not say what its base is: .*$"):
        main()
