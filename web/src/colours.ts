// Colour maps with even steps of lightness, legible to the colour-blind: viridis and magma (van der Walt and Smith),
// cividis (Nuñez, Anderton and Renslow), each by every sixteenth of its way, and grey.

const ANCHORS = {
  magma:
    "000004 0a0822 1d1147 36106b 51127c 6a1c81 832681 9c2e7f b73779 d0416f e75263 f56b5c fc8961 fea772 fec488 fde2a3 fcfdbf",
  viridis:
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725",
  cividis:
    "00224e 002e6a 1a386f 32436d 434e6c 535a6d 61656f 6f7073 7d7c78 8c8878 9b9476 aba072 bcae6c cdbb63 dec958 f0d846 fee838",
  grey: "000000 ffffff",
};

export type ColourMap = keyof typeof ANCHORS;

export const COLOUR_MAPS = Object.keys(ANCHORS) as ColourMap[];

const made = new Map<ColourMap, Uint32Array>();

/** 256 colours as 32-bit pixels of a canvas (ABGR). */
export function palette(name: ColourMap): Uint32Array {
  if (!made.has(name)) made.set(name, interpolated(name));
  return made.get(name)!;
}

function interpolated(name: ColourMap): Uint32Array {
  const anchors = ANCHORS[name].split(" ").map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (anchors.length - 1);
    const below = Math.min(Math.floor(place), anchors.length - 2);
    const share = place - below;
    const [r, g, b] = [0, 1, 2].map((c) => Math.round(anchors[below]![c]! * (1 - share) + anchors[below + 1]![c]! * share));
    return ((255 << 24) | (b! << 16) | (g! << 8) | r!) >>> 0;
  });
}
