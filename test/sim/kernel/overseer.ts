/** The people: they add the rigs, hand in the work, and do what the scenario has them do, all through the API. */
import type { Bead } from '../../../core/convoys/bead.ts';
import type { Convoy } from '../../../core/convoys/convoy.ts';
import { Unavailable } from '../../../core/errors.ts';
import type { Escalation } from '../../../core/escalations/escalation.ts';
import { kindOf } from '../../../core/keys.ts';
import { isBeforeMayor } from '../../../core/molecules/triage.ts';
import type { Item } from '../../../core/ports.ts';
import type { Queue } from '../../../core/refinery/records.ts';
import { Actor } from './actor.ts';
import type { Journal } from './journal.ts';
import type { BeadPlan, Command, ConvoyPlan, RigPlan, Scenario } from './scenario.ts';
import type { Scheduler } from './scheduler.ts';
import type { ApiAnswer, ApiRequest, Stage } from './stage.ts';

const restMs = 15_000;
const patienceMs = 90 * 60_000;

/** Everybody who does something at a time of the scenario is an actor of their own. */
export class Overseer {
  readonly #scheduler: Scheduler;
  readonly #stage: Pick<Stage, 'api' | 'tell'>;
  readonly #journal: Journal;
  /** What they still mean to do. */
  open = 0;

  constructor(scheduler: Scheduler, stage: Pick<Stage, 'api' | 'tell'>, journal: Journal) {
    this.#scheduler = scheduler;
    this.#stage = stage;
    this.#journal = journal;
  }

