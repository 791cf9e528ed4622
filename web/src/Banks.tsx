// Banks of sliders and switches, each of which can be folded away.

import { useState } from "react";
import type { Bank, Values } from "./controls";
import { Pad } from "./Pad";
import { Slider, type Moves } from "./Slider";
import { directions, varied } from "./vary";

/** Sliders that chance leaves alone. */
export interface Locks {
  locked: ReadonlySet<string>;
  turn: (name: string) => void;
}

interface Props {
  banks: Bank[];
  values: Values;
  moves: Moves;
  locks: Locks;
}

const FARTHEST = 3; // steps of a slider that chance moves it by, on average

export function Banks({ banks, place, values, moves, locks }: Props & { place: Bank["place"] }) {
  return (
    <div className={place === "side" ? "banks" : "banks below"}>
      {banks.filter((bank) => bank.place === place).map((bank) => (
        <BankOf key={bank.title} bank={bank} values={values} moves={moves} locks={locks} />
      ))}
    </div>
  );
}

function BankOf({ bank, values, moves, locks }: Omit<Props, "banks"> & { bank: Bank }) {
  const [open, setOpen] = useState(bank.open);
  const moved = [...bank.controls, ...bank.switches].filter(({ name, home }) => values[name] !== home).length;
  const vertical = bank.orientation === "vertical";
  const free = directions(bank.controls);
  const lockable = free.length > 1 && !vertical;
  const pair = bank.pad?.map((name) => bank.controls.find((control) => control.name === name));
  return (
    <section className={`bank ${bank.place}`} aria-label={bank.title}>
      <button className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <i aria-hidden="true" className={open ? "arrow open" : "arrow"} />
        {bank.title}
        {!open && moved > 0 && <small>{moved} moved</small>}
      </button>
      {open && (
        <div className={vertical ? "controls vertical" : "controls"}>
          {bank.controls.map((control) => (
            <Slider
              key={control.name} control={control} value={Number(values[control.name])} vertical={vertical} moves={moves}
              lock={lockable && free.includes(control) ? locks.turn : null} locked={locks.locked.has(control.name)}
            />
          ))}
        </div>
      )}
      {open && lockable && <Vary vary={(amount) => moves.set(varied(free, values, locks.locked, amount))} />}
      {open && bank.switches.length > 0 && (
        <div className="switches">
          {bank.switches.map(({ name, label, help }) => (
            <button key={name} role="switch" aria-checked={values[name] === true} title={help || undefined} onClick={() => moves.set({ [name]: !values[name] })}>
              {label}
            </button>
          ))}
        </div>
      )}
      {open && pair?.[0] && pair[1] && <Pad x={pair[0]} y={pair[1]} corners={bank.corners} values={values} moves={moves} />}
    </section>
  );
}

function Vary({ vary }: { vary: (amount: number) => void }) {
  const [amount, setAmount] = useState(1);
  return (
    <div className="vary">
      <button title="Moves the sliders above at random, but for those that are locked" onClick={() => vary(amount)}>Vary</button>
      <input
        type="range" min={0.2} max={FARTHEST} step={0.2} value={amount} aria-label="How far Vary goes" title={`By about ${amount}`}
        onChange={(event) => setAmount(event.target.valueAsNumber)}
      />
    </div>
  );
}
