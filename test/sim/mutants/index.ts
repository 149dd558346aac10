/** Every bug that the simulator must notice. */
import type { Mutant } from './mutant.ts';
import { ofBeads } from './of-beads.ts';
import { ofGates } from './of-gates.ts';
import { ofLanding } from './of-landing.ts';
import { ofPlatform } from './of-platform.ts';
import { ofTriage } from './of-triage.ts';

export const mutants: readonly Mutant[] = [...ofLanding, ...ofGates, ...ofBeads, ...ofTriage, ...ofPlatform];
