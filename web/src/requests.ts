// Questions to the server while a control moves: the latest wins, and a failing one is asked again. The next one leaves
// a little before the answer to the last is due: the server goes from one to the other without waiting for the page.

/** What the server refuses, in its own words: asking again would not help. */
export class Refused extends Error {}

export const RETRY_MS = 700;
const EARLY = 0.7; // of the time that an answer takes
export const SILENT = "The sound server does not answer. Trying again …";

type Send<Question, Answer> = (question: Question, sequence: number) => Promise<Answer>;

interface Asked<Question> {
  question: Question;
  /** Of how many rounds of asking; those before the last are not wanted any more. */
  round: number;
}

export class LatestWins<Question, Answer> {
  private wanted: Asked<Question> | null = null;
  private failing = false;
  private round = 0;
  private count = 0;
  private heard = 0;
  private underWay = 0;
  /** When the last question left, and how long the last answer took; ms. */
  private sent = 0;
  private lasts = Infinity;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  /** `trouble` is told one sentence, or null when all is well again. */
  constructor(
    private readonly send: Send<Question, Answer>,
    private readonly answered: (answer: Answer, question: Question) => void,
    private readonly trouble: (sentence: string | null) => void,
    private readonly pause: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
  ) {}

  ask(question: Question): void {
    this.wanted = { question, round: this.round };
    this.next();
  }

  /** Answers to what was asked until now are not wanted any more. A server that failed is still asked until it answers. */
  drop(): void {
    this.round += 1;
    if (!this.failing) this.wanted = null;
  }

  end(): void {
    this.ended = true;
    this.wanted = null;
  }

  /** Sends what is wanted, if its time has come; else it is called again when that is so. */
  private next(): void {
    const asked = this.wanted;
    if (!asked || this.ended || this.underWay >= (this.failing ? 1 : 2)) return;
    const early = this.underWay ? this.sent + EARLY * this.lasts - performance.now() : 0;
    if (early > 0) {
      clearTimeout(this.timer);
      if (early < Infinity) this.timer = setTimeout(() => this.next(), early);
      return;
    }
    this.wanted = null;
    void this.one(asked);
  }

  private async one(asked: Asked<Question>): Promise<void> {
    const number = ++this.count;
    const began = (this.sent = performance.now());
    this.underWay += 1;
    let answer: Answer | undefined;
    try {
      answer = await this.send(asked.question, number % 2 ** 32);
      this.lasts = performance.now() - began;
    } catch (error) {
      await this.failed(error, asked);
    }
    this.underWay -= 1;
    this.next();
    if (answer !== undefined) this.hear(answer, number, asked);
  }

  private hear(answer: Answer, number: number, { question, round }: Asked<Question>): void {
    this.tell(null);
    if (round !== this.round || this.ended || number < this.heard) return;
    this.heard = number;
    this.answered(answer, question);
  }

  private async failed(error: unknown, asked: Asked<Question>): Promise<void> {
    if (error instanceof Refused) return this.tell(error.message);
    this.tell(SILENT);
    await this.pause(RETRY_MS);
    this.wanted ??= asked;
  }

  private tell(sentence: string | null): void {
    const before = this.failing;
    this.failing = sentence !== null;
    if ((this.failing || before) && !this.ended) this.trouble(sentence);
  }
}
