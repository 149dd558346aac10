/** Formulas in a whole town: harnesses that are killed with -9 in the middle, and gates that events open. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, jest } from '@jest/globals';
import type { Bead } from '../../core/convoys/bead.ts';
import type { MoleculeView } from '../../core/molecules/view.ts';
import { onOneStage, type Stage } from './stage.ts';

jest.setTimeout(180_000);

const dir = mkdtempSync(join(tmpdir(), 'gastown-steps-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the lines of its step that begin with `$ `; `die` is what happens to a harness whose machine is gone. */
const agent = join(dir, 'agent.sh');
writeFileSync(
  agent,
  `harness=$PPID
die() { kill -9 $harness; sleep 60; }
sed -n 's/^\\$ //p' "$1" > ../todo.sh && . ../todo.sh\n`,
);
const byPrompt = { 'agent.runtime': 'command', 'agent.command': `sh ${agent} {prompt}` };

const formula = (name: string, ...steps: readonly (readonly string[])[]): Record<string, string> => ({
  [`.gastown/formulas/${name}.toml`]: [
    `formula = "${name}"`,
    ...steps.flatMap(([id, ...lines]) => ['[[steps]]', `id = "${id}"`, `title = "Do ${id}"`, ...lines]),
  ].join('\n'),
});

const task = (name: string, ...lines: readonly string[]): string =>
  [`- [ ] ${name}: Do ${name}`, ...lines.map((line) => `  ${line}`), ''].join('\n');

const molecule = (stage: Stage, bead: string) => stage.api.must<MoleculeView>('GET', `/v1/beads/${bead}/molecule`);
const beadNow = (stage: Stage, id: string) => stage.api.must<Bead>('GET', `/v1/beads/${id}`);

