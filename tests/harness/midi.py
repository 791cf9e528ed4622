"""A MIDI device that a page finds, played by the test: `send(...bytes)` and `unplug()` of the window."""

VIRTUAL = """
window.midi = { inputs: new Map(), onstatechange: null };
const port = { name: "Test Keys", state: "connected", onmidimessage: null };
window.midi.inputs.set("1", port);
window.send = (...bytes) => {
  window.sent = performance.now();
  port.onmidimessage({ data: new Uint8Array(bytes) });
};
window.unplug = () => {
  port.state = "disconnected";
  window.midi.onstatechange({ port });
};
navigator.requestMIDIAccess = async () => window.midi;
window.notes = [];
const { start, stop } = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function (...when) {
  const after = performance.now() - window.sent;
  const note = { after, cents: Math.round(1200 * Math.log2(this.playbackRate.value)), ended: false, of: this };
  window.notes.push(note);
  this.addEventListener("ended", () => (note.ended = true));
  return start.apply(this, when);
};
"""
