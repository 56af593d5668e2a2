"""docs/choosing.md: what the facts and the measurements say, and nothing else."""

from choosing import PAGE, make_page


def test_the_page_is_made_of_the_facts_and_the_measurements_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == make_page(), "run `make docs`"
