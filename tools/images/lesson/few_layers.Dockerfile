ARG BASE=python:3.13-slim
FROM ${BASE}
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt \
    && find /usr/local -type d -name __pycache__ -prune -exec rm -r {} +
COPY . .
CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
