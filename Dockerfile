# The runner with the locked versions of everything.
#
#   CPU   docker build -t runner .
#   GPU   docker build -t runner-gpu --build-arg GPU=1 .
#
# BASE is any image with Python 3.11 or newer; with GPU=1, CUDA comes from the Python packages, and the host needs
# only NVIDIA's driver and container toolkit. Data, experiments and runs stay outside:
#
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" --volume /path/to/data:/data:ro runner \
#       run experiments/quickstart.yaml
ARG BASE=python:3.12-slim
FROM ${BASE}
ARG GPU=0

WORKDIR /opt/runner
COPY requirements.lock ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock
RUN if [ "$GPU" = 1 ]; then \
        version=$(/opt/venv/bin/python -c 'from importlib.metadata import version; print(version("tensorflow"))') \
        && /opt/venv/bin/pip install --no-cache-dir "tensorflow[and-cuda]==$version"; \
    fi
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY runner ./runner
COPY plugins ./plugins
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

ENV PATH=/opt/venv/bin:$PATH RUNNER_DATA=/data MPLCONFIGDIR=/tmp/matplotlib
WORKDIR /work
ENTRYPOINT ["runner"]
CMD ["--help"]
