"""Train: drop in your own sounds, watch a model learn them, publish it."""

import os
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from app.jobs import jobs, samples, uploads
from app.jobs.beginnings import beginnings, check_disk
from app.jobs.expected import RECORDINGS_FAD, RECORDINGS_HIT_RATE, measured, recommended
from app.jobs.plan import Plan, plan
from app.jobs.speed import known_speed, try_speed
from app.server.addresses import own_door
from app.session.batch import Batch
from app.widgets import curves
from app.widgets.batches import LINK
from app.widgets.verbatim import plain, readable, sentence
from synth import paths
from synth.checkpoint.families import SPACE, can
from synth.checkpoint.store import Card, catalogue
from synth.errors import RunError
from synth.recipes.recipe import STAGES, Recipe

BUDGETS = {"10 min": 10, "30 min": 30, "1 hour": 60, "Other": None}
USUAL = "30 min"
LONGEST = 7 * 24 * 60  # minutes
FIRST = "hits_scratches"  # the preset that sounds are looked at for, before their length is known
REFRESH, RARELY = 2.0, 10.0  # seconds
MANY = 12
LARGEST_UPLOAD = 1000  # megabytes
AUDIO = ["wav", "flac", "ogg", "mp3", "aif", "aiff", "csv"]
SHAPE, GENERATORS = Path(__file__).with_name("shape.py"), Path(__file__).with_name("generators.py")
FAD_HELP = (
    "How far the sounds are from recordings that were held out (FAD); less is better. Recordings of small sets come to "
    f"about {RECORDINGS_FAD:.0f} themselves"
)
Colour = Literal["gray", "green", "yellow", "blue", "red"]
STATES: dict[jobs.State, tuple[str, str, Colour]] = {
    "idle": ("Not running", ":material/radio_button_unchecked:", "gray"),
    "running": ("Running", ":material/play_circle:", "green"),
    "paused": ("Paused", ":material/pause_circle:", "yellow"),
    "finished": ("Finished", ":material/check_circle:", "blue"),
    "crashed": ("Stopped by itself", ":material/error:", "red"),
}


# -- a new run -----------------------------------------------------------------------------------------------------


def new_run() -> None:
    """From sounds to a started trainer, top to bottom; each part appears when the one before it is settled."""
    try:
        source = own_sounds()
        if source is None:
            return
        summary = st.container()
        recipe = beginning(source)
        found = looked_at(source, recipe.preset)
        with summary:
            understood(found)
        if found.blocking:
            return
        minutes, machine = budget()
        launch(recipe, source, minutes, machine)
    except RunError as error:
        st.error(sentence(error), icon=":material/error:")


def own_sounds() -> Path | None:
    """The folder of sounds that a person names or brings."""
    ways = ("Zip", "Folder", *(("Path",) if at_home() else ()))
    way = st.segmented_control("Your sounds", ways, default="Zip", required=True, width="stretch", key="way")
    st.caption("One sub-folder for each category, such as drums/kick and drums/snare. WAV, FLAC, OGG or MP3.")
    hidden: Any = {"label_visibility": "collapsed"}
    if way == "Path":
        path = st.text_input("Path", placeholder="/home/me/drums", key="path", **hidden)
        return Path(path).expanduser().absolute() if path else None
    if way == "Folder":
        files = st.file_uploader(
            "Folder", AUDIO, accept_multiple_files="directory", max_upload_size=LARGEST_UPLOAD, key="files", **hidden
        )
        return taken(tuple(f.file_id for f in files), files) if files else None
    packed: Any = st.file_uploader("Zip", "zip", max_upload_size=LARGEST_UPLOAD, key="zip", **hidden)
    return taken((packed.file_id,), [packed]) if packed else None


def at_home() -> bool:
    """Whether only this machine's own people come here: a path lets a visitor look into every folder of it."""
    return own_door().is_home(st.context.headers)


