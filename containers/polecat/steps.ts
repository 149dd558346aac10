/**
 * Follows a molecule: the agent runs once for each step, the step's check decides and not the agent, and a step that is done
 * is pushed and then recorded. So the next polecat goes on where this one died.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StepGate } from '../../core/formulas/formula.ts';
import { type Molecule, type MoleculeStep, nextStep } from '../../core/formulas/molecule.ts';
import { limits } from '../../core/limits.ts';
import { stepPromptOf } from '../../core/molecules/prompts/step.ts';
import type { Ack, PolecatJob } from '../../core/polecats/protocol.ts';
import type { StepReport } from '../../core/polecats/step-protocol.ts';
import { redact } from '../../core/redact.ts';
import type { AgentRun } from './agent.ts';
import type { Beats } from './beats.ts';
import type { Clone } from './clone.ts';
import { clipEnd, clipStart, detailChars } from './failure.ts';
import { pourFormula, sayFaults } from './formula.ts';
import { describe } from './interrupt.ts';
import type { AgentLog } from './log.ts';
import type { Outcome } from './polecat.ts';
import { runGroup } from './processes.ts';
import type { Work } from './publish.ts';
import type { Sandbox } from './sandbox.ts';
import type { Task } from './task.ts';

/** What the agent left, as a commit, and how its run is to be judged. */
export interface Kept {
  readonly work: Work;
  readonly outcome: Outcome;
}

/** One attempt's means. */
export interface Hands {
  readonly task: Task;
  readonly job: PolecatJob;
  readonly box: Sandbox;
  readonly clone: Clone;
  readonly beats: Beats;
  readonly log: Pick<AgentLog, 'write'>;
  /** One run of the agent; nothing if the task was told to end. */
  readonly run: (prompt: string, timeoutMs: number, step: string) => Promise<AgentRun | undefined>;
  readonly keep: (run: AgentRun | undefined) => Promise<Kept>;
  readonly publish: (work: Work) => Promise<void>;
}

const graceMs = 4000;
const tailChars = 1500;
/** Every step was done, and only that was not told: as an agent that ends well at once. */
const nothingLeft: AgentRun = { exitCode: 0, signal: null, endedBy: undefined, ms: 0 };

export async function followFormula(hands: Hands, formula: NonNullable<PolecatJob['formula']>): Promise<Kept> {
  const { job, box, clone } = hands;
  const poured = job.progress ?? (await pourFormula(box, clone, formula));
  if ('faults' in poured) {
    const question = clipEnd(sayFaults(job.bead, formula.name, poured.faults), 4000);
    const { work } = await hands.keep(undefined);
    return { work, outcome: { status: 'escalated', question, severity: 'medium' } };
  }
  const walk = new Walk(hands, poured.molecule, job.progress?.done ?? []);
  return walk.toEnd();
}

class Walk {
  readonly #hands: Hands;
  readonly #molecule: Molecule;
  readonly #done: Set<string>;
  readonly #endsAt: number;
  /** The town has not got the molecule yet. */
  #untold: boolean;
  #tries = 0;

  constructor(hands: Hands, molecule: Molecule, done: readonly string[]) {
    this.#hands = hands;
    this.#molecule = molecule;
    this.#done = new Set(done);
    this.#endsAt = performance.now() + hands.job.timeoutMs;
    this.#untold = hands.job.progress === undefined;
  }

