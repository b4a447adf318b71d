# The booking service alone: PostgreSQL, Redis and k6 run in containers of their own.

# The full image has the C compiler that gunicorn's parser wants; only the result goes on.
FROM python:3.13.14-trixie AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/booking-lab
WORKDIR /lab
# What it stands on first: this layer stays while only the lab's own code changes.
COPY pyproject.toml requirements.lock ./
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['fast'], sep='\n')" > /tmp/requirements.txt \
    && /opt/booking-lab/bin/pip install --only-binary :all: --no-binary gunicorn_h1c \
        --constraint requirements.lock --requirement /tmp/requirements.txt
COPY README.md LICENSE ./
COPY booking_lab booking_lab
COPY strategies strategies
# As a wheel: the environment is all that goes on. Once finished, it installs nothing more.
RUN /opt/booking-lab/bin/pip wheel --no-deps --wheel-dir /tmp/wheel . \
    && /opt/booking-lab/bin/pip install --no-deps --no-index /tmp/wheel/*.whl \
    && /opt/booking-lab/bin/pip uninstall --yes pip

FROM python:3.13.14-slim-trixie
LABEL org.opencontainers.image.title="booking-lab" \
      org.opencontainers.image.description="A laboratory for booking concurrency."
# The run folder is made here so that it is the service's even where nothing is mounted on it.
RUN groupadd --gid 10001 lab \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent lab \
    && install --directory --owner=10001 --group=10001 /run/booking-lab
COPY --from=build /opt/booking-lab /opt/booking-lab
ENV PATH=/opt/booking-lab/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOOKING_LAB_HOST=0.0.0.0 \
    BOOKING_LAB_PORT=8000 \
    BOOKING_LAB_RUN_FOLDER=/run/booking-lab
# By number: an orchestrator can then see that it isn't root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --start-interval=1s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/ready', timeout=2)"]
ENTRYPOINT ["booking-lab"]
CMD ["serve"]
