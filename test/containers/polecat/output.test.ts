import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { Output } from '../../../containers/polecat/output.ts';
import { keepSecret } from '../../../containers/polecat/secrets.ts';
import { limits } from '../../../core/limits.ts';
import { jobFor, type Rig, Yard } from './rig.ts';

// A slow machine fails with the claim that did not hold, not with the runner's own time limit.
jest.setTimeout(90_000);

const bounds = { headBytes: 20, tailBytes: 12, blockBytes: 8, lastBytes: 10 };
const all = (output: Output): Buffer => {
  output.seal();
  return Buffer.concat([...output.blocks, output.rest()]);
};

describe('bounded output', () => {
  test('what fits is kept whole, however it is cut and sealed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 9 }), fc.boolean()), { maxLength: 6 }), (pieces) => {
        const output = new Output(bounds);
        for (const [piece, seal] of pieces) {
          output.write(Buffer.from(piece));
          if (seal) output.seal();
        }
        const whole = Buffer.concat(pieces.map(([piece]) => piece));
        fc.pre(whole.byteLength <= 32);
        expect(all(output).equals(whole)).toBe(true);
        expect(output.totalBytes).toBe(whole.byteLength);
      }),
    );
  });

  test('of what does not fit, the head and the newest bytes are kept, and the dropped ones are counted', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 }),
        (pieces) => {
          const output = new Output(bounds);
          for (const piece of pieces) output.write(Buffer.from(piece));
          const whole = Buffer.concat(pieces);
          fc.pre(whole.byteLength > 32);
          const line = Buffer.from(`\n[gastown: ${whole.byteLength - 32} bytes of output were dropped here]\n`);
          expect(all(output)).toEqual(Buffer.concat([whole.subarray(0, 20), line, whole.subarray(-12)]));
        },
      ),
    );
  });

  test('holds no secret of a known shape, wherever a write or a block cuts it in two', () => {
    const secret = `ghp_${'Zz9'.repeat(12)}`;
    const text = `before\ntoken ${secret} used\nafter ${secret}`;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const output = new Output({ headBytes: 64, tailBytes: 64, blockBytes: 16, lastBytes: 64 });
        const places = [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b);
        for (const [i, from] of places.entries()) {
          output.write(Buffer.from(text.slice(from, places[i + 1])));
          if (output.totalBytes === text.length) expect(output.lastText()).not.toMatch(/Zz9/);
        }
        const kept = all(output).toString();
        expect(kept).toBe('before\ntoken [redacted] used\nafter [redacted]');
        expect(output.lastText()).toBe(kept);
      }),
    );
  });

  test('holds no line of a private key, wherever a write cuts it in two, and loses nothing behind one that never ends', () => {
    const lines = Array.from({ length: 6 }, (_, i) => `${'Zz9+'.repeat(15)}${i}==x`);
    const key = ['-----BEGIN RSA PRIVATE KEY-----', ...lines, '-----END RSA PRIVATE KEY-----'].join('\n');
    const text = `before\n${key}\nbetween\n${key}\n"-----BEGIN PRIVATE KEY-----"\nafter\n`;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const output = new Output({ headBytes: 400, tailBytes: 64, blockBytes: 16, lastBytes: 400 });
        const places = [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b);
        for (const [i, from] of places.entries()) output.write(Buffer.from(text.slice(from, places[i + 1])));
        expect(all(output).toString()).toBe(
          'before\n[redacted]\nbetween\n[redacted]\n"-----BEGIN PRIVATE KEY-----"\nafter\n',
        );
      }),
    );
  });

  test('holds no value that the harness keeps secret, as text, base64 or in a URL, wherever it is cut or a block sent', () => {
    const secret = 'Correct+Horse/Battery';
    keepSecret(secret);
    const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)];
    const text = forms.map((form) => `it is <${form}>, so`).join('\n');
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length })), (cuts) => {
        const output = new Output({ headBytes: 400, tailBytes: 64, blockBytes: 32, lastBytes: 400 });
        const places = [...new Set([0, ...cuts, text.length])].sort((a, b) => a - b);
        for (const [i, from] of places.entries()) {
          output.write(Buffer.from(text.slice(from, places[i + 1])));
          for (const form of forms) expect(output.lastText()).not.toContain(form.slice(0, 8));
          output.endBlock();
        }
        expect(all(output).toString()).toBe('it is <[redacted]>, so\n'.repeat(3).trimEnd());
      }),
    );
  });

  test.each(['base64', 'base64url', 'hex'] as const)(
    'holds none that stands within something longer as %s',
    (coding) => {
      const secret = 'Purple+Monkey/Dishwasher?>~Nine';
      keepSecret(secret);
      for (const before of ['', 'x', 'xy', 'user:'])
        for (const behind of ['', '\n', '@host']) {
          const output = new Output({ headBytes: 400, tailBytes: 64, blockBytes: 400, lastBytes: 400 });
          output.write(Buffer.from(Buffer.from(`${before}${secret}${behind}`).toString(coding)));
          const [head = '', tail = ''] = all(output).toString().split('[redacted]');
          // Of its first and last bytes base64 may show some bits.
          const shown = [head, tail].map((part) => Buffer.from(part, coding).toString('latin1'));
          expect(all(output).toString()).toContain('[redacted]');
          expect(head.length + tail.length).toBeLessThan(Buffer.from(before + behind).toString(coding).length + 8);
          expect(shown.join('|')).not.toMatch(/urpl|onke|Nine/);
        }
    },
  );

  test('holds none in a line without an end either, wherever it is cut to be kept in bounds', () => {
    const secret = 'Correct-Horse-Battery-Staple';
    keepSecret(secret);
    fc.assert(
      fc.property(fc.nat({ max: 24_000 }), fc.nat({ max: 2_000 }), fc.constantFrom('.', '. ,'), (at, gap, filler) => {
        const output = new Output({ headBytes: 100_000, tailBytes: 64, blockBytes: 4096, lastBytes: 64 });
        const [before, between] = [filler.repeat(at).slice(0, at), filler.repeat(gap).slice(0, gap)];
        const text = `${before}${secret}${between}token ghp_${'Zz9'.repeat(12)} ${'.'.repeat(20_000)}`;
        for (let from = 0; from < text.length; from += 1000) output.write(Buffer.from(text.slice(from, from + 1000)));
        const kept = all(output).toString();
        // Told without the text itself, which is long.
        expect([kept.length, kept === `${before}[redacted]${between}token [redacted] ${'.'.repeat(20_000)}`]).toEqual([
          before.length + between.length + 20_027,
          true,
        ]);
      }),
      { numRuns: 40 },
    );
  });

  test('its last text is valid UTF-8 of bounded size, whatever was printed', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 15 }), { maxLength: 5 }), (pieces) => {
        const output = new Output(bounds);
        for (const piece of pieces) output.write(Buffer.from(piece));
        const text = output.lastText();
        expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bounds.lastBytes);
        expect(Buffer.from(text).toString('utf8')).toBe(text);
      }),
    );
  });

  test('a character that is cut in two is left out, not mangled', () => {
    const output = new Output(bounds);
    output.write(Buffer.from('aaaa🌵bbbbbbbb'));
    expect(output.lastText()).toBe('bbbbbbbb');
  });
});

