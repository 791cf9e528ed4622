// What the sound is drawn from: the category, and the seed with its die. A choice is heard at once.

import { useRef, type KeyboardEvent } from "react";
import { SEEDS, type Choice, type Source as Sources, type Values } from "./controls";

const MANY = 16; // options that stand side by side

interface Props {
  source: Sources;
  values: Values;
  set: (values: Values) => void;
  roll: () => void;
}

export function Source({ source, values, set, roll }: Props) {
  return (
    <div className="source">
      {source.choices.map((choice) =>
        choice.options.length > MANY ? (
          <Menu key={choice.name} choice={choice} value={String(values[choice.name])} set={set} />
        ) : (
          <Pills key={choice.name} choice={choice} value={String(values[choice.name])} set={set} />
        ),
      )}
      <Seed value={Number(values[source.seed.name])} set={(seed) => set({ [source.seed.name]: seed })} roll={roll} />
    </div>
  );
}

interface Chooser {
  choice: Choice;
  value: string;
  set: (values: Values) => void;
}

function Menu({ choice, value, set }: Chooser) {
  return (
    <select aria-label={choice.label} value={value} onChange={(event) => set({ [choice.name]: event.target.value })}>
      {choice.options.map(([option, name]) => (
        <option key={option} value={option}>{name}</option>
      ))}
    </select>
  );
}

function Pills({ choice, value, set }: Chooser) {
  const row = useRef<HTMLDivElement>(null);
  const at = choice.options.findIndex(([option]) => option === value);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (at + step + choice.options.length) % choice.options.length;
    (row.current!.children[next] as HTMLElement).focus();
    set({ [choice.name]: choice.options[next]![0] });
  };
  return (
    <div ref={row} className="pills" role="radiogroup" aria-label={choice.label} onKeyDown={onKeyDown}>
      {choice.options.map(([option, name], i) => (
        <button
          key={option} role="radio" aria-checked={option === value} tabIndex={i === Math.max(at, 0) ? 0 : -1}
          onClick={() => option !== value && set({ [choice.name]: option })}
        >
          {name}
        </button>
      ))}
    </div>
  );
}

function Seed({ value, set, roll }: { value: number; set: (seed: number) => void; roll: () => void }) {
  const take = (text: string) => {
    const seed = Number(text);
    if (text.trim() !== "" && Number.isInteger(seed) && seed >= 0 && seed < SEEDS && seed !== value) set(seed);
  };
  return (
    <div className="seed">
      <label>
        Seed
        {/* A new seed is a new field, which shows it. */}
        <input
          key={value} inputMode="numeric" defaultValue={value} onBlur={(event) => take(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && take(event.currentTarget.value)}
        />
      </label>
      <button title="A new random seed (R)" onClick={roll}>
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M3 1.5h10A1.5 1.5 0 0 1 14.5 3v10a1.5 1.5 0 0 1-1.5 1.5H3A1.5 1.5 0 0 1 1.5 13V3A1.5 1.5 0 0 1 3 1.5z" fill="none" stroke="currentColor" strokeWidth="1.4" />
          <g fill="currentColor"><circle cx="5" cy="5" r="1.2" /><circle cx="11" cy="5" r="1.2" /><circle cx="8" cy="8" r="1.2" /><circle cx="5" cy="11" r="1.2" /><circle cx="11" cy="11" r="1.2" /></g>
        </svg>
        Roll
      </button>
    </div>
  );
}
