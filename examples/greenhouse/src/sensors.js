/** From raw probes to one reading. What cannot be true is refused: a broken cable must not heat the house. */
const believable = { insideC: [-30, 60], outsideC: [-50, 55], soilPct: [0, 100], light: [0, 1] };

/** Three thermometers hang inside, because one of them always hangs in the sun. The middle one is believed. */
export const middle = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

export function read(probes) {
  const reading = { ...probes, insideC: middle(probes.insideC) };
  for (const [name, [low, high]] of Object.entries(believable)) {
    const value = reading[name];
    if (!(value >= low && value <= high)) throw new RangeError(`${name} reads ${value}: look at its cable.`);
  }
  return reading;
}
