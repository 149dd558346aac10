import type { PresetName } from '../../core/polecats/runtime.ts';

/** Where `run.ts` says in which directory an agent's program is; unset: it could not be had. */
export const binVariable = (name: PresetName): string => `GASTOWN_${name.toUpperCase()}_BIN`;
