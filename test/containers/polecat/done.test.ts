import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parseDone } from '../../../containers/polecat/done.ts';
import { jobFor, type Rig, Yard } from './rig.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const yard = new Yard();
const { town } = yard;
let rig: Rig;

beforeAll(async () => {
  await yard.open();
  rig = yard.makeRig('rig');
});
afterAll(() => yard.close());
afterEach(() => expect(town.faults).toEqual([]));

describe('gt done in the sandbox', () => {
  test('without arguments says completed', async () => {
    expect(await yard.polecat(jobFor(rig, 'echo x > x; gt done'))).toMatchObject({ status: 'completed' });
  });

  test('phase_complete waits for a human or a timer, with the work pushed', async () => {
    const human = jobFor(rig, 'echo x > x; gt done --status phase_complete --gate human --note "please look"');
    expect(await yard.polecat(human)).toMatchObject({
      status: 'phase_complete',
      gate: 'human',
      note: 'please look',
      head: rig.tip(human.branch),
    });
    const timer = await yard.polecat(jobFor(rig, 'gt done --status=PHASE_COMPLETE --gate=timer --minutes=1.5'));
    expect(timer).toMatchObject({ status: 'phase_complete', gate: 'timer', minutes: 1.5 });
    expect(timer.head).toBeUndefined();
  });

  test('deferred and escalated carry what they need', async () => {
    expect(
      await yard.polecat(jobFor(rig, 'gt done --status deferred --minutes 60 --note "api is down"')),
    ).toMatchObject({
      status: 'deferred',
      minutes: 60,
      note: 'api is down',
    });
    const question = `Which of "a" or 'b'?\nSay.`;
    const script = `gt done --status escalated --severity high --question "$(cat <<'EOF'\n${question}\nEOF\n)"`;
    expect(await yard.polecat(jobFor(rig, script))).toMatchObject({ status: 'escalated', severity: 'high', question });
  });

  test('no_change is taken only where the bead’s type allows it', async () => {
    const script = 'gt done --status no_change --note "all good" || true';
    expect(await yard.polecat(jobFor(rig, script, { allowsNoChange: true }))).toMatchObject({
      status: 'no_change',
      note: 'all good',
    });
    const refused = await yard.polecat(jobFor(rig, script));
    expect(refused).toMatchObject({ status: 'failed', cause: 'empty_result' });
    expect(town.logOf(refused)).toContain('this bead must change something');
    // Past the check in the sandbox, the harness checks again.
    const forged = `echo '["--status","no_change"]' > "$GASTOWN_DONE_FILE"`;
    expect(await yard.polecat(jobFor(rig, forged))).toMatchObject({ status: 'failed', cause: 'empty_result' });
  });

  test('handoff leaves the work pushed and a note for the next one, also when the time runs out after it', async () => {
    const note = 'the parser is done; tests are left';
    const handsOn = `echo x > x; gt done --status handoff --note '${note}'`;
    for (const script of [handsOn, `${handsOn}; sleep 60`]) {
      const job = jobFor(rig, script, { timeoutMs: 1_500 });
      expect(await yard.polecat(job)).toMatchObject({ status: 'handoff', note, head: rig.tip(job.branch) });
    }
  });

  test('wrong arguments end it with status 2 and the sentence that says what would be right', async () => {
    const report = await yard.polecat(jobFor(rig, 'gt done --status finished'));
    expect(report).toMatchObject({
      status: 'failed',
      cause: 'agent_failed',
      detail: expect.stringContaining('status 2'),
    });
    expect(town.logOf(report)).toContain('--status must be one of completed, handoff');
    expect(await yard.polecat(jobFor(rig, 'gt sling something'))).toMatchObject({
      detail: expect.stringContaining('only `gt done`'),
    });
  });

  test('a status other than 0 counts more than what gt done said', async () => {
    expect(await yard.polecat(jobFor(rig, 'echo x > x; gt done; exit 1'))).toMatchObject({
      status: 'failed',
      cause: 'agent_failed',
    });
  });

  test.each(['not json', '{}', '[1]', '["--status","deferred"]', '["--status","escalated","--question"," "]'])(
    'a forged file is not believed: %s',
    async (content) => {
      const script = `echo x > x; cat > "$GASTOWN_DONE_FILE" <<'EOF'\n${content}\nEOF`;
      expect(await yard.polecat(jobFor(rig, script))).toMatchObject({ status: 'failed', cause: 'agent_failed' });
    },
  );

  test('a pipe in place of the file does not hold the harness', async () => {
    expect(await yard.polecat(jobFor(rig, 'echo x > x; mkfifo "$GASTOWN_DONE_FILE"'))).toMatchObject({
      status: 'failed',
      cause: 'agent_failed',
    });
  });
});

describe('the arguments of gt done', () => {
  test.each([
    [['--note'], '--note needs a value'],
    [['--note', 'a', '--note', 'b'], '--note is given twice'],
    [['--state', 'completed'], 'unknown argument "--state"'],
    [['done'], 'unknown argument "done"'],
    [['--question', 'why?'], '--question does not go with --status completed'],
    [['--status', 'handoff'], 'needs --note'],
    [['--status', 'phase_complete'], '--gate must be one of human, timer'],
    [['--status', 'phase_complete', '--gate', 'timer'], '--minutes must be a number from 0 to 43200'],
    [['--status', 'phase_complete', '--gate', 'human', '--minutes', '5'], '--minutes does not go with --gate human'],
    [['--status', 'phase_complete', '--gate', 'ci'], '--gate ci needs --check'],
    [['--status', 'phase_complete', '--gate', 'pr'], '--gate pr needs --pr'],
    [['--status', 'phase_complete', '--gate', 'ci', '--check', 'x', '--pr', '7'], '--pr goes with --gate pr only'],
    [['--status', 'phase_complete', '--gate', 'timer', '--check', 'x'], '--check goes with --gate ci only'],
    [['--status', 'deferred', '--minutes', '0'], '--minutes must be a number from 1 to 525600'],
    [['--status', 'deferred', '--minutes', '-5'], '--minutes must be a number'],
    [['--status', 'deferred', '--minutes', '1e3'], '--minutes must be a number'],
    [['--status', 'escalated'], 'needs --question'],
    [['--status', 'escalated', '--question', 'x'.repeat(4001)], 'at most 4000'],
    [['--status', 'escalated', '--question', 'x', '--severity', 'urgent'], '--severity must be one of critical'],
  ])('%j: %s', (args, fault) => {
    expect(parseDone(args)).toEqual({ ok: false, fault: expect.stringContaining(fault) });
  });
});
