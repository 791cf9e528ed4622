"""Starts Sonoform: `streamlit run` serves the pages and the HTTP routes from one process and port."""

import streamlit as st
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from app.server.addresses import Addresses, base_path, own_door
from app.server.gate import Gate
from app.server.head import Head
from app.server.immutable import Immutable
from app.server.instruments import lifespan
from app.server.refusals import unrouted
from app.server.routes import routes

app = st.App(
    "app/main.py",
    routes=routes(),
    middleware=[
        Middleware(Gate, door=own_door()),
        Middleware(Addresses),
        Middleware(Immutable),
        Middleware(Head, base=base_path()),
    ],
    exception_handlers={HTTPException: unrouted},
    lifespan=lifespan,
)
