import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { place } from '../../../containers/polecat/sandbox.ts';

let root: string;
let box: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gastown-box-'));
  box = join(root, 'box');
  mkdirSync(join(box, 'home'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const placed = (name: string) => place({ box, user: undefined }, name, 'new', 0o755);

describe('a file for an agent that has run before', () => {
  test('is written anew, with its mode', () => {
    writeFileSync(join(box, 'prompt.md'), 'what the agent made of it', { mode: 0o600 });
    const path = placed('prompt.md');
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['new', 0o755]);
  });

  test('is not written through a link that the agent left in its place, nor lost to a directory there', () => {
    const target = join(root, 'harness');
    writeFileSync(target, 'old');
    symlinkSync(target, join(box, 'prompt.md'));
    mkdirSync(join(box, 'script.sh', 'deep'), { recursive: true });
    expect(['prompt.md', 'script.sh'].map((name) => readFileSync(placed(name), 'utf8'))).toEqual(['new', 'new']);
    expect(readFileSync(target, 'utf8')).toBe('old');
  });

  test('is not written into a directory that the agent replaced: the attempt fails', () => {
    const other = join(root, 'other');
    mkdirSync(other);
    rmSync(join(box, 'home'), { recursive: true });
    symlinkSync(other, join(box, 'home'));
    expect(() => placed('home/.gitconfig')).toThrow('something else in place of home');
    expect(existsSync(join(other, '.gitconfig'))).toBe(false);
  });
});
