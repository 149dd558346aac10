import { describe, expect, test } from '@jest/globals';
import { traceOf } from '../../../core/feed/trace.ts';
import { functions } from '../../../core/wiring.ts';

const subject = { convoy: '7k2m9q', bead: 'gh-7k2m9q-3', since: 1_893_456_000_123 };

describe('the trace of a bead', () => {
  test('in AWS is one query over the log groups of all functions, from the submission on', () => {
    const { query, command } = traceOf({ town: 'gastown' }, subject);
    expect(query).toContain('filter convoy = "7k2m9q" and (bead = "gh-7k2m9q-3" or not ispresent(bead))');
    for (const name of Object.keys(functions)) expect(command).toContain(` /gas-town/gastown/${name}`);
    expect(command).toContain('--start-time 1893456000 ');
    expect(command).toContain(`--query-string '${query}'`);
  });

  test('of a convoy has the lines of all of its beads', () => {
    const { query } = traceOf({ town: 'gastown' }, { convoy: '7k2m9q', since: 0 });
    expect(query).toContain('| filter convoy = "7k2m9q" | sort');
  });

  test('on a laptop reads the file, whatever it is called', () => {
    expect(traceOf({ file: "/home/ada/it's mine/town.log" }, subject)).toEqual({
      command: `awk '/"convoy":"7k2m9q"/ && (/"bead":"gh-7k2m9q-3"/ || !/"bead":/)' '/home/ada/it'\\''s mine/town.log'`,
    });
  });
});
