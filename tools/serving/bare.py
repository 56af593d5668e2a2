"""The floor of `make bench-serving`: the service's way to the model, and nothing of what surrounds it.

JSON becomes an array, one thread asks the model for whatever waits, and the answers go back. No limit, no
deadline, no check, no log, no metrics, no stop. Runs in the environment of a rendered project, on MODEL_FILE.
"""

import asyncio
import os
import threading
from collections import deque

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # as the service does

import numpy as np
import onnxruntime
import orjson
from fastapi import FastAPI, Request, Response

MOST_ROWS = 64  # in one call, as in the service

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.environ["MODEL_FILE"], options)
waiting: deque[tuple[np.ndarray, asyncio.Future]] = deque()
arrived = threading.Condition()


def work() -> None:
    """Ask the model for ever."""
    while True:
        with arrived:
            arrived.wait_for(lambda: waiting)
            batch = [waiting.popleft() for _ in range(min(len(waiting), MOST_ROWS))]
        outputs = session.run(None, {"x": np.concatenate([row for row, _ in batch])})[0]
        batch[0][1].get_loop().call_soon_threadsafe(finish, batch, outputs)


def finish(batch: list[tuple[np.ndarray, asyncio.Future]], outputs: np.ndarray) -> None:
    """Give each caller its row."""
    for number, (_, answer) in enumerate(batch):
        answer.set_result(outputs[number])


async def predict(request: Request) -> Response:
    """Ask the model in its thread."""
    row = np.array(orjson.loads(await request.body())["inputs"], np.float32)[np.newaxis]
    answer = asyncio.get_running_loop().create_future()
    with arrived:
        waiting.append((row, answer))
        arrived.notify()
    outputs = orjson.dumps({"outputs": [await answer]}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(outputs, media_type="application/json")


async def live(_: Request) -> Response:
    """Answer at once."""
    return Response(b'{"live":true}', media_type="application/json")


app = FastAPI()
app.add_route("/predict", predict, methods=["POST"])
app.add_route("/health/live", live)
threading.Thread(target=work, daemon=True).start()
