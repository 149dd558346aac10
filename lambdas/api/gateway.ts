/** The API behind API Gateway: whoever its authorizer proved, and nobody else. */
import { handle } from 'hono/aws-lambda';
import type { Log } from '../../core/ports.ts';
import { makeApp } from './app.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';
import { personOf, standingOfTask, taskOf } from './identity.ts';

export interface GatewayDeps extends ApiDeps, Pick<ApiOptions, 'webhookSecrets' | 'logs' | 'fleet'> {
  readonly log: Log;
  /** A caller of this role is a task, and its session's name is the task's id. */
  readonly taskRoleName: string;
}

export const makeHandler = ({ taskRoleName, log, webhookSecrets, logs, fleet, ...deps }: GatewayDeps) =>
  handle(
    makeApp(deps, {
      authenticate: (_, environment) => personOf(environment, taskRoleName),
      standingOf: (subject, environment) => standingOfTask(deps.ledger, taskOf(environment, taskRoleName), subject),
      webhookSecrets,
      logs,
      fleet,
      localRemotes: false,
      onSuperseded: (subject) => log('warn', 'a superseded task spoke', { ...subject }),
      onBug: (error) =>
        log('error', 'bug', { error: String(error), stack: error instanceof Error ? (error.stack ?? null) : null }),
    }),
  );
