"""Starts Sonoform: `streamlit run` serves the pages and the HTTP routes from one process and port."""

import streamlit as st

from app.api import routes
from app.resources import lifespan

app = st.App("app/main.py", routes=routes(), lifespan=lifespan)