def taken(ids: tuple[str, ...], files: list) -> Path:
    """The folder that an upload is, or will be once it is looked at."""
    kept = st.session_state.setdefault("taken", {})
    if ids not in kept:
        zipped = st.session_state.way == "Zip"
        kept[ids] = (
            uploads.take_zip(files[0].name, files[0]) if zipped else uploads.take_files([(f.name, f) for f in files])
        )
    found: Path = kept[ids]
    return found


def looked_at(folder: Path, preset: str = FIRST) -> uploads.Found:
    with st.spinner("Listening to the sounds ..."):
        return _looked_at(str(folder), _newest_change(folder), preset)


@st.cache_data(max_entries=16, show_spinner=False)
def _looked_at(folder: str, changed: int, preset: str) -> uploads.Found:
    """`changed` is part of the cache's key only."""
    return uploads.look(Path(folder), preset)


def _newest_change(folder: Path) -> int:
    """Time of the last file that came into, or went from, a folder or its sub-folders; an upload never changes."""
    if uploads.KEPT in folder.parts or not folder.is_dir():
        return 0
    return max(p.stat().st_mtime_ns for p in [folder, *folder.glob("*/")])


def understood(found: uploads.Found) -> None:
    """What is in the folder, and what is wrong with it."""
    lasting = f"{found.seconds / 60:.1f} min" if found.seconds >= 90 else f"{found.seconds:.1f} s"
    st.markdown(f"**{found.clips}** clips · **{lasting}** · **{len(found.categories)}** categories")
    with st.container(key="tally"):
        st.html(tally(found.categories))
    for text in found.blocking:
        st.error(sentence(text), icon=":material/block:")
    for text in found.warnings:
        st.warning(sentence(text), icon=":material/warning:")


def tally(categories: dict[str, int]) -> str:
    """A bar for each category, as long as it has clips."""
    most = max(categories.values(), default=1)
    rows = "".join(
        f"<span>{escaped(readable(name))}</span><i><b style='width:{100 * count / max(most, 1):.1f}%'></b></i>"
        f"<span>{count}</span>"
        for name, count in categories.items()
    )
    return f"<div class='tally'>{rows}</div>"


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def beginning(source: Path) -> Recipe:
    """From nothing, or from a model; what fits the length of the sounds comes first."""
    found = looked_at(source)
    offered = beginnings(catalogue(), found.typical, found.categories, found.rates)
    chosen: Recipe = st.selectbox(
        "Begin",
        offered,
        recommended(offered, BUDGETS[USUAL] or 0),
        format_func=lambda recipe: recipe.title,
        help="From a model: it knows sounds already, and learns yours in less time",
        key=f"recipe.{source}",
    )
    return chosen


def budget() -> tuple[float, list[str]]:
    """Minutes, and how much of this machine may be used."""
    choice = st.segmented_control("Time", list(BUDGETS), default=USUAL, required=True, width="stretch", key="time")
    with st.container(horizontal=True):
        minutes = BUDGETS[choice] or st.number_input("Minutes", 1, LONGEST, 120, step=10, key="minutes")
        cores = os.cpu_count() or 1
        threads = st.number_input(
            "Processor threads",
            1,
            cores,
            max(cores - 1, 1),
            help=f"This machine has {cores}. One is left for playing; a graphics card is used where there is one.",
            key="threads",
        )
    return minutes, ["--threads", str(threads), "--device", os.environ.get("SONOFORM_DEVICE", "auto")]


