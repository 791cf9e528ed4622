"""The frame around every page: its looks, and which pages there are."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Sonoform", page_icon=HERE / "icon.svg", layout="wide")
st.html(HERE / "style.css")
st.logo(HERE / "logo.svg", size="large")

pages = [
    st.Page(HERE.parent / "pages" / "shape.py", title="Shape", icon=":material/graphic_eq:", default=True),
    st.Page(HERE.parent / "pages" / "train.py", title="Train", icon=":material/model_training:"),
]
st.navigation(pages, position="top").run()
