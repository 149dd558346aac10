/** A known agent's own program, through the real harness, on a real repository; only the model is scripted. */
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { MessagesServer, type Turn } from '../../bin/demo/rehearsal/messages-server.ts';
import { usdOf } from '../../core/costs/model-usage.ts';
import { roundedUsd } from '../../core/costs/rounded.ts';
import type { PolecatJob, Report } from '../../core/polecats/protocol.ts';
import type { PresetName } from '../../core/polecats/runtime.ts';
import { jobFor, type Rig, Yard } from '../containers/polecat/rig.ts';
import { binVariable } from './bin-variable.ts';

export class Stage {
  readonly yard = new Yard();
  readonly server = new MessagesServer();
  readonly key = 'sk-ant-the-real-key-of-this-town';
  env: Readonly<Record<string, string>> = {};
  readonly #overheads: number[] = [];
  readonly #name: PresetName;
  readonly #model: string;
  #rig: Rig | undefined;

  constructor(name: PresetName, model: string) {
    this.#name = name;
    this.#model = model;
  }

  async open(bin: string): Promise<void> {
    await this.yard.open();
    this.#rig = this.yard.makeRig('rig');
    this.env = {
      PATH: `${bin}:${process.env.PATH}`,
      ANTHROPIC_API_KEY: this.key,
      ANTHROPIC_BASE_URL: await this.server.listen(),
    };
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.yard.close();
    const ms = this.#overheads.sort((a, b) => a - b).map((one) => Math.round(one));
    console.log(`overhead of the harness beside ${this.#name}, ms an attempt: ${ms.join(', ')}`);
  }

  get rig(): Rig {
    if (!this.#rig) throw new Error('the stage is not open');
    return this.#rig;
  }

  job(more: Partial<PolecatJob> = {}): PolecatJob {
    return jobFor(this.rig, '', {
      agent: [],
      preset: { name: this.#name, model: this.#model },
      script: null,
      prompt: 'Say hello in hello.txt. When you are done, run gt done.',
      budgetUsd: 5,
      ...more,
    });
  }

  async attempt(job: PolecatJob, ...turns: Turn[]): Promise<Report> {
    this.server.script(...turns);
    const startedAt = performance.now();
    const report = await this.yard.polecat(job, this.env);
    this.#overheads.push(performance.now() - startedAt - report.agentMs);
    return report;
  }

  get billedUsd(): number {
    return roundedUsd(this.server.billed.reduce((sum, { model, usage }) => sum + usdOf(model, usage), 0));
  }
}

/** Skipped where the program could not be had. */
export function onStage(title: string, name: PresetName, model: string, tests: (stage: Stage) => void): void {
  const bin = process.env[binVariable(name)];
  (bin ? describe : describe.skip)(title, () => {
    const stage = new Stage(name, model);
    const { town } = stage.yard;
    beforeAll(() => stage.open(bin ?? ''));
    afterAll(() => stage.close());
    afterEach(() => {
      expect(town.faults).toEqual([]);
      town.beats.length = 0;
      town.onBeat = () => ({ superseded: false, stop: null, nudge: null });
    });
    tests(stage);
  });
}
