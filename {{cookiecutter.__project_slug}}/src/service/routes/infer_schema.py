"""What the documentation says of asking a model over the Open Inference Protocol: JSON Schema, by hand."""

from typing import Any

from service.problems import PROTOCOL_ERROR
from service.tensors import DTYPES

Schema = dict[str, Any]

NAME: Schema = {"type": "string", "description": "As the model's metadata has it."}
SHAPE: Schema = {"type": "array", "items": {"type": "integer", "minimum": 0}, "examples": [[1, 64]]}
DATATYPE: Schema = {"type": "string", "enum": list(DTYPES)}
DATA: Schema = {
    "type": "array",
    "items": {},
    "description": "All elements in row-major order, flat or nested as the shape is.",
}
SIZE: Schema = {"type": "integer", "minimum": 0, "description": "The bytes of this tensor after the JSON."}
BINARY: Schema = {"type": "boolean", "description": "Whether to send it in binary after the JSON."}


def describe(required: list[str], **properties: Schema) -> Schema:
    """Return the schema of an object that may hold more than what is named."""
    return {"type": "object", "required": required, "properties": properties}


def describe_tensor(parameters: Schema) -> Schema:
    """Return the schema of an input or output with its data, or with what its parameters say instead."""
    return describe(
        ["name", "shape", "datatype"],
        name=NAME,
        shape=SHAPE,
        datatype=DATATYPE,
        data=DATA,
        parameters=parameters,
    )


REQUEST = describe(
    ["inputs"],
    id={"type": ["string", "null"], "description": "Comes back with the answer."},
    parameters=describe([], binary_data_output=BINARY),
    inputs={"type": "array", "items": describe_tensor(describe([], binary_data_size=SIZE))},
    outputs={
        "type": ["array", "null"],
        "items": describe(["name"], name=NAME, parameters=describe([], binary_data=BINARY)),
        "description": "What is wanted; none means all.",
    },
)
ANSWER = describe(
    ["model_name", "model_version", "outputs"],
    model_name={"type": "string"},
    model_version={"type": "string"},
    id={"type": "string"},
    outputs={
        "type": "array",
        "items": describe_tensor(describe(["binary_data_size"], binary_data_size=SIZE)),
    },
)
# OpenAPI 3.1 says of a body that is no JSON only that it is one.
JSON_AND_BYTES: Schema = {"application/octet-stream": {}}
HEADER: Schema = {
    "schema": {"type": "integer", "minimum": 1},
    "description": "How many bytes of the body are JSON, if tensors follow it in binary.",
}


def describe_operation(*path_parameters: str) -> Schema:
    """Return what FastAPI cannot know of an operation with these parameters in its path."""
    parameters: list[Schema] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in path_parameters
    ]
    parameters.append({"name": "Inference-Header-Content-Length", "in": "header", **HEADER})
    content = {"application/json": {"schema": REQUEST}, **JSON_AND_BYTES}
    return {"parameters": parameters, "requestBody": {"required": True, "content": content}}


RESPONSES: dict[int | str, Schema] = {
    200: {
        "description": "The outputs, in row-major order: flat in JSON, or in binary.",
        "content": {"application/json": {"schema": ANSWER}, **JSON_AND_BYTES},
        "headers": {"Inference-Header-Content-Length": HEADER},
    },
    400: PROTOCOL_ERROR | {"description": "The request is not what the model can be asked."},
    413: PROTOCOL_ERROR | {"description": "The body is too large."},
    503: PROTOCOL_ERROR | {"description": "No model is ready yet, or too many requests wait for it."},
    504: PROTOCOL_ERROR | {"description": "The answer took longer than the request may take."},
    "default": PROTOCOL_ERROR,
}
