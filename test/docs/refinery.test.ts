import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nextCandidateStates, nextMergeRequestStates } from '../../core/refinery/records.ts';
import { rigKeys } from '../../core/rigs/rig.ts';
import { projectRoot } from '../../lib/platform/project-root.ts';

/** Without its pictures and examples. */
const page = readFileSync(path.join(projectRoot, 'docs/refinery.md'), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '');
const section = (heading: string): string => page.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\|(.+)\|$/gm)].map(([, row = '']) => row.split('|').map((cell) => cell.trim()));
const codes = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);

describe('the page of the Refinery', () => {
  test('names only files that are there', () => {
    const files = codes(page).filter((code) => /^(core|lambdas|test)\/[\w./-]+$/.test(code));
    expect(files.length).toBeGreaterThan(30);
    expect(files.filter((file) => !existsSync(path.join(projectRoot, file)))).toEqual([]);
  });

  test('links only to pages that are there', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(path.join(projectRoot, 'docs', link)))).toEqual([]);
  });

  test('has a file of the simulator and one of the tests for each sentence that it promises', () => {
    const rows = rowsOf(section('What guards what')).slice(2);
    expect(rows.length).toBeGreaterThanOrEqual(11);
    for (const [sentence, simulated = '', tested = ''] of rows) {
      const all = [codes(simulated), codes(tested)];
      expect({ sentence, ok: all.every((files) => files.length > 0) }).toEqual({ sentence, ok: true });
      expect(codes(simulated).every((file) => file.startsWith('test/sim/invariants/'))).toBe(true);
    }
  });

  test('lists the states of a candidate with exactly those that may follow', () => {
    const listed = rowsOf(section('The algorithm')).flatMap(([state = '', is, next]) => {
      const name = codes(state)[0];
      return is !== undefined && next !== undefined && name !== undefined && name in nextCandidateStates
        ? [[name, codes(next).sort()]]
        : [];
    });
    const known = Object.entries(nextCandidateStates).filter(([, next]) => next.length > 0);
    expect(listed.sort()).toEqual(known.map(([state, next]) => [state, [...next].sort()]).sort());
  });

  test('lists the states of a merge request that are stored, with exactly those that may follow', () => {
    const isStored = (state: string) => state !== 'testing' && state !== 'suspect';
    const [, , ...rows] = rowsOf(
      section('The algorithm')
        .split(/^\| merge request /m)[1]
        ?.split(/\n\n/)[0] ?? '',
    );
    const listed = rows.slice(0, -1).map(([state = '', next = '']) => [codes(state)[0], codes(next).sort()]);
    const known = Object.entries(nextMergeRequestStates)
      .filter(([state]) => isStored(state) && !['landed', 'rejected', 'withdrawn'].includes(state))
      .map(([state, next]) => [state, next.filter(isStored).sort()]);
    expect(listed.sort()).toEqual(known.sort());
  });

  test('says of every key of the merge queue how to choose it', () => {
    const told = codes(section('Tuning'));
    const keys = Object.keys(rigKeys).filter((key) => key.startsWith('refinery.') && key !== 'refinery.target');
    expect(keys.filter((key) => !told.includes(key))).toEqual([]);
  });
});
