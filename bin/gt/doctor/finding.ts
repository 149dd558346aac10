/** What the doctor says of one thing it looked at. */
export interface Finding {
  readonly check: string;
  /** `warn`: the town works, or it could not be looked at; `fail`: something will not. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  readonly remedy: string;
}

export const ok = (check: string, found: string): Finding => ({ check, state: 'ok', found, remedy: '' });
export const warn = (check: string, found: string, remedy: string): Finding => ({
  check,
  state: 'warn',
  found,
  remedy,
});
export const fail = (check: string, found: string, remedy: string): Finding => ({
  check,
  state: 'fail',
  found,
  remedy,
});
export const notChecked = (check: string, why: string, remedy: string): Finding =>
  warn(check, `not checked: ${why}`, remedy);
