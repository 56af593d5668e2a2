ARG BASE=python:3.13-slim
ARG UV=0.13
FROM ghcr.io/astral-sh/uv:${UV} AS uv

FROM ${BASE} AS builder
COPY --from=uv /uv /uvx /usr/local/bin/
COPY requirements.txt .
RUN --mount=type=cache,target=/var/cache/uv UV_CACHE_DIR=/var/cache/uv UV_LINK_MODE=copy uv pip install --system -r requirements.txt

FROM ${BASE}
ARG PYTHON=3.13
WORKDIR /app
COPY --from=builder /usr/local/lib/python${PYTHON}/site-packages /usr/local/lib/python${PYTHON}/site-packages
COPY --from=builder /usr/local/bin /usr/local/bin
COPY . .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