def launch(recipe: Recipe, source: Path, minutes: float, machine: list[str]) -> None:
    """What the time buys, and the start itself."""
    check_disk(recipe)
    wished = uploads.plain(source.name)
    free = free_name(wished)
    name = st.text_input("Name of the run", free, max_chars=64, key=f"name.{free}")
    with st.container(horizontal=True):
        tried = "Trains for some seconds to see how fast this machine is"
        measure = st.button("Estimate", icon=":material/speed:", help=tried)
        # The key of a name: a second click on the same button, on its way already, starts no second run.
        start = st.button("Start", icon=":material/play_arrow:", type=bright(free == wished), key=f"start.{free}")
    speed = known_speed(recipe, machine)
    if measure or (start and speed is None):
        with st.spinner("Trying the speed of this machine ...", show_time=True):
            speed = try_speed(recipe, source, machine)
    if speed is None:
        return
    planned = plan(recipe, speed, minutes)
    explain(planned, speed.age)
    promise(recipe, minutes)
    if start:
        arguments = ["--data", str(source), *recipe.arguments, "--set", *planned.settings]
        st.session_state.opened = jobs.start(name, arguments, minutes, machine).name
        st.rerun()


def free_name(wished: str) -> str:
    """The name, with a number where a run has it already."""
    names = {folder.name for folder in jobs.runs()}
    tried = [wished or "mine", *(f"{wished or 'mine'}_{i}" for i in range(2, len(names) + 3))]
    return next(name for name in tried if name not in names)


def explain(planned: Plan, age: float) -> None:
    """The stages of a plan, and what more time would buy."""
    cells = [
        (step.name, thousands(step.images) if step.images else "", time)
        for step, time in zip(planned.steps, planned.times, strict=True)
    ]
    rows = "".join(f"<span>{cell}</span>" for row in cells for cell in row)
    st.html(f"<div class='plan'><b>Stage</b><b>Sounds heard</b><b>Time</b>{rows}</div>")
    invented = planned.invented
    if invented.images:
        thousand = duration(60 * 1000 * invented.minutes / invented.images)
        st.caption(f"A thousand sounds of inventing take {thousand} here; a run can be resumed for more at any time.")
    if age > 3600:
        st.caption("The speed was measured earlier: press Estimate to measure it again.")
    if running := [folder.name for folder in jobs.runs() if jobs.status(folder).state == "running"]:
        st.caption(f"{plain(', '.join(running))} is being trained, and shares this machine with what you start now.")


def promise(recipe: Recipe, minutes: float) -> None:
    """What such a run came to where it was measured."""
    if figure := measured(recipe, minutes):
        st.caption(
            f"Measured on 60 clips of three categories, {figure.minutes:g} minutes of one thread: "
            f"FAD {figure.fad:.0f}, class hit rate {figure.hit_rate:.2f} "
            f"(recordings: {RECORDINGS_FAD:.0f} and {RECORDINGS_HIT_RATE:.2f})."
        )


# -- a run, live ---------------------------------------------------------------------------------------------------


def watch() -> None:
    """The chosen run. Its parts are run again by themselves: what moves every two seconds, the rest less often."""
    names = sorted(folder.name for folder in jobs.runs())
    if not names:
        welcome()
        return
    if "opened" in st.session_state:  # a run that was started just now
        st.session_state.run = st.session_state.pop("opened")
    if st.session_state.get("run") not in names:
        st.session_state.run = jobs.runs()[0].name
    choice, bar = st.columns([3, 8], vertical_alignment="center")
    name = choice.selectbox("Run", names, key="run", bind="query-params", label_visibility="collapsed")
    drawn = jobs.status(paths.runs() / name).state
    with bar:
        state(name, drawn)
    progress(name)
    results(name)


@st.fragment(run_every=REFRESH)
def state(name: str, drawn: jobs.State) -> None:
    """drawn: the state that the rest of the page shows. Once there is another, the whole page is run anew."""
    job = jobs.status(paths.runs() / name)
    if job.state != drawn:
        st.rerun()
    label, icon, colour = STATES[job.state]
    with st.container(horizontal=True, vertical_alignment="center", key="run_bar"):
        st.badge(label, icon=icon, color=colour, width="stretch")
        actions(job)


@st.fragment(run_every=REFRESH)
def progress(name: str) -> None:
    job = jobs.status(paths.runs() / name)
    told(job)
    figures(job)


