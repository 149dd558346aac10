import { boundedMatch } from '../../local/bounded-match.ts';
import { builtInFormulas } from '../../local/built-in-formulas.ts';
import { blobsPort, commandPorts, gitPorts } from '../platform/ports.entry.ts';
import { billed, metered } from '../platform/spent.entry.ts';
import { mayorEnv, noModel } from './mayor.env.ts';
import { makeHandler } from './mayor.ts';
import { modelPort } from './model.entry.ts';

const env = mayorEnv.read(process.env);
const command = commandPorts(env);
const mind = env.MODEL_ID === noModel ? {} : { repo: gitPorts(env, command).repo, model: modelPort(env) };
const ports = metered({ ...command, blobs: blobsPort(env), ...mind });

const formulas = { builtIn: builtInFormulas, matches: boundedMatch };
const caps = { dayBudgetUsd: Number(env.DAY_BUDGET_USD) };

export const handler = billed(ports, makeHandler({ ...ports, formulas, caps }));
