/** Asks the weather station on the roof for a recording: CSV, one line every ten minutes, minutes since midnight. */
const recordings = {
  /** From the afternoon to the next noon. A clear sky: colder and colder until the sun is up, and then quickly mild. */
  'frosty-night': { from: 15 * 60, minutes: 21 * 60, dayC: 3, nightC: -13, coldest: 30 * 60 },
};

const recording = recordings[process.argv[2]];
if (!recording) {
  console.error(`The station has no recording called "${process.argv[2]}". It has: ${Object.keys(recordings)}.`);
  process.exit(1);
}

const { from, minutes, dayC, nightC, coldest } = recording;
console.log('minute,outsideC,light');
for (let minute = from; minute <= from + minutes; minute += 10) {
  const swing = minute < coldest ? coldest - from : from + minutes - coldest;
  const cold = (1 + Math.cos((Math.PI * (minute - coldest)) / swing)) / 2;
  const light = Math.max(0, -Math.cos((2 * Math.PI * minute) / (24 * 60)) - 0.3) / 2;
  console.log(`${minute},${(dayC + (nightC - dayC) * cold).toFixed(1)},${light.toFixed(2)}`);
}
