"""Fill the templates of the pages in docs/ that are made from what was measured."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def fill(template: str, **values: object) -> str:
    """Return the text of a page; raise `jinja2.UndefinedError` for a name that nobody gave."""
    environment = Environment(  # noqa: S701 - Markdown, of nobody's input
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(values)
