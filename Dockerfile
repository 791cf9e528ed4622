# Sonoform on the CPU, models inside. Build: docker build -t sonoform .   Run: docker run --rm -p 127.0.0.1:8501:8501 sonoform
FROM python:3.11-slim

# An index with CPU builds of PyTorch makes the image some gigabytes smaller: --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL=

RUN useradd --create-home --uid 1000 sonoform
WORKDIR /home/sonoform/app

# Packages first: this layer stays while only the sources change.
COPY requirements.txt ./
RUN pip install --no-cache-dir "$(grep '^torch==' requirements.txt)" \
    && pip install --no-cache-dir -r requirements.txt

COPY . .
RUN pip install --no-cache-dir --editable . --no-deps \
    && mkdir /home/sonoform/outputs \
    && chown sonoform:sonoform /home/sonoform/outputs

# The sources belong to root: what the web app writes lies beside them, in the home folder of its user.
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/home/sonoform/.cache/numba \
    SONOFORM_DEVICE=cpu \
    SONOFORM_OUTPUTS=/home/sonoform/outputs

USER sonoform
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/healthz', timeout=4)"]

CMD ["streamlit", "run", "streamlit_app.py", "--server.address=0.0.0.0", "--server.port=8501", "--server.headless=true"]
