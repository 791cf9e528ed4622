// The address names the page that is shown: pages lie beside each other, whatever the app's own path is.
export default function ({ data }) {
  const there = window.location;
  const meant = new URL(`./${data.page}`, document.baseURI);
  if (meant.pathname !== there.pathname) {
    window.history.replaceState({}, "", `${meant.pathname}${there.search}${there.hash}`);
  }
}