@st.fragment(run_every=RARELY)
def results(name: str) -> None:
    job = jobs.status(paths.runs() / name)
    newest_sounds(job)
    graphs(job.lines)
    with st.expander("What the trainer printed", icon=":material/terminal:"):
        st.code("\n".join(job.log) or "Nothing yet.", language=None, wrap_lines=True)


def welcome() -> None:
    st.markdown("### Train a model on sounds of your own")
    st.markdown(
        "1. Bring your sounds, as a zip or a folder.\n"
        "2. Choose what to begin from and how long it may take, and press **Start**.\n"
        "3. Watch and listen here. The training goes on when you close this page.\n"
        "4. Publish: your model then plays on the other pages."
    )


def bright(way_on: bool) -> Literal["primary", "secondary"]:
    """The looks of a button: of all on the page, the one that leads on is the bright one."""
    return "primary" if way_on else "secondary"


def playable(job: jobs.Job) -> list[Card]:
    """The models that were made of a run, as far as they are still there."""
    cards = catalogue()
    return [cards[model] for model in jobs.published(job.folder) if model in cards]


def actions(job: jobs.Job) -> None:
    """What can be done with a run in its state; the way on is to go on, then to publish, then to play."""
    silent = not samples.stamp(job.folder)[1]
    played, over = bool(playable(job)), job.state == "finished" and not silent
    with st.container(horizontal=True, width="content", key="acts"):  # one place, however many buttons are in it
        if job.state == "running":
            busy = job.asked is not None
            act("Pause", ":material/pause:", jobs.pause, job, disabled=busy, help="Saves, and frees the machine")
            act("Stop", ":material/stop:", jobs.stop, job, disabled=busy, help="Saves, and ends for good")
        else:
            with st.popover("Resume", icon=":material/play_arrow:", type=bright(not played and not over)):
                resume(job)
    made = st.session_state.setdefault("publications", 0)  # part of the key: it closes when it has done its work
    looks = bright(over and not played)
    with st.popover("Publish", key=f"publishing.{made}", icon=":material/publish:", disabled=silent, type=looks):
        publish(job)
    with st.popover("Delete", icon=":material/delete:", disabled=job.state == "running"):
        delete(job)


def act(label: str, icon: str | None, action: Callable[..., object], job: jobs.Job, *more: Any, **looks: Any) -> None:
    st.button(label, icon=icon, on_click=attempt, args=(action, job, *more), key=f"act.{label}", **looks)


def attempt(action: Callable[..., object], job: jobs.Job, *more: Any) -> None:
    """Does it, or keeps the sentence that says why not for the page to show."""
    try:
        action(job.folder, *more)
        st.session_state.pop("refused", None)
    except RunError as error:
        st.session_state.refused = sentence(error)


def resume(job: jobs.Job) -> None:
    rest = ceil(job.left / 60) if job.state != "finished" and job.left > 30 else 30
    more = st.number_input("Minutes", 1, LONGEST, rest, key=f"more.{job.name}.{job.state}")
    act("Go on", None, jobs.resume, job, more, type="primary")


def publish(job: jobs.Job) -> None:
    model = st.text_input("Name of the model", job.name, max_chars=64, key=f"model.{job.name}")
    title = st.text_input("Title", readable(model), max_chars=64, key=f"title.{job.name}.{model}")
    if st.button("Publish", type="primary", key="publish"):
        with st.spinner("Publishing ...", show_time=True):
            attempt(jobs.publish, job, model, title)
        st.session_state.publications += 1
        st.rerun()


def delete(job: jobs.Job) -> None:
    st.markdown(f"All that **{plain(job.name)}** has learnt and saved goes. Models that were published of it stay.")
    if st.button("Delete for good", type="primary", key="delete"):
        attempt(jobs.delete, job)
        st.rerun()


