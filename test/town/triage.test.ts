/** Beads that no agent can do as they are, on a laptop's whole town: real git, real processes, and a scripted model server. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { escalationId } from '../../core/escalations/escalation.ts';
import { beadCause } from '../../core/molecules/before-a-human.ts';
import { called, MessagesApi } from '../local/messages-api.ts';
import type { ConvoyDetail } from './api-client.ts';
import { openStage, type Stage } from './stage.ts';

jest.setTimeout(180_000);

/** An agent that can do one thing: write one word into one file, if its prompt says so in so many words. */
const agent = `
wanted=$(sed -n 's/^Write the word \\([a-z]*\\) into \\([a-z.]*\\)\\.$/\\1 > \\2/p' "$1" | sort -u)
case $(printf '%s' "$wanted" | grep -c '') in
  1) eval "echo $wanted" ;;
  0) echo 'Nobody says which word goes where.'; exit 1 ;;
  *) echo 'That is more than one thing.'; exit 1 ;;
esac
`;
const write = (word: string): string => `Write the word ${word} into ${word}.txt.`;
const why = 'the agent could not tell what to do';
const own = (word: string) => ({
  instructions: write(word),
  acceptance: [{ kind: 'command', text: `test -s ${word}.txt` }],
  files: [`${word}.txt`],
});

/** By what it is shown of the attempt, and of the bead. */
function decisionFor(shown: string): object {
  if (shown.includes('That is more than one thing.')) {
    const part = { name: 'seed', title: 'Do the seed', ...own('seed') };
    return { decision: 'split', why, ...own('water'), parts: [part] };
  }
  if (!shown.includes('Nobody says which word goes where.'))
    return { decision: 'give_up', why: 'there is no evidence' };
  if (shown.includes('Ask before you plant'))
    return { decision: 'ask', why, question: 'Which word goes into which file?' };
  return { decision: 'rewrite', why, title: 'Do the fruit', ...own('fruit') };
}

let dir: string;
let api: MessagesApi;
let stage: Stage;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gastown-agent-'));
  writeFileSync(join(dir, 'agent.sh'), agent);
  api = new MessagesApi();
  const answer = (asked: { readonly messages: readonly { readonly content: unknown }[] }) =>
    called('submit_triage', decisionFor(JSON.stringify(asked.messages[0])));
  api.answers(...Array.from({ length: 10 }, () => answer));
  stage = await openStage({ model: await api.model() });
});
afterAll(async () => {
  await stage.close();
  api.close();
  rmSync(dir, { recursive: true, force: true });
});

const rigOf = (name: string) =>
  stage.rig(name, {
    'agent.runtime': 'command',
    'agent.command': `sh ${join(dir, 'agent.sh')} {prompt}`,
    'retry.same_agent': 0,
    'retry.fresh': 0,
  });
const task = (name: string, instructions: string, ...fields: readonly string[]): string =>
  [
    `- [ ] ${name}: Do ${name}`,
    ...[...fields, '', ...instructions.split('\n')].map((line) => (line ? `  ${line}` : '')),
    '',
  ].join('\n');
async function reasonsFor(id = ''): Promise<readonly { readonly about: string; readonly because: string }[]> {
  const answer = await stage.api.must<{ reasons: { about: string; because: string }[] }>('GET', `/v1/why/${id}`);
  return answer.reasons;
}
const namesIn = (convoy: ConvoyDetail) => convoy.beads.map(({ name, status }) => `${name} ${status}`).sort();

test('a bead whose agent could not tell what to do is rewritten, and lands', async () => {
  const rig = await rigOf('rewritten');
  const convoy = await stage.play('rewritten', task('fruit', 'Write something nice.'));
  expect(convoy).toMatchObject({ status: 'landed', triage: { calls: 1, inputTokens: 12, outputTokens: 3 } });
  expect(convoy.beads).toMatchObject([
    { title: 'Do the fruit', attempt: 2, triage: { decisions: [{ verdict: 'rewrite' }] } },
  ]);
  expect(rig.git('show', 'main:fruit.txt')).toBe('fruit');
  const [bead] = convoy.beads;
  expect((await reasonsFor(bead?.id)).map(({ about }) => about)).toContain('triage after attempt 1');
});

test('a bead that is more than one thing is split; the new bead, it, and what needs it land in that order', async () => {
  const rig = await rigOf('split');
  const convoy = await stage.play(
    'split',
    task('garden', `${write('seed')}\n${write('water')}`),
    task('later', write('fruit'), 'needs: garden'),
  );
  expect(convoy).toMatchObject({ status: 'landed', progress: { total: 3, landed: 3 } });
  expect(namesIn(convoy)).toEqual(['garden closed', 'later closed', 'seed closed']);
  expect(rig.subjects('main').slice(0, 3)).toEqual(['Do later', 'Do garden', 'Do the seed']);
  for (const word of ['seed', 'water', 'fruit']) expect(rig.git('show', `main:${word}.txt`)).toBe(word);
});

test('a bead that only a human can explain asks one question, and the answer lands it', async () => {
  const rig = await rigOf('asked');
  const convoy = await stage.play('asked', task('plant', 'Ask before you plant.'));
  const [bead] = convoy.beads;
  expect(bead?.status).toBe('escalated');
  expect((await reasonsFor(bead?.id))[0]?.because).toContain('Which word goes into which file?');
  const id = escalationId(beadCause(bead?.id ?? ''));
  await stage.api.must('POST', `/v1/escalations/${id}/answer`, { text: write('plant') });
  expect((await stage.rest(convoy.id)).status).toBe('landed');
  expect(rig.git('show', 'main:plant.txt')).toBe('plant');
});
