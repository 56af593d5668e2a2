"""`python -m service.models`: list, verify and change what is on the model volume."""

import argparse
import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

from service import model_store, staging
from service.errors import ModelError
from service.model_files import ModelVersion
from service.model_repository import find, verify
from service.settings import PLAIN_PATH, Settings, SettingsError, read_settings


def main() -> None:
    """Do what the command line says; exit with one sentence on stderr if that fails."""
    for number in (signal.SIGTERM, signal.SIGINT):  # an exit cleans up, and the first process of a container
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # ignores signals without a handler
    os.umask(0o022)
    arguments = parse()
    try:
        settings = read_settings()
        os.scandir(settings.model_repository).close()  # a missing volume is not an empty one
        arguments.command(settings, arguments)
    except (ModelError, SettingsError) as error:
        sys.exit(str(error))
    except OSError as error:
        place = error.filename2 or error.filename or "the model volume"
        sys.exit(f"{place} cannot be read or changed by uid {os.geteuid()}: {error.strerror}")


class Parser(argparse.ArgumentParser):
    """A parser that refuses in one sentence."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}: see `{self.prog} --help`\n")


def parse() -> Any:
    """Read the command line."""
    parser = Parser(prog="python -m service.models", description=f"{__doc__} The volume is MODEL_REPOSITORY.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    add = commands.add_parser("add", help="copy a model to the volume as a new version")
    add.add_argument("source", type=Path, metavar="FILE", help="the model's file, or a directory of files")
    add.set_defaults(command=add_version)

    commands.add_parser("list", help="list the versions").set_defaults(command=list_versions)
    commands.add_parser("verify", help="verify the files").set_defaults(command=verify_versions)

    use = commands.add_parser("use", help="serve this version")
    use.set_defaults(command=use_version)
    remove = commands.add_parser("remove", help="remove this version")
    remove.set_defaults(command=remove_version)
{% include "model_layout/" ~ cookiecutter.model_layout ~ "/models_options.py" %}
    return parser.parse_args()


def plain(text: str) -> str:
    """Return a name or a version that leads nowhere else on the disk."""
    if len(text) > 96 or not re.fullmatch(PLAIN_PATH, text):
        raise argparse.ArgumentTypeError(f"{text[:96]!r} must be at most 96 letters, digits and single .-_/")
    return text


def add_version(settings: Settings, arguments: Any) -> None:
    """Add a version and say what is served."""
    if not arguments.source.exists():
        raise ModelError(f"{arguments.source} is missing: give a file, or a directory of files")
    with staging.locked(settings.model_repository):
{% include "model_layout/" ~ cookiecutter.model_layout ~ "/models_add.py" %}
    sys.stdout.write(f"{added} is on the volume\n")
    show_served(settings)


def use_version(settings: Settings, arguments: Any) -> None:
    """Serve a version from now on."""
    with staging.locked(settings.model_repository):
        if arguments.version == "latest":
            model_store.use_latest(with_name(settings, arguments))
        else:
            found = choose_version(with_name(settings, arguments), arguments.version)
            verify(found, settings)
            model_store.use(settings, found)
    show_served(settings)


def remove_version(settings: Settings, arguments: Any) -> None:
    """Remove a version, unless it is the one that is served."""
    settings = with_name(settings, arguments)
    with staging.locked(settings.model_repository):
        found = choose_version(settings, arguments.version)
        if str(found) == find_served(settings):
            raise ModelError(f"{found} is served: use another version before you remove it")
        model_store.remove(settings, found)
    sys.stdout.write(f"{found} is removed\n")


def list_versions(settings: Settings, _: Any) -> None:
    """List every version, and mark the one that is served."""
    served = find_served(settings)
    for found in model_store.list_versions(settings):
        sys.stdout.write(f"{found}{'  served' if str(found) == served else ''}\n")


def verify_versions(settings: Settings, _: Any) -> None:
    """Verify every version; raise `ModelError` with all that is wrong."""
    problems = []
    for found in model_store.list_versions(settings):
        try:
            verify(found, settings)
            sys.stdout.write(f"{found}: OK\n")
        except ModelError as error:
            problems.append(str(error))
    if problems:
        raise ModelError("\n".join(problems))


def with_name(settings: Settings, arguments: Any) -> Settings:
    """Return the settings with the name that the command line gives, if it gives one."""
    name = getattr(arguments, "name", None) or settings.model_name
    return settings.model_copy(update={"model_name": name})


def choose_version(settings: Settings, version: str) -> ModelVersion:
    """Return a version of the model; if it is missing, raise `ModelError` with those that exist."""
    name = model_store.choose_name(settings)
    versions = [found for found in model_store.list_versions(settings) if found.name == name]
    for found in versions:
        if found.version == version:
            return found
    there = ", ".join(found.version for found in versions) or "none"
    raise ModelError(f"{name} has no version {version} on the volume: choose one of {there}")


def find_served(settings: Settings) -> str | None:
    """Return the version that the service loads, if it can load one."""
    with suppress(ModelError):
        return str(find(settings))
    return None


def show_served(settings: Settings) -> None:
    """Say which version the service loads next, or why it can load none."""
    try:
        sys.stdout.write(f"the service loads {find(settings)}\n")
    except ModelError as error:
        sys.stdout.write(f"the service does not load it: {error}\n")


if __name__ == "__main__":
    main()
