// Questions to the server while a control moves: one under way at a time, the latest wins, a failing one is asked again.

/** What the server refuses, in its own words: asking again would not help. */
export class Refused extends Error {}

export const RETRY_MS = 700;
export const SILENT = "The sound server does not answer. Trying again …";

type Send<Question, Answer> = (question: Question, sequence: number) => Promise<Answer>;

export class LatestWins<Question, Answer> {
  private wanted: { question: Question; round: number } | null = null;
  private busy = false;
  private failing = false;
  private round = 0;
  private sequence = 0;
  private ended = false;

  /** `trouble` is told one sentence, or null when all is well again. */
  constructor(
    private readonly send: Send<Question, Answer>,
    private readonly answered: (answer: Answer) => void,
    private readonly trouble: (sentence: string | null) => void,
    private readonly pause: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
  ) {}

  ask(question: Question): void {
    this.wanted = { question, round: this.round };
    if (!this.busy) void this.run();
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

  private async run(): Promise<void> {
    this.busy = true;
    while (this.wanted && !this.ended) {
      const asked = this.wanted;
      this.wanted = null;
      await this.one(asked.question, asked.round);
    }
    this.busy = false;
  }

  private async one(question: Question, round: number): Promise<void> {
    try {
      this.sequence = (this.sequence + 1) % 2 ** 32;
      const answer = await this.send(question, this.sequence);
      this.tell(null);
      if (round === this.round && !this.ended) this.answered(answer);
    } catch (error) {
      if (error instanceof Refused) return this.tell(error.message);
      this.tell(SILENT);
      await this.pause(RETRY_MS);
      this.wanted ??= { question, round };
    }
  }

  private tell(sentence: string | null): void {
    const before = this.failing;
    this.failing = sentence !== null;
    if ((this.failing || before) && !this.ended) this.trouble(sentence);
  }
}