def told(job: jobs.Job) -> None:
    """What a person must know now."""
    if refused := st.session_state.get("refused"):
        st.warning(refused, icon=":material/error:")
    if job.state == "crashed":
        st.error(sentence(job.complaint), icon=":material/error:")
        if len(job.log) > 1:
            st.code("\n".join(job.log[-8:]), language=None, wrap_lines=True)
    for card in playable(job):
        shaped = can(card.family, SPACE)
        goal, query = (SHAPE, {"m": card.id}) if shaped else (GENERATORS, {LINK: Batch(card.id).to_query()})
        with st.container(key=f"play-{card.id}"):  # the way on: app/style.css makes it the bright one
            st.page_link(goal, label=f"Play {plain(card.title)}", icon=":material/graphic_eq:", query_params=query)


def figures(job: jobs.Job) -> None:
    """The figures of now, and how much of the time is used."""
    last = job.last
    if job.state == "running":
        text = {"pause": "Saving, then it pauses", "stop": "Saving, then it stops"}.get(job.asked or "")
        text = text or (f"{STAGES.get(last.get('phase', ''), 'Reading the sounds')} · {duration(job.left)} left")
        st.progress(min(job.seconds / max(job.budget, 1.0), 1.0), text=text)
    if not last:
        return
    tick: dict[str, Any] = next((line for line in reversed(job.lines) if "images_per_second" in line), {})
    scores = [line["fad"] for line in job.lines if "fad" in line]
    with st.container(horizontal=True, key="figures"):
        st.metric("Stage", STAGES.get(last["phase"], last["phase"]))
        st.metric("Sounds heard", thousands(last["seen"]))
        st.metric("Sounds/s", f"{tick.get('images_per_second', 0):.3g}")
        st.metric("Trained", duration(60 * tick.get("wall_minutes", 0)))
        st.metric("Augmentation", f"{tick.get('augment', 0):.2f}", help="How often sounds are altered before judging")
        if scores:
            st.metric("Distance", f"{scores[-1]:.0f}", help=FAD_HELP)


def thousands(count: int) -> str:
    return f"{count / 1000:.1f} k" if count >= 1000 else str(count)


def duration(seconds: float) -> str:
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    return f"{ceil(seconds / 60)} min" if seconds >= 60 else f"{ceil(seconds)} s"


def newest_sounds(job: jobs.Job) -> None:
    """A strip of spectrograms and a player for each category."""
    snapshot = _newest_sounds(str(job.folder), samples.stamp(job.folder))
    if snapshot is None:
        return
    st.markdown(f"##### Newest sounds{f', after {snapshot.kimg} thousand sounds' if snapshot.kimg else ''}")
    pages = ceil(len(snapshot.samples) / MANY)
    page = st.pagination(pages, key="samples_page") if pages > 1 else 1
    shown = snapshot.samples[(page - 1) * MANY : page * MANY]
    across = 2 if len(shown) <= 4 else 3  # so that the curves are not far below
    for i in range(0, len(shown), across):
        for column, sample in zip(st.columns(across, gap="medium"), shown[i : i + across], strict=False):
            column.caption(plain(readable(sample.category)))
            column.image(sample.strip, width="stretch")
            column.audio(sample.wav, "audio/wav")


@st.cache_data(max_entries=4, show_spinner=False)
def _newest_sounds(folder: str, stamp: tuple[str, int]) -> samples.Snapshot | None:
    """`stamp` is part of the cache's key only."""
    return samples.newest(Path(folder), jobs.categories(Path(folder)))


def graphs(lines: curves.Lines) -> None:
    found = list(curves.charts(lines).items())
    if found:
        st.markdown("##### Curves, over minutes of training")
    for i in range(0, len(found), 2):
        for column, (title, chart) in zip(st.columns(2, gap="medium"), found[i : i + 2], strict=False):
            column.caption(plain(title))
            column.altair_chart(chart, width="stretch", key=f"chart.{title}")


controls, wide = st.columns([3, 8], gap="medium")
with wide:
    watch()
with controls:
    new_run()
