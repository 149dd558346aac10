/** What lies between the town and those who call it: requests and answers are lost, late, and come twice. */
import { Unavailable } from '../../../core/errors.ts';
import type { Actor } from './actor.ts';
import type { Faults } from './faults.ts';
import type { Scheduler } from './scheduler.ts';
import type { ApiAnswer, ApiRequest } from './stage.ts';

const delayMaxMs = 60_000;

export const makeNetwork =
  (scheduler: Scheduler, faults: Faults, serve: (request: ApiRequest) => Promise<ApiAnswer>) =>
  (actor: Actor, request: ApiRequest): Promise<ApiAnswer> => {
    const where = `${request.method} ${request.path} of ${actor.name}`;
    const delayMs = faults.strikes('delay', where) ? faults.random.between(1, delayMaxMs) : 0;
    const act = async (): Promise<ApiAnswer> => {
      const lost = /\/(statuses|pull-requests)$/.test(request.path) ? 'lost_webhook' : 'throttle';
      if (faults.strikes(lost, where)) throw new Unavailable('the request was lost');
      if (faults.strikes('duplicate', where)) serve(request).catch(() => undefined);
      const answer = await serve(request).catch((error: unknown) => {
        throw new Unavailable(String(error));
      });
      if (faults.strikes('lost_answer', where)) throw new Unavailable('the answer was lost');
      return answer;
    };
    return scheduler.call(actor, where, act, delayMs);
  };
