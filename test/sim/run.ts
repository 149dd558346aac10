import { drawScenario } from './kernel/scenario.ts';
import { simulate } from './kernel/simulate.ts';

const seed = Number(process.argv[2] ?? 1);
const scenario = drawScenario(seed);
const calm = process.argv[3] === 'calm' ? { ...scenario, faults: { rates: {}, strikesMax: 0 }, convoys: scenario.convoys.map((c) => ({ ...c, beads: c.beads.map((b) => ({ ...b, manners: ['good' as const] })) })), commands: [] } : scenario;
const t = performance.now();
const out = await simulate(calm, {
  invariants: [],
  listener: (at, who, what, isStep) => {
    if (!isStep || process.argv[4]) console.log(new Date(at).toISOString().slice(11, 23), who, what);
  },
});
console.log(out, performance.now() - t);
