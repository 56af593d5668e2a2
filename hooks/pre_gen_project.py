"""Refuse answers that cannot work, before any file is written.

`find_conflicts` is the one judge of answers: `judge_answers.py` asks it, with hooks or without, and the tests
ask it which combinations they may expect to work. The hook asks it once more, in case another version of
cookiecutter goes past `judge_answers.py`. What it knows of the choices comes from the table of facts in
cookiecutter.json.
"""

import json
import re
import sys
import unicodedata

# At once a DNS label (RFC 1035, so that a Kubernetes service may bear it), an image name and a distribution
# name (where "a--b" would be the same as "a-b").
SLUG = re.compile(r"[a-z](-?[a-z0-9])*")
SLUG_LENGTH = 63
# Docker's name for the empty image, and Windows' names for devices.
RESERVED_SLUGS = {"scratch": "Docker"} | dict.fromkeys(("con", "prn", "aux", "nul"), "Windows")
RESERVED_SLUGS |= {f"{port}{number}": "Windows" for port in ("com", "lpt") for number in range(10)}
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
            f"project_slug is {slug!r}, but it names the distribution, the image and the container: use 1 to "
            f"{SLUG_LENGTH} lower-case letters, digits and single hyphens, beginning with a letter."
        )
    if slug in answers["_distributions"]:
        return f"project_slug is {slug!r}, which a project itself may depend on: choose another name."
    if slug in RESERVED_SLUGS:
        return (
            f"project_slug is {slug!r}, which {RESERVED_SLUGS[slug]} keeps for itself: choose another name."
        )
    return None


def check_runtime(answers: dict) -> str | None:
    """Say why the model runtime has no wheel for the base image, and which answers near by work."""
    bases, runtimes = answers["_base_images"], answers["_model_runtimes"]
    base, runtime = answers["base_image"], answers["model_runtime"]
    libc = bases[base]["libc"]
    wheels = runtimes[runtime]["wheels"]
    if wheels[libc]:
        return None
    # What reads the same kind of file is nearest.
    near = [name for name, facts in runtimes.items() if facts["file"] == runtimes[runtime]["file"]]
    other_runtimes = [name for name in [*near, *sorted(runtimes)] if runtimes[name]["wheels"][libc]]
    other_bases = [name for name, facts in sorted(bases.items()) if wheels[facts["libc"]]]
    return (
        f"{runtime} publishes no {libc} wheel, so it cannot be installed on {base}: choose "
        f"model_runtime={join_or(list(dict.fromkeys(other_runtimes)))}, or base_image={join_or(other_bases)}."
    )


def join_or(names: list[str]) -> str:
    """Join names as a sentence does."""
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def check_line(answers: dict, option: str) -> str | None:
    """Say why a text cannot stand on one line of TOML, YAML and a Dockerfile."""
    text = answers[option]
    if not text.strip():
        return f"{option} is empty: say it in a few words."
    if len(text) > LINE_LENGTH:
        return f"{option} has {len(text)} characters: say it in {LINE_LENGTH} or fewer."
    odd = next((character for character in text if not is_printable(character)), None)
    if odd is not None:
        return f"{option} contains the character U+{ord(odd):04X}, which no line of text can hold: remove it."
    return None


def is_printable(character: str) -> bool:
    """Whether a character may stand in a line: no control, surrogate, line or paragraph separator."""
    return unicodedata.category(character) not in {"Cc", "Cs", "Cn", "Zl", "Zp"} and character != "\ufeff"


def main() -> None:
    """Say what is wrong on stderr and exit with 1, which makes cookiecutter leave nothing behind."""
    answers = json.loads(r"""{{ cookiecutter | tojson }}""")
    conflicts = find_conflicts(answers)
    if conflicts:
        # Blank lines, because cookiecutter follows up with a traceback of its own.
        sys.exit("\n" + "\n".join(conflicts) + "\n")


if __name__ == "__main__":
    main()
