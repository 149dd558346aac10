/** Lines over a few values, as SVG: each line named at its end, in its own colour. */

export interface Line {
  readonly name: string;
  /** One for each tick of x; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly ticks: readonly string[];
  readonly y: string;
  readonly lines: readonly Line[];
  /** Ends of the logarithmic y axis; what is above is cut off. */
  readonly from: number;
  readonly to: number;
}

const width = 760;
const height = 400;
const left = 64;
const right = 190;
const top = 52;
const bottom = 52;
/** Names at the ends of lines stand so far apart. */
const nameHeight = 16;

const escaped = (words: string): string => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function text(x: number, y: number, words: string, rest = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${rest}>${escaped(words)}</text>`;
}

export function chart({ title, x, ticks, y, lines, from, to }: Chart): string {
  const atX = (i: number): number => left + (i / Math.max(1, ticks.length - 1)) * (width - left - right);
  const atY = (value: number): number => {
    const share = Math.log(Math.min(to, Math.max(from, value)) / from) / Math.log(to / from);
    return height - bottom - share * (height - bottom - top);
  };
  const grid = levels(from, to).map(
    (level) =>
      `<path d="M${left} ${atY(level).toFixed(1)}H${width - right}" stroke="#e2e2e2"/>${text(left - 8, atY(level) + 4, label(level), 'text-anchor="end"')}`,
  );
  const drawn = lines.map(({ values, colour, dashed }) => {
    const points = values.flatMap((value, i) => (value === undefined ? [] : [[atX(i), atY(value)] as const]));
    const path = points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
    const dots = dashed
      ? ''
      : points
          .map(([px, py]) => `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="3" fill="${colour}"/>`)
          .join('');
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2.2"${dashed ? ' stroke-dasharray="6 4"' : ''}/>${dots}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#fff"/>
${text(left, 22, title, 'font-size="15" font-weight="bold"')}
${text(left, 41, y, 'fill="#555"')}
${text((left + width - right) / 2, height - 14, x, 'text-anchor="middle" fill="#555"')}
${[...grid, ...ticks.map((tick, i) => text(atX(i), height - bottom + 20, tick, 'text-anchor="middle"')), ...drawn, ...names(lines, atY)].join('\n')}
</svg>
`;
}

/** Names beside the ends of their lines, pushed apart where they would meet. */
function names(lines: readonly Line[], atY: (value: number) => number): string[] {
  const ends = lines
    .flatMap((line) => {
      const last = line.values.findLast((value) => value !== undefined);
      return last === undefined ? [] : [{ line, y: atY(last) }];
    })
    .sort((a, b) => a.y - b.y);
  let above = top - nameHeight;
  const placed = ends.map(({ line, y }) => {
    above = Math.max(y, above + nameHeight);
    return { line, y: above };
  });
  let below = height - bottom + nameHeight;
  for (const end of placed.reverse()) {
    end.y = Math.min(end.y, below - nameHeight);
    below = end.y;
  }
  return placed.map(({ line, y }) => text(width - right + 10, y + 4, line.name, `fill="${line.colour}"`));
}

/** 1, 2 and 5 of each power of ten, or the powers alone where there are many. */
function levels(from: number, to: number): number[] {
  const few = Math.log10(to / from) > 2.5 ? [1] : [1, 2, 5];
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power += 1)
    for (const step of few) {
      const level = step * 10 ** power;
      if (level >= from * 0.999 && level <= to * 1.001) found.push(level);
    }
  return found;
}

const label = (level: number): string =>
  level >= 1 ? level.toLocaleString('en') : String(Number(level.toPrecision(2)));