  async toEnd(): Promise<Kept> {
    let kept: Kept | undefined;
    for (let step = this.#next(); step; step = this.#next()) {
      if (step.gate && !this.#isOpen(step)) return this.#stopAt(step, step.gate, kept);
      kept = await this.#do(step, kept === undefined);
      if (!endedWell(kept.outcome) || this.#superseded) return kept;
      await this.#hands.publish(kept.work);
      const head = kept.work.head === this.#hands.clone.start ? {} : { head: kept.work.head };
      await this.#tell({ step: step.id, state: 'done', tries: this.#tries, ...head });
      this.#done.add(step.id);
    }
    if (kept?.outcome.status !== 'no_change' || this.#done.size < 2) return kept ?? this.#hands.keep(nothingLeft);
    // Said of one step, where others may have changed something.
    forgetDone(this.#hands.box);
    const whole = await this.#hands.keep(nothingLeft);
    return whole.outcome.status === 'completed' ? whole : kept;
  }

  /** The gate before it has opened: now, or for an attempt that began it. */
  #isOpen({ id }: MoleculeStep): boolean {
    const { opened, progress } = this.#hands.job;
    return opened?.step === id || progress?.begun.includes(id) === true;
  }

  #next(): MoleculeStep | undefined {
    return this.#superseded ? undefined : nextStep(this.#molecule, this.#done);
  }

  get #superseded(): boolean {
    return this.#hands.task.interrupt.superseded;
  }

  /** Nobody works meanwhile: the polecat is let go, and another comes when the gate opens. */
  async #stopAt(step: MoleculeStep, gate: StepGate, before: Kept | undefined): Promise<Kept> {
    const detail = noteOf(step, gate);
    await this.#tell({ step: step.id, state: 'waiting', tries: 0, detail });
    const { work } = before ?? (await this.#hands.keep(undefined));
    const head = work.head === this.#hands.clone.start ? {} : { head: work.head };
    const about = { note: detail, step: step.id, ...head };
    const { type: _, ...rest } = gate.type === 'human' ? { type: gate.type } : gate;
    return { work, outcome: { status: 'phase_complete', gate: gate.type, ...rest, ...about } };
  }

  /** `first`: of this attempt, and so the one for which an earlier attempt may have waited. */
  async #do(step: MoleculeStep, first: boolean): Promise<Kept> {
    const { hands, molecule } = { hands: this.#hands, molecule: this.#molecule };
    let failed: string | undefined;
    for (let tries = 1; ; tries += 1) {
      this.#tries = tries;
      await this.#tell({ step: step.id, state: 'working', tries });
      hands.log.write(Buffer.from(`[gastown: step ${step.id}${tries > 1 ? `, try ${tries}` : ''}]\n`));
      forgetDone(hands.box);
      const opened = first ? hands.job.opened?.because : undefined;
      const prompt = stepPromptOf({ bead: hands.job.prompt, molecule, step, done: this.#done, failed, opened });
      const run = await hands.run(prompt, this.#timeLeft(), step.id);
      const kept = await hands.keep(run);
      if (this.#superseded) return kept;
      const fault = endedWell(kept.outcome) ? await this.#check(step) : undefined;
      if (fault === undefined && endedWell(kept.outcome)) return kept;
      // Asked, put back, or told to end: not a try that went wrong.
      if (!endedWell(kept.outcome) && (kept.outcome.status !== 'failed' || kept.outcome.cause !== 'agent_failed'))
        return kept;
      failed = fault ?? (kept.outcome.status === 'failed' ? kept.outcome.detail : '');
      if (hands.task.interrupt.current) return hands.keep(undefined);
      if (tries < step.maxAttempts && this.#timeLeft() > 0) continue;
      const detail = this.#inStep(step, failed, tries);
      await this.#tell({ step: step.id, state: 'failed', tries, detail });
      const head = kept.work.head === hands.clone.start ? {} : { head: kept.work.head };
      return { work: kept.work, outcome: { status: 'failed', cause: 'agent_failed', detail, ...head } };
    }
  }

  #inStep({ id, maxAttempts }: MoleculeStep, failed: string, tries: number): string {
    if (this.#molecule.steps.length === 1 && maxAttempts === 1) return clipEnd(failed, detailChars);
    return clipEnd(`step ${id}, try ${tries} of ${maxAttempts}: ${failed}`, detailChars);
  }

  #timeLeft(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  /** What does not pass, in words; nothing if all of it does. */
  async #check({ until, check }: MoleculeStep): Promise<string | undefined> {
    const { task, box, job, beats, log } = this.#hands;
    for (const command of [until, check]) {
      if (command === undefined) continue;
      beats.enter('checking', command);
      log.write(Buffer.from(`$ ${command}\n`));
      let tail = '';
      const { exitCode, signal, endedBy } = await runGroup(
        {
          argv: ['/bin/sh', '-c', command],
          cwd: box.work,
          env: { ...box.env, CI: 'true', GASTOWN_TARGET: job.target },
          user: box.user,
          timeoutMs: this.#timeLeft(),
          graceMs,
          mark: box.mark,
          onOutput: (bytes) => {
            log.write(bytes);
            tail = clipStart(tail + bytes.toString('utf8'), tailChars);
          },
        },
        task.interrupt,
      );
      if (endedBy === 'interrupt' && task.interrupt.current) return describe(task.interrupt.current);
      if (exitCode === 0) continue;
      const how = endedBy === 'timeout' ? 'ran out of time' : `ended with ${signal ?? `status ${exitCode}`}`;
      return redact(`\`${command}\` ${how}${tail.trim() === '' ? '' : `; it printed:\n${tail.trimEnd()}`}`);
    }
    return undefined;
  }

  async #tell(told: Omit<StepReport, 'subject' | 'molecule'>): Promise<void> {
    const { task } = this.#hands;
    const report: StepReport = {
      subject: task.subject,
      ...(this.#untold ? { molecule: this.#molecule } : {}),
      ...told,
    };
    const patience = { patienceMs: limits.heartbeatLateMs, interrupt: task.interrupt };
    // Told to end, it has a moment left for its report, which says as much.
    if (task.interrupt.current) return;
    const ack = await task.town.post<Ack>('step', report, patience);
    if ('superseded' in ack) task.interrupt.raise({ why: 'superseded' });
    this.#untold = false;
  }
}

const forgetDone = ({ box }: Sandbox): void => rmSync(join(box, 'done.json'), { recursive: true, force: true });

/** A step may rightly change nothing; whether the bead may is asked at its end. */
const endedWell = (outcome: Outcome): boolean =>
  outcome.status === 'completed' ||
  outcome.status === 'no_change' ||
  (outcome.status === 'failed' && outcome.cause === 'empty_result');

function noteOf({ id, title }: MoleculeStep, gate: StepGate): string {
  switch (gate.type) {
    case 'human':
      return gate.question ?? `step ${id}: ${title}`;
    case 'timer':
      return `step ${id} starts ${gate.minutes} min later`;
    case 'bead':
      return `step ${id} starts when ${gate.bead} has landed`;
    case 'ci':
      return `step ${id} starts when the check ${gate.check} has come to an end`;
    case 'pr':
      return `step ${id} starts when the pull request ${gate.pr} was merged`;
  }
}
