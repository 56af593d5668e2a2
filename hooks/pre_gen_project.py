"""Refuse answers that cannot work together, before any file is written.

`judge_answers.py` asks `find_conflicts` before the project's directory is made, with hooks or without. The
hook asks it again, in case a record for a replay leaves that extension out.
"""

import json
import os
import re
import signal
import sys
import unicodedata
from pathlib import Path

# At once a DNS label (so that a Kubernetes service may have it), an image name and a distribution name.
SLUG = re.compile(r"[a-z](-?[a-z0-9])*")
SLUG_LENGTH = 63
WINDOWS_DEVICES = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}
LINE_LENGTH = 200


def find_conflicts(answers: dict) -> list[str]:
    """Return one sentence for each reason why these answers cannot become a project; none if they can.

    `answers` is cookiecutter's context: the answer to each option, and the table of facts.
    """
    problems = [check_slug(answers), check_runtime(answers)]
    problems += [check_line(answers, option) for option in ("project_name", "description", "author")]
    return [problem for problem in problems if problem]


def check_slug(answers: dict) -> str | None:
    """Say why the slug cannot name a directory, a distribution, an image and a container at once."""
    slug = answers["project_slug"]
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_LENGTH:
        return (
            f"project_slug is {slug!r}, but it names the directory, the image and the container: use 1 to "
            f"{SLUG_LENGTH} lower-case letters, digits and single hyphens, and begin with a letter."
        )
    taken = {
        "is an official image of Docker, which the build would replace on this machine": answers[
            "_official_images"
        ],
        "is a package that the project may depend on": answers["_distributions"],
        "is reserved by Windows": WINDOWS_DEVICES,
    }
    reason = next((reason for reason, names in taken.items() if slug in names), None)
    return reason and f"project_slug is {slug!r}, which {reason}: choose another name."


def check_runtime(answers: dict) -> str | None:
    """Say what the model runtime cannot be had with, and what to choose instead."""
    bases, runtimes = answers["_base_images"], answers["_model_runtimes"]
    base, runtime = answers["base_image"], answers["model_runtime"]
    needs = answers["_servings"][runtimes[runtime]["serving"]]["needs"]
    wrong = [f"{option}={' or '.join(own)}" for option, own in needs.items() if answers[option] not in own]
    if wrong:
        return f"{runtime} is a container of its own: choose {' and '.join(wrong)}, or another model_runtime."
    libc = bases[base]["libc"]
    wheels = runtimes[runtime]["wheels"]
    if wheels[libc]:
        return None
    fitting = sorted(name for name in bases if wheels[bases[name]["libc"]])
    other_bases = [f"{name} (small as well)" if bases[name]["is_small"] else name for name in fitting]
    other_runtimes = [name for name in sorted(runtimes) if runtimes[name]["wheels"][libc]]
    return (
        f"{runtime} has no {libc} wheel, so it cannot be installed on {base}: choose "
        f"base_image={' or '.join(other_bases)}, or model_runtime={' or '.join(other_runtimes)}."
    )


def check_line(answers: dict, option: str) -> str | None:
    """Say why a text cannot stand on one line of TOML, YAML and a Dockerfile."""
    text = answers[option]
    if not text.strip():
        return f"{option} is empty: say it in a few words."
    if len(text) > LINE_LENGTH:
        return f"{option} has {len(text)} characters: say it in {LINE_LENGTH} or fewer."
    odd = next((character for character in text if not is_printable(character)), None)
    if odd is not None:
        return (
            f"{option} contains the character U+{ord(odd):04X}, which a line of text cannot hold: remove it."
        )
    return None


def is_printable(character: str) -> bool:
    """Whether a character may stand in a line: no control, surrogate, line or paragraph separator."""
    return unicodedata.category(character) not in {"Cc", "Cs", "Cn", "Zl", "Zp"} and character != "\ufeff"


def main() -> None:
    """Say what is wrong on stderr and exit with 1, which makes cookiecutter remove the new directory."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    if conflicts := find_conflicts(answers):
        # Blank lines, because cookiecutter follows up with a traceback of its own.
        sys.stderr.write("\n" + "\n".join(conflicts) + "\n\n")
        if any(Path().iterdir()):
            # The slug led to a directory with files in it. Interrupt cookiecutter, which would remove them.
            os.kill(os.getppid(), signal.SIGINT)
        sys.exit(1)


if __name__ == "__main__":
    main()
