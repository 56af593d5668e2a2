"""`python -m service.models`: look at a model volume and change it, in steps that leave it whole."""

import argparse
import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from service.errors import ModelError
from service.serving import loader
from service.settings import PLAIN_PATH, Settings, SettingsError, read_settings
from service.volume import model_repository, model_store, staging
from service.volume.files import os_errors_explained
from service.volume.model_version import ModelVersion

LONGEST_NAME = 96  # as on the hub; a file system takes 255 bytes


def main() -> None:
    """Do what the command line says; leave with one sentence on stderr if that cannot be done."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)
    os.umask(0o022)  # what is on the volume is for everybody
    arguments = parse()
    try:
        settings = read_settings()
        with os_errors_explained():
            os.scandir(settings.model_repository).close()  # so that a missing volume is not an empty one
            arguments.command(settings, arguments)
    except (ModelError, SettingsError) as error:
        sys.exit(str(error))


def leave(number: int, _: object) -> None:
    """Leave in a way that cleans up, which another signal does not interrupt."""
    for another in (signal.SIGTERM, signal.SIGINT):
        signal.signal(another, signal.SIG_IGN)
    sys.exit(128 + number)


def plain(text: str) -> str:
    """Return a name or version that leads nowhere else; argparse says so if it is not."""
    if len(text) > LONGEST_NAME:
        raise argparse.ArgumentTypeError(f"{text[:LONGEST_NAME]!r}… has more than {LONGEST_NAME} characters")
    if not re.fullmatch(PLAIN_PATH, text):
        raise argparse.ArgumentTypeError(f"{text!r} must be words joined by dots, hyphens or slashes")
    return text


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one sentence, as all others here are."""

    def error(self, message: str) -> NoReturn:
        """Leave with what is wrong, and where to read on."""
        self.exit(2, f"{message}: see `{self.prog} --help`\n")


def parse() -> Any:
    """Read the command line."""
    parser = Parser(prog="python -m service.models", description=f"{__doc__} The volume is MODEL_REPOSITORY.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("add", help="copy a model to the volume as a new version")
    add.add_argument("source", type=Path, metavar="FILE", help="the model's file, or a directory of files")
    add.add_argument("--version", type=plain, help="what to call the version; by default the next in order")
    add.set_defaults(command=add_version, name=None)

    commands.add_parser("list", help="list what is on the volume").set_defaults(command=list_versions)
    commands.add_parser("verify", help="check every file").set_defaults(command=verify_versions)

    use = commands.add_parser("use", help="serve this version from the next start or reload on")
    use.add_argument("version", type=plain, metavar="VERSION")
    use.set_defaults(command=use_version, name=None)

    for command in (add, use) if model_store.HAS_NAMES else ():
        command.add_argument("--name", type=plain, help="the model that is meant; by default the only one")
    return parser.parse_args()


def add_version(settings: Settings, arguments: Any) -> None:
    """Add a version and say which."""
    if not os.path.lexists(arguments.source):
        raise ModelError(f"{arguments.source} is not there: give a file, or a directory of files")
    name = arguments.name or settings.model_name
    with staging.locked(settings.model_repository):
        added = model_store.add(
            settings.model_repository,
            arguments.source,
            name,
            arguments.version,
            lambda directory: loader.prove(directory, settings),
        )
    sys.stdout.write(f"{added} is on the volume; the next start or reload serves {find_served(settings)}\n")


def use_version(settings: Settings, arguments: Any) -> None:
    """Pin a version and say what is served."""
    name = arguments.name or settings.model_name
    with staging.locked(settings.model_repository):
        model_store.use(settings.model_repository, name, arguments.version)
    sys.stdout.write(f"the next start or reload serves {find_served(settings)}\n")


def list_versions(settings: Settings, _: Any) -> None:
    """List every version; mark the one that a start or a reload of the service would serve."""
    served = find_served(settings)
    for version in find_versions(settings):
        sys.stdout.write(f"{version}{'  served' if str(version) == served else ''}\n")


def verify_versions(settings: Settings, _: Any) -> None:
    """Check what would be served, and every version; raise `ModelError` with all that is wrong."""
    problems: list[str] = []
    with collected(problems):
        model_repository.find(settings)
    for version in find_versions(settings):
        with collected(problems):
            model_repository.verify(version, settings.model_repository)
            sys.stdout.write(f"{version} is as it was meant\n")
    if problems:
        raise ModelError("\n".join(problems))


@contextlib.contextmanager
def collected(problems: list[str]) -> Iterator[None]:
    """Go on after a `ModelError`, and keep what it says."""
    try:
        yield
    except ModelError as error:
        problems.append(str(error))


def find_versions(settings: Settings) -> list[ModelVersion]:
    """Return every version on the volume, and what would be served if it is none of them."""
    versions = model_repository.list_versions(settings)
    with contextlib.suppress(ModelError):
        served = model_repository.find(settings)
        versions += [served] if served not in versions else []
    return versions


def find_served(settings: Settings) -> str:
    """Say what a start or a reload of the service would serve with the settings as they are."""
    try:
        return str(model_repository.find(settings))
    except ModelError as error:
        return f"nothing: {error}"


if __name__ == "__main__":
    main()
