"""Record docs/demo.svg from a real run of the demo: `make recording`."""

import re

import demo
from project import TEMPLATE
from rich.console import Console

PICTURE = TEMPLATE / "docs" / "demo.svg"


def main() -> None:
    """Run the demo on a recording console and save what it shows."""
    demo.console = Console(record=True, width=104, highlight=False, soft_wrap=True, force_terminal=True)
    demo.main()
    picture = demo.console.export_svg(title="make demo")
    # Fonts of the reader's own machine: a picture in a README should fetch nothing.
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main()
