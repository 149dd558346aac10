import { commandPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { ticksEnv } from './ticks.env.ts';
import { makeHandler } from './ticks.ts';

const env = ticksEnv.read(process.env);
const caps = { polecatsPerTown: Number(env.POLECATS_MAX), dayBudgetUsd: Number(env.DAY_BUDGET_USD) };

const ports = metered(commandPorts(env));

export const handler = billed(ports, makeHandler({ ...ports, caps }));
