"""The frame around every page: its looks, which pages there are, and the names that `?app=` has for them."""

from pathlib import Path

import streamlit as st

from app.session import history
from app.session.patches import ALIASES
from app.widgets.current_patch import warn
from app.widgets.verbatim import plain

HERE = Path(__file__).resolve().parent

st.set_page_config(page_title="Sonoform", page_icon=HERE / "icon.svg", layout="wide")
st.logo(HERE / "logo.svg", size="large")

PAGES = HERE.parent / "pages"
pages = [
    st.Page(PAGES / "shape.py", title="Shape", icon=":material/graphic_eq:", default=True),
    st.Page(PAGES / "explore.py", title="Explore", icon=":material/explore:"),
    st.Page(PAGES / "query.py", title="Query", icon=":material/hearing:"),
    st.Page(PAGES / "match.py", title="Match", icon=":material/mic:"),
    st.Page(PAGES / "map.py", title="Map", icon=":material/map:"),
    st.Page(PAGES / "morph.py", title="Morph", icon=":material/blur_linear:"),
    st.Page(PAGES / "variations.py", title="Variations", icon=":material/grid_view:"),
    st.Page(PAGES / "directions.py", title="Directions", icon=":material/linear_scale:"),
    st.Page(PAGES / "transfer.py", title="Transfer", icon=":material/colorize:"),
    st.Page(PAGES / "generators.py", title="Generators", icon=":material/apps:"),
    st.Page(PAGES / "kits.py", title="Kits", icon=":material/grid_on:"),
    st.Page(PAGES / "library.py", title="Library", icon=":material/favorite:"),
    st.Page(PAGES / "listen.py", title="Listen", icon=":material/headphones:"),
    st.Page(PAGES / "train.py", title="Train", icon=":material/model_training:"),
]
current = st.navigation(pages, position="top")
if asked := st.query_params.get("app"):
    others = {key: text for key, text in st.query_params.to_dict().items() if key != "app"}
    if asked not in ALIASES:
        warn(f"There is no page ?app={plain(asked[:40])}, so this is Shape; there are {', '.join(ALIASES)}.")
    goal = next(page for page in pages if page.title == ALIASES.get(asked, "Shape"))
    st.query_params.from_dict(others)
    if goal != current:
        st.switch_page(goal, query_params=others)
history.keep(current.url_path)
current.run()
