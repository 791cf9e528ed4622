# Sonoform, models inside.   The CPU: docker build -t sonoform .   CUDA: docker build --target cuda -t sonoform:cuda .
# Run: docker run --rm -p 127.0.0.1:8501:8501 sonoform   (CUDA: --gpus all; README.md tells of ports and of what to keep)
FROM python:3.11-slim AS base
RUN useradd --create-home --uid 1000 sonoform \
    && install -d -o sonoform -g sonoform /home/sonoform/outputs /home/sonoform/runs
WORKDIR /home/sonoform/app
COPY requirements.txt ./

# The sources belong to root. What the web app writes lies in the home folder of its user, and what belongs to a model
# (directions that a person named, runs that became models) in checkpoints/.
ENV PYTHONPATH=/home/sonoform/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/home/sonoform/.cache/numba \
    SONOFORM_OUTPUTS=/home/sonoform/outputs \
    SONOFORM_RUNS=/home/sonoform/runs \
    SONOFORM_LISTENING=/home/sonoform/listening \
    SONOFORM_LIBRARY=/home/sonoform/library/sounds.sqlite \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true
EXPOSE 8501 8100
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s --retries=3 CMD ["python", "-m", "app.server.health"]
CMD ["streamlit", "run", "streamlit_app.py"]

FROM base AS sources
COPY streamlit_app.py setup.py pyproject.toml README.md LICENSE ./
COPY .streamlit .streamlit
COPY app app
COPY pages pages
COPY sonoform sonoform
COPY synth synth

# CUDA: the build of PyTorch that PyPI has for Linux brings its own libraries.
FROM base AS cuda
RUN pip install --no-cache-dir "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt
COPY --chown=sonoform:sonoform checkpoints checkpoints
COPY --from=sources /home/sonoform/app ./
USER sonoform

# The CPU: PyTorch's own index has a build some gigabytes smaller.
FROM base AS cpu
ARG PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu
RUN pip install --no-cache-dir "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt
COPY --chown=sonoform:sonoform checkpoints checkpoints
COPY --from=sources /home/sonoform/app ./
USER sonoform
