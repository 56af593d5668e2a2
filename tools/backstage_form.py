"""Write backstage/template.yaml, the template as a form of Backstage: part of `make docs`."""

import itertools

import yaml
from answers import CHOICES, DEFAULTS, FACTS, OPTIONS, PROMPTS, REFUSED, SUPPORTED, Answers, complete
from pre_gen_project import LINE_LENGTH, SLUG, SLUG_LENGTH, WINDOWS_DEVICES, check_slug, find_conflicts
from project import TEMPLATE

from judge_answers import BACKSTAGE

FILE = TEMPLATE / "backstage" / "template.yaml"
OWNER = "group:default/platform-team"
# One line of text that is not blank, as the hook wants it.
LINE = r"^(?=.*\S)[^\p{Cc}\p{Cn}\p{Zl}\p{Zp}\uFEFF]*$"
TAKEN = {*FACTS["_official_images"], *FACTS["_distributions"], *WINDOWS_DEVICES}


def find_refused() -> list[Answers]:
    """Return the smallest groups of choices that no project can have together."""
    refused: list[Answers] = []
    for size in range(2, len(CHOICES) + 1):
        if all(explain(row, refused) for row in REFUSED):
            break
        for options in itertools.combinations(CHOICES, size):
            had = {tuple(row[option] for option in options) for row in SUPPORTED}
            every = itertools.product(*(CHOICES[option] for option in options))
            groups = [dict(zip(options, choices, strict=True)) for choices in every if choices not in had]
            refused += [group for group in groups if not explain(group, refused)]
    return refused


def explain(answers: Answers, refused: list[Answers]) -> list[Answers]:
    """Return the refused groups that these answers hold."""
    return [group for group in refused if group.items() <= answers.items()]


def say_why(group: Answers, refused: list[Answers]) -> str:
    """Return what the hook says of answers that only this group keeps from being a project."""
    rows = [row for row in REFUSED if group.items() <= row.items() and explain(row, refused) == [group]]
    nearest = min(rows, key=lambda row: sum(row[option] != DEFAULTS[option] for option in row))
    return " ".join(find_conflicts(complete(nearest)))


def refuse(group: Answers, refused: list[Answers]) -> dict:
    """Return the JSON Schema that refuses a group of choices, at the last of its questions."""
    last = list(group)[-1]
    wrong = {"not": {"const": group[last]}, "errorMessage": say_why(group, refused)}
    return {
        "if": {"properties": {option: {"const": choice} for option, choice in group.items()}},
        "then": {"properties": {last: wrong}},
    }


def ask(option: str) -> dict:
    """Return the JSON Schema of one question."""
    if option in CHOICES:
        prompts = PROMPTS[option]
        return {
            "title": prompts["__prompt__"],
            "type": "string",
            "enum": list(CHOICES[option]),
            "enumNames": [prompts[choice] for choice in CHOICES[option]],
            "default": DEFAULTS[option],
        }
    question = {"title": PROMPTS[option], "type": "string"}
    if option != "project_slug":
        default = {} if option == "project_name" else {"default": OPTIONS[option]}
        return question | {"maxLength": LINE_LENGTH, "pattern": LINE} | default
    rule = check_slug({option: ""}).partition("the container: ")[2]
    return question | {
        "maxLength": SLUG_LENGTH,
        "pattern": f"^{SLUG.pattern}$",
        "not": {"enum": sorted(TAKEN)},
        "errorMessage": {
            "pattern": rule,
            "not": "An official image of Docker, a package of the project or Windows has this name.",
        },
    }


def make_page(title: str, options: list[str]) -> dict:
    """Return a page of the form, on which every question must be answered."""
    return {"title": title, "required": options, "properties": {option: ask(option) for option in options}}


def make_parameters() -> list[dict]:
    """Return the pages of the form."""
    refused = find_refused()
    texts = [option for option in OPTIONS if option not in CHOICES]
    pickers = {
        "owner": {"title": "Owner in the catalog", "type": "string", "ui:field": "OwnerPicker"},
        "repoUrl": {
            "title": "Repository",
            "type": "string",
            "ui:field": "RepoUrlPicker",
            "ui:options": {"allowedHosts": ["github.com"]},
        },
    }
    return [
        make_page("The service", texts),
        make_page("How it is built and run", list(CHOICES))
        | {"allOf": [refuse(group, refused) for group in refused]},
        {"title": "Where it is kept", "required": list(pickers), "properties": pickers},
    ]


def make_steps() -> list[dict]:
    """Return what Backstage does with the answers."""
    # To cookiecutter, the template is a nested one where `fetch:cookiecutter` puts it. Hooks run only so.
    values = {"templates": {"service": {"path": BACKSTAGE}}}
    values |= {option: f"${{{{ parameters.{option} }}}}" for option in OPTIONS}
    metadata = {"name": values["project_slug"], "title": values["project_name"]}
    entity = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": metadata | {"description": values["description"]},
        "spec": {"type": "service", "lifecycle": "experimental", "owner": "${{ parameters.owner }}"},
    }
    inputs = {
        "fetch:cookiecutter": {"url": "..", "values": values},
        "catalog:write": {"entity": entity},
        "publish:github": {"repoUrl": "${{ parameters.repoUrl }}", "description": values["description"]},
        "catalog:register": {"repoContentsUrl": "${{ steps.publish.output.repoContentsUrl }}"},
    }
    names = {"render": "Render the project", "describe": "Describe it for the catalog"}
    names |= {"publish": "Publish it", "register": "Register it in the catalog"}
    return [
        {"id": step, "name": name, "action": action, "input": given}
        for (step, name), (action, given) in zip(names.items(), inputs.items(), strict=True)
    ]


def make_template() -> str:
    """Return the file."""
    links = [
        {"title": "Repository", "url": "${{ steps.publish.output.remoteUrl }}"},
        {"title": "In the catalog", "icon": "catalog", "entityRef": "${{ steps.register.output.entityRef }}"},
    ]
    template = {
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": {
            "name": "ai-service",
            "title": "AI service",
            "description": "A FastAPI service that runs your model on the CPU.",
            "tags": ["python", "fastapi", "ai"],
        },
        "spec": {
            "owner": OWNER,
            "type": "service",
            "parameters": make_parameters(),
            "steps": make_steps(),
            "output": {"links": links},
        },
    }
    text = yaml.safe_dump(template, default_flow_style=None, sort_keys=False, width=110)
    return f"# Made by `make docs` of the table of facts. docs/platform-teams.md says how to use it.\n{text}"


if __name__ == "__main__":
    FILE.write_text(make_template(), encoding="utf-8")
