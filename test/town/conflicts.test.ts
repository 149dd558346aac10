/** Two beads that edit the same line, and what becomes of the second: a whole town, with real git and processes. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, jest } from '@jest/globals';
import type { MergeRequest } from '../../core/refinery/records.ts';
import type { TestRig } from '../git/rig.ts';
import { onOneStage, type Stage, task } from './stage.ts';

jest.setTimeout(180_000);

/** Both start on the same commit; the second ends its work when the first has landed. */
function quarrel(rig: TestRig): readonly string[] {
  const started = join(rig.dir, 'second-has-started');
  const first = `until test -e ${started}; do sleep 0.05; done\necho first > line.txt`;
  const second = `
    touch ${started}
    until git --git-dir ${rig.remote.url} log --format=%s main | grep -q "Do first"; do sleep 0.05; done
    echo second > line.txt`;
  return [task('first', first), task('second', second)];
}

/** A rig with a line to quarrel about, a test to delete, and a resolver: what `script` does to an open merge. */
async function makeRig(stage: Stage, name: string, script: string): Promise<TestRig> {
  const resolver = join(stage.dir, 'resolvers', name);
  mkdirSync(join(stage.dir, 'resolvers'), { recursive: true });
  writeFileSync(resolver, script);
  const rig = await stage.rig(name, { 'agent.command': `sh -eu ${resolver} {prompt}` });
  rig.commit('main', { 'line.txt': 'nobody\n', 'line.test.js': "test('reads', () => {});\n" });
  return rig;
}

const requestsOf = async ({ api }: Stage, rig: string): Promise<readonly MergeRequest[]> =>
  (await api.must<{ open: MergeRequest[] }>('GET', `/v1/rigs/${rig}/queue`)).open;

describe('a change that conflicts with one that landed before it', () => {
  onOneStage((story) => {
    story('is made to fit by a resolver that knows both sides, tested again in full, and lands', async (stage) => {
      const rig = await makeRig(
        stage,
        'mended',
        `grep -q "<<<<<<<" line.txt
         grep -q "^-nobody" "$1" && grep -q "^+first" "$1" && grep -q "^+second" "$1"
         grep -q -- "-1: Do first" "$1" && grep -q -- "-2: Do second" "$1"
         printf 'first and second\\n' > line.txt`,
      );
      await stage.api.must('PATCH', '/v1/rigs/mended/config', { 'refinery.gates.test': '! grep -q "<<<" line.txt' });
      const convoy = await stage.play('mended', ...quarrel(rig));
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 2, landed: 2, failed: 0 } });
      expect(rig.show('main', 'line.txt')).toBe('first and second');
      expect(rig.subjects('main').slice(0, 2)).toEqual(['Do second', 'Do first']);
      expect(
        convoy.beads.map(({ type, status, closedReason, attempt }) => [type, status, closedReason, attempt]),
      ).toEqual([
        ['task', 'closed', 'merged', 1],
        ['task', 'closed', 'merged', 1],
        ['conflict', 'closed', 'resolved', 1],
      ]);
    });

    story('goes back to its author when two resolvers deleted a test, and lands from the new main', async (stage) => {
      const rig = await makeRig(stage, 'cheated', "rm line.test.js\necho 'both' > line.txt\n");
      const convoy = await stage.play('cheated', ...quarrel(rig));
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 2, landed: 2, failed: 0 } });
      const second = convoy.beads.find(({ name }) => name === 'second');
      expect(second).toMatchObject({ attempt: 2, closedReason: 'merged' });
      expect(second?.notes).toEqual([expect.objectContaining({ cause: 'conflict', attempt: 1 })]);
      const fault = /tests are deleted: line\.test\.js/g;
      expect(second?.notes[0]?.detail.match(fault)).toHaveLength(2);
      expect(second?.notes[0]?.detail).toContain('main has line.txt (+1 −1)');
      expect(convoy.beads.filter(({ type }) => type === 'conflict')).toHaveLength(2);
      expect([rig.show('main', 'line.txt'), rig.show('main', 'line.test.js')]).toEqual([
        'second',
        "test('reads', () => {});",
      ]);
    });

    story('goes back at once where the rig has no agent for it', async (stage) => {
      const rig = await stage.rig('scripted');
      rig.commit('main', { 'line.txt': 'nobody\n' });
      const convoy = await stage.play('scripted', ...quarrel(rig));
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 2 } });
      expect(convoy.beads).toHaveLength(2);
      expect(convoy.beads.find(({ name }) => name === 'second')?.notes[0]?.detail).toContain('no agent of this rig');
    });

    story('takes its resolver with it when its bead is closed', async (stage) => {
      const rig = await makeRig(stage, 'given-up', 'sleep 600\n');
      const id = await stage.api.submit('given-up', `# Given up\n\n${quarrel(rig).join('\n')}`, 'given-up');
      const resolver = await stage.until('a resolver at work', async () =>
        (await stage.api.convoy(id)).beads.find(({ type, status }) => type === 'conflict' && status === 'in_progress'),
      );
      expect(await requestsOf(stage, 'given-up')).toEqual([expect.objectContaining({ state: 'resolving' })]);
      const author = resolver.resolves?.bead ?? '';
      await stage.api.must('POST', `/v1/beads/${author}/cancel`);
      const convoy = await stage.rest(id);
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 2, landed: 1, cancelled: 1 } });
      expect(convoy.beads.find(({ type }) => type === 'conflict')).toMatchObject({
        status: 'closed',
        closedReason: 'superseded',
      });
      expect(await requestsOf(stage, 'given-up')).toEqual([]);
    });

    story('gets another resolver when a human closes the first', async (stage) => {
      const first = join(stage.dir, 'first');
      const rig = await makeRig(stage, 'twice', `mkdir ${first} 2> /dev/null && sleep 600\necho both > line.txt\n`);
      const id = await stage.api.submit('twice', `# Twice\n\n${quarrel(rig).join('\n')}`, 'twice');
      await stage.until('a resolver asleep', async () => existsSync(first) || undefined);
      const resolver = (await stage.api.convoy(id)).beads.find(({ type }) => type === 'conflict')?.id;
      await stage.api.must('POST', `/v1/beads/${resolver}/close`, { reason: 'failed', note: 'it sleeps' });
      const convoy = await stage.rest(id);
      expect(convoy).toMatchObject({ status: 'landed', progress: { total: 2, landed: 2, failed: 0 } });
      expect(rig.show('main', 'line.txt')).toBe('both');
      const sling = await stage.api.call<{ code: string }>('POST', `/v1/beads/${resolver}/sling`);
      expect([sling.status, sling.body.code]).toEqual([409, 'RESOLVER_ENDED']);
    });
  });
});
