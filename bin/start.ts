/** `npm start`: a town on loopback, with its state on disk. Kill it at any moment; the next start goes on. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TownError } from '../core/errors.ts';
import { fileLog } from '../local/log.ts';
import { startTown } from '../local/town.ts';

const { values } = parseArgs({
  options: {
    dir: { type: 'string', default: '.gastown' },
    port: { type: 'string', default: '4780' },
    'no-sync': { type: 'boolean', default: false },
  },
});

try {
  const dir = resolve(values.dir);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const town = await startTown({
    dir,
    port: Number(values.port),
    sync: !values['no-sync'],
    print: (line) => console.log(line),
    log: fileLog(createWriteStream(join(dir, 'town.log'), { flags: 'a', mode: 0o600 })),
  });
  console.log(`Gas Town is up at ${town.url}, state in ${dir}.`);
  if (town.recovered > 0) console.log(`Took up again what was in flight: ${town.recovered} items.`);
  console.log('Next: npm run gt -- rig add <name> <path or URL>; then npm run gt -- submit <intent.md> --rig <name>');
  const stop = (): void => {
    void town.close().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
} catch (error) {
  console.error(error instanceof TownError ? error.message : error);
  process.exitCode = 1;
}