  begin({ rigs, convoys, commands }: Scenario): void {
    for (const rig of rigs) {
      const own = convoys.filter((convoy) => convoy.rig === rig.name);
      this.#act(`overseer of ${rig.name}`, 0, async (self) => {
        await this.#addRig(self, rig);
        for (const convoy of own) this.#handIn(convoy);
      });
    }
    for (const [i, command] of commands.entries())
      this.#act(`overseer ${i + 1}`, command.at, (self) => this.#obey(self, command));
  }

  /** When the faults are over: what was stopped, or has paused itself, goes on. Again and again, while it must. */
  setGoing(): void {
    const held = this.#records<Queue>('queue').filter(({ paused }) => paused !== undefined);
    this.#act('overseer at the end', 0, async (self) => {
      await this.#insist(self, { method: 'POST', path: '/v1/thaw' });
      for (const { rig, target } of held)
        await this.#insist(self, {
          method: 'POST',
          path: `/v1/rigs/${rig}/queue/resume?target=${encodeURIComponent(target)}`,
        });
    });
  }

  #act(name: string, delayMs: number, script: (self: Actor) => Promise<void>): void {
    const self = new Actor(name);
    this.open += 1;
    void this.#scheduler
      .run(self, async () => {
        await this.#scheduler.sleep(self, delayMs);
        await script(self);
      })
      .finally(() => {
        this.open -= 1;
      });
  }

  /** Again until there is an answer; a refusal is one, unless it must be done. */
  async #insist(self: Actor, request: ApiRequest, must = false): Promise<ApiAnswer> {
    for (;;) {
      try {
        const answer = await this.#stage.api(self, request);
        if (answer.status < (must ? 300 : 500)) return answer;
        throw new Unavailable(`${request.path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        await this.#scheduler.sleep(self, restMs);
      }
    }
  }

  async #addRig(self: Actor, rig: RigPlan): Promise<void> {
    const { name, url, prefix } = rig;
    await this.#insist(self, { method: 'POST', path: '/v1/rigs', body: { name, url, prefix } }, true);
    const body = {
      'polecats.max': rig.polecatsMax,
      'refinery.merge_strategy': rig.strategy,
      'retry.backoff_s': [0, 60],
      ...rig.settings,
      ...(rig.gates ? { 'refinery.gates.test': 'npm test' } : {}),
      ...(rig.requireCi ? { 'refinery.require_ci': true, 'refinery.required_checks': ['ci'] } : {}),
    };
    await this.#insist(self, { method: 'PATCH', path: `/v1/rigs/${name}/config`, body }, true);
  }

  #handIn(convoy: ConvoyPlan): void {
    this.#act(`author of ${convoy.name}`, convoy.submittedAt, async (self) => {
      const body = { text: intentOf(convoy), rig: convoy.rig, ...(convoy.asOne ? { land: 'convoy' } : {}) };
      await this.#insist(self, { method: 'POST', path: '/v1/intents', idempotencyKey: convoy.name, body }, true);
    });
  }

  async #obey(self: Actor, command: Command): Promise<void> {
    if (command.do === 'cancel_judged') await this.#untilJudged(self);
    for (const request of this.#requestsFor(command)) {
      const { status } = await this.#insist(self, request);
      this.#stage.tell(self.name, `${request.method} ${request.path} → ${status}`);
    }
  }

  /** A bead is before the Mayor; or none comes, and people have other things to do. */
  async #untilJudged(self: Actor): Promise<void> {
    for (let waited = 0; waited < patienceMs && this.#judged().length === 0; waited += restMs)
      await this.#scheduler.sleep(self, restMs);
  }

  #judged(): string[] {
    return this.#records<Bead>('bead').flatMap((bead) => (isBeforeMayor(bead) ? [bead.convoy] : []));
  }

  #requestsFor(command: Command): ApiRequest[] {
    const post = (path: string, body?: object): ApiRequest[] => [{ method: 'POST', path, ...(body ? { body } : {}) }];
    const because = { because: 'the scenario says so' };
    const ofBead = (name: string, path: (bead: Bead) => string, body?: object): ApiRequest[] =>
      this.#records<Bead>('bead').flatMap((bead) => (bead.name === name ? post(path(bead), body) : []));
    switch (command.do) {
      case 'stop':
        return post('/v1/estop', because);
      case 'thaw':
        return post('/v1/thaw');
      case 'pause':
        return post(`/v1/rigs/${command.rig}/queue/pause`, because);
      case 'resume':
        return post(`/v1/rigs/${command.rig}/queue/resume`);
      case 'change_gates':
        return [
          {
            method: 'PATCH',
            path: `/v1/rigs/${command.rig}/config`,
            body: { 'refinery.gates.test': 'npm run test:all' },
          },
        ];
      case 'cancel_bead':
        return ofBead(command.bead, ({ id }) => `/v1/beads/${id}/cancel`);
      case 'retry_bead':
        return ofBead(command.bead, ({ id }) => `/v1/beads/${id}/sling`);
      case 'reject_change':
        return ofBead(command.bead, ({ id }) => `/v1/beads/${id}/merge-request/reject`, because);
      case 'nuke':
        return ofBead(command.bead, ({ polecat }) => `/v1/polecats/${polecat}/nuke`);
      case 'cancel_convoy':
        return this.#records<Convoy>('convoy').flatMap(({ id, title }) =>
          title === titleOf(command.convoy) ? post(`/v1/convoys/${id}/cancel`) : [],
        );
      case 'cancel_judged':
        return [...new Set(this.#judged())].flatMap((id) => post(`/v1/convoys/${id}/cancel`));
      case 'answer_all':
        return this.#records<Escalation>('escalation').flatMap(({ id, bead, status }) => {
          if (status === 'closed') return [];
          if (bead === undefined) return post(`/v1/escalations/${id}/ack`);
          return this.#hasFailed(bead)
            ? post(`/v1/beads/${bead}/sling`)
            : post(`/v1/escalations/${id}/answer`, { text: 'Yes.' });
        });
    }
  }

  #hasFailed(id: string): boolean {
    return this.#records<Bead>('bead').some((bead) => bead.id === id && bead.status === 'failed');
  }

  #records<Body>(kind: ReturnType<typeof kindOf>): Body[] {
    return this.#journal
      .items()
      .flatMap((item) => (kindOf(item) === kind ? [(item as unknown as Item<Body>).body] : []));
  }
}

const titleOf = (convoy: string): string => `Convoy ${convoy}`;

const intentOf = ({ name, beads }: ConvoyPlan): string => `# ${titleOf(name)}\n\n${beads.map(taskOf).join('\n')}`;

const taskOf = ({ name, needs, priority }: BeadPlan): string =>
  [
    `- [ ] ${name}: Do ${name}`,
    ...(needs.length > 0 ? [`  needs: ${needs.join(', ')}`] : []),
    `  priority: ${priority}`,
    '',
    '  ```sh',
    '  true',
    '  ```',
    '',
  ].join('\n');
