/** A plan as the checklist that becomes it again: an intent that anybody can read, edit and hand in. */
import type { Plan, PlannedBead } from '../convoys/plan.ts';

export const checklistOfPlan = ({ title, beads }: Plan): string =>
  [`# ${title}`, '', ...beads.flatMap((bead) => [...taskOf(bead), ''])].join('\n');

function taskOf(bead: PlannedBead): string[] {
  const fields = [
    ...(bead.needs.length > 0 ? [`needs: ${bead.needs.join(', ')}`] : []),
    ...bead.acceptance.map((line) => `accept: ${oneLine(line)}`),
    ...(bead.formula === undefined ? [] : [`formula: ${bead.formula}`]),
    ...Object.entries(bead.vars ?? {}).map(([name, value]) => `var: ${name} = ${oneLine(value)}`),
  ];
  const prose = bead.instructions.trim() === '' ? [] : ['', ...proseOf(bead.instructions.trim().split('\n'))];
  return [`- [ ] ${bead.name}: ${bead.title}`, ...[...fields, ...prose].map((line) => (line ? `  ${line}` : ''))];
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** A line that a checklist could take for a task, a field, a comment or a fence. */
const isAmbiguous = (line: string): boolean =>
  /^\s*(?:[-*+]|\d+[.)])?\s*(?:\[|`{3}|~{3}|<!--|[A-Za-z][A-Za-z_-]*:)/.test(line);

/** Where any line could be taken for something else, in a block whose marks are longer than any in the text. */
function proseOf(lines: readonly string[]): string[] {
  if (!lines.some(isAmbiguous)) return lines.map((line) => line.trimEnd());
  const longest = Math.max(2, ...lines.map((line) => /`+/.exec(line)?.[0].length ?? 0));
  const marks = '`'.repeat(longest + 1);
  return [`${marks}text`, ...lines.map((line) => line.trimEnd()), marks];
}
