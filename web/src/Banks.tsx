// Banks of controls, each of which can be folded away.

import { useState } from "react";
import type { Bank, Values } from "./controls";
import { Pad } from "./Pad";
import { Slider, type Moves } from "./Slider";

interface Props {
  banks: Bank[];
  values: Values;
  moves: Moves;
}

export function Banks({ banks, values, moves }: Props) {
  return (
    <div className="banks">
      {banks.map((bank) => (
        <BankOf key={bank.title} bank={bank} values={values} moves={moves} />
      ))}
    </div>
  );
}

function BankOf({ bank, values, moves }: { bank: Bank; values: Values; moves: Moves }) {
  const [open, setOpen] = useState(bank.open);
  const moved = bank.controls.filter((control) => values[control.name] !== control.home).length;
  const vertical = bank.orientation === "vertical";
  const pair = bank.pad?.map((name) => bank.controls.find((control) => control.name === name));
  return (
    <section className="bank" aria-label={bank.title}>
      <button className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <i aria-hidden="true" className={open ? "arrow open" : "arrow"} />
        {bank.title}
        {!open && moved > 0 && <small>{moved} moved</small>}
      </button>
      {open && (
        <div className={vertical ? "controls vertical" : "controls"}>
          {bank.controls.map((control) => (
            <Slider key={control.name} control={control} value={values[control.name]!} vertical={vertical} moves={moves} />
          ))}
        </div>
      )}
      {open && pair?.[0] && pair[1] && <Pad x={pair[0]} y={pair[1]} values={values} moves={moves} />}
    </section>
  );
}
