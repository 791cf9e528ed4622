// A sound without an end, played while it is made: GET /stream, by an audio element. Who stops it ends the request too.

export class Stream {
  private readonly element = new Audio();

  /** Plays `address` into `out`; `ended` is called when the server ends it or does not answer. */
  constructor(context: AudioContext, out: AudioNode, address: string, ended: (failed: boolean) => void) {
    context.createMediaElementSource(this.element).connect(out);
    this.element.onended = () => ended(false);
    this.element.onerror = () => ended(true);
    this.element.src = address;
    void this.element.play().catch(() => {}); // stopped before it began; a failure is an error event too
  }

  stop(): void {
    this.element.onended = this.element.onerror = null;
    this.element.pause();
    this.element.removeAttribute("src");
    this.element.load();
  }
}
