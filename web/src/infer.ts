// POST /infer of app/server/routes.py, from the page's own host and under its base path.

import { decodeFrame, type Frame } from "./frame";
import { Refused } from "./requests";

const PATIENCE_MS = 8000;

export type Body = Record<string, unknown>;

/** What is asked for: a sound, or a draft of it for a control that still moves. */
export interface Question {
  body: Body;
  draft: boolean;
}

export async function frameOf(address: string, { body, draft }: Question, sequence: number): Promise<Frame> {
  const answer = await post(address, { ...body, format: "frame", draft, sequence });
  const frame = decodeFrame(new Uint8Array(await answer.arrayBuffer()));
  if (frame.sequence !== sequence) throw new Error("an answer to another question");
  return frame;
}

export async function wavOf(address: string, body: Body): Promise<Blob> {
  return (await post(address, { ...body, format: "wav" })).blob();
}

/** Ways to fill an area of a sound anew, each the text of a stroke; POST /fill. */
export async function fillsOf(body: Body, area: Body): Promise<string[]> {
  return ((await (await post("fill", { ...body, area })).json()) as { strokes: string[] }).strokes;
}

async function post(address: string, body: Body): Promise<Response> {
  const answer = await fetch(new URL(address, document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.ok) return answer;
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) throw new Error("no server behind the proxy");
  throw new Refused(await reason(answer));
}

async function reason(answer: Response): Promise<string> {
  const told: unknown = await answer.json().catch(() => null);
  const error = told && typeof told === "object" && "error" in told ? String(told.error) : `status ${answer.status}`;
  return `The server refuses this sound: ${error}.`;
}
