import subprocess
import sys


def test_the_process_ends_at_once_with_its_log_written_and_a_sentence() -> None:
    script = (
        "import asyncio, atexit, logging\n"
        "from service import leaving, settings\n"
        "from service.telemetry import logs\n"
        "atexit.register(print, 'what Python does at the exit')\n"
        "logs.configure(settings.Settings())\n"
        "async def end():\n"
        "    logging.info('not written yet')\n"
        "    leaving.leave(3, 'a sentence of \\udcff')\n"
        "asyncio.run(end())\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert ended.stdout == ""
    line, sentence = ended.stderr.splitlines()
    assert line.endswith("not written yet")
    assert sentence == "a sentence of \\udcff"
