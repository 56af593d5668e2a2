ARG BASE=python:3.13-slim
FROM ${BASE} AS builder
ENV PYTHONUSERBASE=/install
COPY requirements.txt .
RUN --mount=type=cache,target=/var/cache/pip PIP_CACHE_DIR=/var/cache/pip pip install --user -r requirements.txt

FROM ${BASE}
WORKDIR /app
COPY --from=builder /install /install
COPY . .
ENV PYTHONUSERBASE=/install PATH=/install/bin:$PATH
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
