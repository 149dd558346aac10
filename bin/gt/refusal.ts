interface Fault {
  readonly code?: string;
  readonly what: string;
  readonly remedy: string;
  readonly at?: string;
}

/** `line 3  SCRIPT_MISSING  …`, as the documents have it: people look the code up there. */
export const placed = ({ code, what, at }: Fault): string =>
  code === undefined ? [at, what].filter(Boolean).join(': ') : [at, code, what].filter(Boolean).join('  ');

/** What the CLI prints and ends with: `CODE: what remedy`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
  readonly faults: readonly Fault[];

  constructor(code: string, what: string, remedy: string, faults: Refusal['faults'] = []) {
    super(`${code}: ${what} ${remedy}`.trim());
    this.code = code;
    this.what = what;
    this.remedy = remedy;
    this.faults = faults;
  }
}
