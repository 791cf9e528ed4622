"""Small pictures of sounds in rows, each a button."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import streamlit as st

from app.widgets.spectrogram import data_url, heat_map

BINS, FRAMES = 64, 128


def grid(
    key: str,
    labels: Sequence[str],
    pictures: Sequence[np.ndarray],
    across: int,
    chosen: Collection[int | None],
    choose: Callable,
) -> None:
    """Pictures, levels uint8 (bins, frames) each, `across` in a row; `choose` is called with the place of a pressed
    one, from 0; chosen: places of those that are marked. app/style.css gives them their looks."""
    names = [f"tile-{key}-{i}" for i in range(len(pictures))]
    st.html("<style>" + "".join(map(_background, names, pictures)) + "</style>")
    for start in range(0, len(pictures), across):
        row = range(start, min(start + across, len(pictures)))
        for column, i in zip(st.columns(across, gap="xsmall"), row, strict=False):
            column.button(
                labels[i],
                key=names[i],
                type="primary" if i in chosen else "secondary",
                width="stretch",
                on_click=choose,
                args=(i,),
            )


def thumbnail(levels: np.ndarray, title: str) -> str:
    """HTML of one such picture that is no button."""
    source = data_url("png", heat_map(small(levels)))
    return f'<img class="thumbnail" alt="Spectrogram of {title}" src="{source}">'


def small(levels: np.ndarray) -> np.ndarray:
    """Levels (bins, frames), the loudest of each cell, at most about BINS x FRAMES."""
    high, wide = (max(1, size // most) for size, most in zip(levels.shape, (BINS, FRAMES), strict=True))
    bins, frames = levels.shape[0] // high, levels.shape[1] // wide
    found: np.ndarray = levels[: bins * high, : frames * wide].reshape(bins, high, frames, wide).max((1, 3))
    return found


def _background(name: str, levels: np.ndarray) -> str:
    return f".st-key-{name} button{{background-image:url({data_url('png', heat_map(small(levels)))})}}"