onOneStage((story) => {
  story(
    'a polecat that is killed between steps, or in the middle of one, is continued from there by another',
    async (stage) => {
      const rig = await stage.rig('killed', byPrompt);
      const steps = formula(
        'three',
        ['one', "description = '$ echo 1 >> one'"],
        [
          'two',
          'needs = ["one"]',
          "description = '$ [ $GASTOWN_ATTEMPT = 1 ] && die; echo 2 >> two'",
          'check = "test -s two"',
        ],
        [
          'three',
          'needs = ["two"]',
          "description = '$ echo 3 >> three; git add -A; git commit -qm half; [ $GASTOWN_ATTEMPT = 2 ] && die; true'",
        ],
      );
      rig.commit('main', steps);
      const convoy = await stage.play('killed', task('work', 'formula: three'));
      expect(convoy).toMatchObject({ status: 'landed', beads: [{ attempt: 3, respawns: 2 }] });
      // Each step's line is there once: nothing that was done was done again, and nothing that was half done was kept.
      expect(['one', 'two', 'three'].map((file) => rig.git('show', `main:${file}`))).toEqual(['1', '2', '3']);
      const { steps: seen } = await molecule(stage, convoy.beads[0]?.id ?? '');
      expect(seen.map(({ id, state, attempt }) => [id, state, attempt])).toEqual([
        ['one', 'done', 1],
        ['two', 'done', 2],
        ['three', 'done', 3],
      ]);
      expect(seen[0]?.head).not.toBe(seen[1]?.head);
    },
  );

  story(
    'a molecule waits at its gates without a polecat: a human opens one, the end of a check the other',
    async (stage) => {
      const rig = await stage.rig('gated', byPrompt);
      rig.commit(
        'main',
        formula(
          'gated',
          ['draft', "description = '$ echo draft > text'"],
          [
            'final',
            'needs = ["draft"]',
            'gate = { type = "human", question = "Is it good?" }',
            "description = '$ echo final > text'",
          ],
          [
            'report',
            'needs = ["final"]',
            'gate = { type = "ci", check = "lint" }',
            'description = \'$ cp "$GASTOWN_PROMPT_FILE" prompt\'',
          ],
        ),
      );
      const id = await stage.api.submit('gated', `# Gated\n\n${task('work', 'formula: gated')}`, 'gated');
      const question = await stage.until('the question', async () => {
        const { escalations } = await stage.api.must<{ escalations: { id: string; title: string; bead?: string }[] }>(
          'GET',
          '/v1/escalations',
        );
        return escalations.find(({ bead }) => bead?.includes(id));
      });
      const bead = (await stage.api.convoy(id)).beads[0]?.id ?? '';
      expect(question.title).toContain('Is it good?');
      expect((await molecule(stage, bead)).steps.map(({ state }) => state)).toEqual(['done', 'waiting', 'pending']);
      await stage.api.must('POST', `/v1/escalations/${question.id}/answer`, { text: 'Yes, go on' });

      const waiting = await stage.until('the ci gate', async () => {
        const now = await beadNow(stage, bead);
        return now.status === 'deferred' && now.gate?.type === 'ci' ? now : undefined;
      });
      expect(waiting.gate).toMatchObject({ step: 'report', check: 'lint', head: waiting.head });
      const { polecats } = await stage.api.must<{ polecats: { bead: string }[] }>('GET', '/v1/polecats');
      expect(polecats.filter((one) => one.bead === bead)).toEqual([]);
      const report = (name: string, state: string) =>
        stage.api.must('POST', '/v1/rigs/gated/statuses', { commit: waiting.head, name, state });
      await report('other', 'success');
      await report('lint', 'pending');
      expect((await beadNow(stage, bead)).status).toBe('deferred');
      await report('lint', 'failure');

      expect(await stage.rest(id)).toMatchObject({ status: 'landed', beads: [{ failures: 0 }] });
      expect(rig.git('show', 'main:text')).toBe('final');
      expect(rig.git('show', 'main:prompt')).toContain('the check lint is failure on');
    },
  );

  story('a molecule waits for a pull request, and asks a human when one is closed', async (stage) => {
    const rig = await stage.rig('pulls', byPrompt);
    const steps = formula(
      'pulls',
      ['one', "gate = { type = 'pr', pr = '#7' }", 'description = \'$ cp "$GASTOWN_PROMPT_FILE" one\''],
      ['two', 'needs = ["one"]', "gate = { type = 'pr', pr = 'fix' }", "description = '$ echo two > two'"],
    );
    rig.commit('main', steps);
    const id = await stage.api.submit('pulls', `# Pulls\n\n${task('work', 'formula: pulls')}`, 'pulls');
    const at = (status: Bead['status'], step: string) =>
      stage.until(`${status} at ${step}`, async () => {
        const bead = (await stage.api.convoy(id)).beads[0];
        return bead?.status === status && bead.gate?.step === step ? bead : undefined;
      });
    const report = (body: object) => stage.api.must('POST', '/v1/rigs/pulls/pull-requests', body);
    expect((await at('deferred', 'one')).gate).toMatchObject({ type: 'pr', pr: '#7' });
    await report({ number: 7, state: 'open', branch: 'fix' });
    await report({ number: 7, state: 'merged', branch: 'fix' });
    // Its branch has a newer one by then.
    await report({ number: 8, state: 'open', branch: 'fix' });
    await at('deferred', 'two');
    await report({ number: 8, state: 'closed', branch: 'fix' });
    const asks = await at('escalated', 'two');
    expect(asks.gate?.blocked).toBe('the pull request #8 was closed, and not merged');
    await stage.api.must('POST', `/v1/beads/${asks.id}/sling`);
    expect((await stage.rest(id)).status).toBe('landed');
    expect(rig.git('show', 'main:one')).toContain('the pull request #7 was merged');
  });

  story('an agent waits for another bead to land, and hears at once of one that never will', async (stage) => {
    const rig = await stage.rig('waits', byPrompt);
    const go = join(dir, 'go');
    const script = (first: string) =>
      `[ $GASTOWN_ATTEMPT = 1 ] && gt done --status phase_complete --gate bead --bead \${GASTOWN_BEAD%-*}-${first} || echo done > $GASTOWN_BEAD.txt`;
    const prose = (line: string) => ['', '~~~text', `$ ${line}`, '~~~'];
    const tasks = [
      task('slow', ...prose(`while [ ! -e ${go} ]; do sleep 0.1; done; echo slow > slow.txt`)),
      task('after', ...prose(script('1'))),
      task('never', ...prose(script('4'))),
    ];
    const id = await stage.api.submit('waits', `# Waits\n\n${tasks.join('\n')}`, 'waits');
    const never = await stage.until('the hopeless one', async () => {
      const { beads } = await stage.api.convoy(id);
      return beads.find(({ name, status }) => name === 'never' && status === 'escalated');
    });
    const after = await stage.until('the gate', async () => {
      const { beads } = await stage.api.convoy(id);
      return beads.find(({ name, status }) => name === 'after' && status === 'deferred');
    });
    writeFileSync(go, '');
    const landed = await stage.until('its landing', async () => {
      const now = await beadNow(stage, after.id);
      return now.status === 'closed' ? now : undefined;
    });
    expect(landed.gate?.because).toMatch(/-1 \(Do slow\) landed as /);
    expect(landed.attempt).toBe(2);
    await stage.api.must('POST', `/v1/beads/${never.id}/sling`);
    expect((await stage.rest(id)).status).toBe('landed');
    expect(rig.git('show', 'main:slow.txt')).toBe('slow');
  });
});
