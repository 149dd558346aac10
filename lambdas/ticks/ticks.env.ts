import { env } from '../../core/env.ts';

export const ticksEnv = env('TOWN_NAME', 'TOWN_TABLE', 'POLECATS_MAX', 'DAY_BUDGET_USD');
