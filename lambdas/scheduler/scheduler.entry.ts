import { commandPorts } from '../platform/ports.entry.ts';
import { schedulerEnv } from './scheduler.env.ts';
import { makeHandler } from './scheduler.ts';

const env = schedulerEnv.read(process.env);
const caps = { polecatsPerTown: Number(env.POLECATS_MAX), dayBudgetUsd: Number(env.DAY_BUDGET_USD) };

export const handler = makeHandler({ ...commandPorts(env), caps });
