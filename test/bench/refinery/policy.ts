/** What every policy is to the engine: it is told what happened, and says what to do. Changes are numbered as they arrive. */

export type Event =
  /** In line, or in line again with a head that fits main. */
  | { readonly event: 'submitted'; readonly change: number; readonly again: boolean }
  /** Conflicts with what has landed: out of line, with a resolver. */
  | { readonly event: 'withdrawn'; readonly change: number }
  | { readonly event: 'ended'; readonly run: number; readonly verdict: 'passed' | 'failed' | 'infra' }
  /** Somebody else moved main: what was built before cannot land. */
  | { readonly event: 'pushed' };

export type Action =
  /** A run of main with these changes on it, in this order. `run`: the policy's own number for it. */
  | { readonly do: 'start'; readonly run: number; readonly content: readonly number[] }
  | { readonly do: 'cancel'; readonly run: number }
  /** Main becomes what this run tested. */
  | { readonly do: 'land'; readonly run: number }
  | { readonly do: 'reject'; readonly change: number };

export interface View {
  readonly now: number;
  /** Runs that may be started. */
  readonly free: number;
  /** A chain that holds `others` can take this change too. */
  fits(change: number, others: readonly number[]): boolean;
}

export interface Policy {
  tell(event: Event): void;
  /** Asked after everything of an instant was told, and again until it answers nothing. */
  plan(view: View): readonly Action[];
}
