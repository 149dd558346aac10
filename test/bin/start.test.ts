import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';

jest.setTimeout(120_000);

const dir = mkdtempSync(join(tmpdir(), 'gastown-start-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));

/** `npm start -- …`; `onOutput` sees what it has said so far. */
function start(args: readonly string[], onOutput: (text: string, stop: () => void) => void = () => undefined) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bin/start.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (bytes: Buffer) => {
    stdout += bytes.toString();
    onOutput(stdout, () => child.kill('SIGINT'));
  });
  child.stderr.on('data', (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  return new Promise<{ status: number | null; stdout: string; stderr: string }>((done) =>
    child.once('close', (status) => done({ status, stdout, stderr })),
  );
}

describe('npm start', () => {
  test('says where the town is, and, stopped by Ctrl-C, that it has stopped', async () => {
    const args = ['--port', '0', '--dir', join(dir, 'town')];
    const ended = await start(args, (text, stop) => {
      if (text.includes('Next:') && !text.includes('Stopped.')) stop();
    });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(ended.stdout).toMatch(/^Gas Town is up at http:\/\/127\.0\.0\.1:\d+, state in [\s\S]*\nStopped\.\n$/);
  });

  test('asked for help it explains its options, and starts nothing', async () => {
    const { status, stdout, stderr } = await start(['--help']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/--dir[\s\S]*--port[\s\S]*--no-sync/);
  });

  test.each([
    ['an option that there is not', ['--prot', '1'], "Unknown option '--prot'."],
    ['a word too many', ['extra'], "Unexpected argument 'extra'."],
    ['a port that is no number', ['--port', 'abc'], '"abc" is no port. Give --port a number from 0 to 65535.'],
    ['a port beyond the last', ['--port', '99999'], '"99999" is no port.'],
  ])('refuses %s in a sentence and shows how it is used', async (_, args, sentence) => {
    const { status, stdout, stderr } = await start(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`USAGE: ${sentence}`);
    expect(stderr).toContain('npm start -- [options]');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('refuses a file for a directory, and a port that is taken, in one sentence each', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => {
        const address = taken.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
    const [notADirectory, inUse] = await Promise.all([
      start(['--dir', file]),
      start(['--dir', join(dir, 'second'), '--port', String(port)]),
    ]);
    taken.close();
    expect(notADirectory).toMatchObject({ status: 1, stdout: '' });
    expect(notADirectory.stderr).toMatch(/^DIR_UNUSABLE: .*\/file cannot be .* Give --dir another one\.\n$/);
    expect(inUse).toMatchObject({ status: 1, stdout: '' });
    expect(inUse.stderr).toMatch(/^PORT_TAKEN: .*\n$/);
  });
});
