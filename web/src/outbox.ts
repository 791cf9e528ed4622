// What the hand did, on its way to Python: numbered, and repeated until Python says that it was heard.
// Streamlit merges messages that come faster than its script runs, so that one alone may never arrive.

import type { Values } from "./controls";

export interface Said {
  n: number;
  name: string;
  values?: Values;
}

export class Outbox {
  private waiting: Said[] = [];
  private last = 0;

  say(name: string, values?: Values): Said[] {
    this.last += 1;
    this.waiting = [...this.waiting, values ? { n: this.last, name, values } : { n: this.last, name }];
    return this.waiting;
  }

  /** Python has heard all up to n. */
  heard(n: number): void {
    this.waiting = this.waiting.filter((said) => said.n > n);
    this.last = Math.max(this.last, n);
  }

  /** All that Python has not said it heard. */
  get all(): Said[] {
    return this.waiting;
  }

  get empty(): boolean {
    return this.waiting.length === 0;
  }
}
