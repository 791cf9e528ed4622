// Before Streamlit runs. One entry of the browser's history for each thing that a hand did; one player at a time.
//
// Streamlit writes the address twice on a page change: the page, and then what the page says of itself. Whatever it
// writes before a hand has touched the page again completes the entry that stands, so that Back leaves the page. This
// runs before Streamlit does: an old name of a page is written over before any component is there.
{
  const HANDS = ["pointerdown", "keydown", "click", "drop"];
  let stands = true; // no hand has touched the page since the address was written, or opened
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    if (stands) history.replaceState(state, title, address);
    else push(state, title, address);
    stands = true;
  };
  for (const hand of HANDS) window.addEventListener(hand, () => (stands = false), { capture: true, passive: true });
  window.addEventListener("popstate", () => (stands = true), { capture: true });

  // Of the browser's own players one plays at a time; web/src/alone.ts has those of the bundle.
  const others = (player) => [...document.querySelectorAll("audio")].filter((one) => one !== player);
  window.addEventListener("play", ({ target }) => others(target).forEach((one) => one.pause()), { capture: true });
}
