"""Updates: a project made from an older template takes what is new, and keeps what its team wrote."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from answers import FACTS, TABLE, TEMPLATE
from project import CommandFailedError, commit, contents, render, run

SOURCE = "{{cookiecutter.__project_slug}}"
OLDER_DATE = "2026-11-20T00:00:00Z"
# What an older template said differently: file, its text today, its text then.
OLDER = [
    ("cookiecutter.json", f'"_exclude_newer": "{FACTS["_exclude_newer"]}"', f'"_exclude_newer": "{OLDER_DATE}"'),
    ("cookiecutter.json", '"numpy>=2.4,<3"', '"numpy>=2.3,<3"'),
    ("cookiecutter.json", '  "author": "Service Team",\n', '  "author": "Service Team",\n  "motto": "Soon.",\n'),
    ("cookiecutter.json", '  "python_version": ["3.13", "3.12", "3.14"],\n', ""),
    ("cookiecutter.json", '"_exclude_newer":', '"python_version": "3.13",\n  "_exclude_newer":'),
    (f"{SOURCE}/Makefile", "## Run the tests\n", "## Run every test\n"),
    (f"{SOURCE}/src/service/errors.py", '"""', '"""Older: '),
]
