import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeNotifier } from '../../local/notifier.ts';
import { notification, notifierContract } from '../contract/notifier-contract.ts';

notifierContract('on a laptop', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'mail-'));
  return { notifier: makeNotifier({ dir, print: () => {} }), dispose: () => rm(dir, { recursive: true }) };
});

describe('the laptop’s notifier', () => {
  let dir: string;
  let lines: string[];
  const make = () => makeNotifier({ dir: join(dir, 'mail'), print: (line) => void lines.push(line) });
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mail-'));
    lines = [];
  });
  afterEach(() => rm(dir, { recursive: true }));

  test('a notification is one line and one mail, however often and from wherever it is repeated', async () => {
    const one = notification({ severity: 'critical', subject: 'The disk is full', body: 'żółć\nline two' });
    await Promise.all([make(), make(), make()].map((notifier) => notifier.publish(one)));
    await make().publish({ ...one, body: 'said otherwise' });
    expect(lines).toEqual(['The disk is full']);
    const mails = await readdir(join(dir, 'mail'));
    expect(mails).toHaveLength(1);
    const [head, body] = (await readFile(join(dir, 'mail', mails[0] ?? ''), 'utf8')).split('\r\n\r\n');
    expect(head?.split('\r\n')).toContain('Subject: The disk is full');
    expect(body).toBe('żółć\r\nline two\r\n');
  });

  test('another key is another notification, whatever characters it has', async () => {
    for (const key of ['a', '../a', 'a/b', 'ä', 'x'.repeat(5000)]) await make().publish(notification({ key }));
    expect(await readdir(join(dir, 'mail'))).toHaveLength(5);
    expect(lines).toHaveLength(5);
  });
});
