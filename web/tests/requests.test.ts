import { describe, expect, it, vi } from "vitest";
import { LatestWins, Refused, SILENT } from "../src/requests";

/** A server whose answers come when the test says so. */
function desk() {
  const open: { question: string; sequence: number; answer: () => void; fail: (error: Error) => void }[] = [];
  const [heard, told]: [string[], (string | null)[]] = [[], []];
  const loop = new LatestWins<string, string>(
    (question, sequence) =>
      new Promise((done, fail) => open.push({ question, sequence, answer: () => done(question), fail })),
    (answer) => heard.push(answer),
    (sentence) => told.push(sentence),
    () => Promise.resolve(),
  );
  const settle = () => new Promise((done) => setTimeout(done));
  return { open, heard, told, loop, settle };
}

describe("questions while a control moves", () => {
  it("wait for the first answer, and the latest wins", async () => {
    const { open, heard, loop, settle } = desk();
    ["a", "b", "c"].forEach((question) => loop.ask(question));
    expect(open).toHaveLength(1);
    open[0]!.answer();
    await settle();
    expect(open.map(({ question }) => question)).toEqual(["a", "c"]);
    expect(open.map(({ sequence }) => sequence)).toEqual([1, 2]);
    open[1]!.answer();
    await settle();
    expect(heard).toEqual(["a", "c"]);
  });

  it("leave a little before the last answer is due, two at the most, and none is heard after a later one", async () => {
    vi.useFakeTimers();
    const { open, heard, loop } = desk();
    const sent = () => open.map(({ question }) => question).join("");
    const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
    loop.ask("a");
    await pass(100);
    open[0]!.answer();
    await pass(0);
    ["b", "c"].forEach((question) => loop.ask(question));
    await pass(60);
    expect(sent()).toBe("ab");
    loop.ask("d");
    await pass(20);
    expect(sent()).toBe("abd");
    loop.ask("e");
    await pass(500);
    expect(sent()).toBe("abd");
    open[2]!.answer();
    open[1]!.answer();
    await pass(0);
    expect(heard).toEqual(["a", "d"]);
    expect(sent()).toBe("abde");
    vi.useRealTimers();
  });

  it("that are dropped are not answered any more, nor sent", async () => {
    const { open, heard, loop, settle } = desk();
    loop.ask("a");
    loop.ask("b");
    loop.drop();
    open[0]!.answer();
    await settle();
    expect(heard).toEqual([]);
    expect(open).toHaveLength(1);
    loop.ask("c");
    open[1]!.answer();
    await settle();
    expect(heard).toEqual(["c"]);
  });

  it("are asked again until the server is back, which is told in one sentence and taken back", async () => {
    const { open, heard, told, loop, settle } = desk();
    loop.ask("a");
    open[0]!.fail(new TypeError("Failed to fetch"));
    await settle();
    expect(told).toEqual([SILENT]);
    loop.ask("b");
    open[1]!.fail(new TypeError("Failed to fetch"));
    await settle();
    expect(open.map(({ question }) => question)).toEqual(["a", "a", "b"]);
    open[2]!.answer();
    await settle();
    expect(told.at(-1)).toBeNull();
    expect(heard).toEqual(["b"]);
  });

  it("of a hand that let go meanwhile only find out whether the server is back", async () => {
    const { open, heard, told, loop, settle } = desk();
    loop.ask("a");
    open[0]!.fail(new TypeError());
    await settle();
    loop.drop();
    open[1]!.answer();
    await settle();
    expect(told).toEqual([SILENT, null]);
    expect(heard).toEqual([]);
  });

  it("that the server refuses are not repeated", async () => {
    const { open, told, loop, settle } = desk();
    loop.ask("a");
    open[0]!.fail(new Refused("psi must lie in 0..2"));
    await settle();
    expect(told).toEqual(["psi must lie in 0..2"]);
    expect(open).toHaveLength(1);
  });

  it("end with the page", async () => {
    const { open, heard, told, loop, settle } = desk();
    loop.ask("a");
    loop.end();
    open[0]!.fail(new TypeError());
    await settle();
    expect([open.length, heard, told]).toEqual([1, [], []]);
  });
});