describe('an agent that prints', () => {
  const yard = new Yard();
  let rig: Rig;
  beforeAll(async () => {
    await yard.open();
    rig = yard.makeRig('rig');
  });
  afterAll(() => yard.close());

  test.each(['', '| base64 -w 0'])(
    'its attempt’s own token, which a laptop does not hide, shows it to nobody %s',
    async (coded) => {
      const token = `tr '\\0' '\\n' < /proc/$PPID/environ | sed -n 's/^GASTOWN_TOKEN=//p' | tr -d '\\n' ${coded}`;
      const script = `${token} > /tmp/token-$$; wc -c < /tmp/token-$$ > size; cat /tmp/token-$$; gt done --note "it is $(cat /tmp/token-$$)"; gt done --status escalated --question "Is it $(cat /tmp/token-$$)?"; rm /tmp/token-$$`;
      const job = jobFor(rig, script, { agent: ['sh', '{script}'] });
      const report = await yard.polecat(job);
      expect(Number(rig.show(job.branch, 'size'))).toBeGreaterThanOrEqual(64);
      expect(report).toMatchObject({
        status: 'escalated',
        question: expect.stringMatching(/^Is it \[redacted\]=*\?$/),
      });
      expect(yard.town.logOf(report)).toContain('[redacted]');
      const told = [...yard.town.blobs.values(), JSON.stringify([report, yard.town.beats])].join('\n');
      for (const form of [yard.town.token, Buffer.from(yard.town.token).toString('base64').replace(/=+$/, '')])
        expect(told).not.toContain(form);
    },
  );

  test('100 MB is not blocked, raises the harness’s memory by no more than the log, and keeps the head and the tail', async () => {
    const { town } = yard;
    const job = jobFor(
      rig,
      'echo the first line; head -c 100000000 /dev/zero | tr "\\0" "z"; echo; echo the last line; echo x > x',
      { beatEveryMs: 20 },
    );
    town.job = job;
    const { child, ended } = yard.start({ kind: 'polecat', bead: job.bead, attempt: 1 });
    let peakKiB = 0;
    town.onBeat = () => {
      peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? peakKiB);
      return { superseded: false, stop: null, nudge: null };
    };
    await ended;
    const report = town.reports.pop();
    expect(report).toMatchObject({ status: 'completed', head: rig.tip(job.branch) });
    expect(report?.tail.endsWith('\nthe last line\n')).toBe(true);
    const log = town.logOf(report);
    expect(log.startsWith('the first line\nzzz')).toBe(true);
    expect(log.endsWith('\nthe last line\n')).toBe(true);
    expect(log).toContain('[gastown: 95805');
    expect(log.length).toBeLessThan(limits.logBytesMax + 200);
    expect(Math.max(...(report?.log ?? []).map((hash) => town.blobs.get(hash)?.byteLength ?? 0))).toBe(
      limits.logChunkBytesMax,
    );
    expect(town.beats.at(-1)?.outputBytes).toBeGreaterThan(100_000_000);
    expect(town.faults).toEqual([]);
    // Node itself takes about 50 MB; the output is 100.
    expect(peakKiB).toBeGreaterThan(0);
    expect(peakKiB).toBeLessThan(130_000);
  });
});
