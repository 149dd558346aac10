/** What the CLI prints and ends with: `CODE: what remedy`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;
  readonly what: string;
  readonly remedy: string;
  readonly faults: readonly { readonly what: string; readonly remedy: string; readonly at?: string }[];

  constructor(code: string, what: string, remedy: string, faults: Refusal['faults'] = []) {
    super(`${code}: ${what} ${remedy}`.trim());
    this.code = code;
    this.what = what;
    this.remedy = remedy;
    this.faults = faults;
  }
}
