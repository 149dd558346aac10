/** `npm start`: a town on loopback, with its state on disk. Kill it at any moment; the next start goes on. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { TownError } from '../core/errors.ts';
import { fileLog } from '../local/log.ts';
import { modelOfEnvironment } from '../local/model.ts';
import { startTown } from '../local/town.ts';
import { fromHere } from './gt/here.ts';
import { Refusal } from './gt/refusal.ts';

const usage = `npm start -- [options]

  --dir <directory>    where the town keeps its state, logs and mails (.gastown)
  --port <number>      the port of its API on 127.0.0.1; 0: any free one (4780)
  --no-sync            do not wait for the disk at every commit: a loss of power may lose the newest records
  --help               this text

With ANTHROPIC_API_KEY in the environment the Mayor plans prose with a model (ANTHROPIC_MODEL, ANTHROPIC_BASE_URL).
`;
const usageExit = 2;
const portMax = 65_535;

interface StartOptions {
  readonly dir: string;
  readonly port: number;
  readonly sync: boolean;
}

/** `undefined`: only help was asked for. Throws USAGE. */
function readOptions(argv: readonly string[]): StartOptions | undefined {
  const { help, dir, port, 'no-sync': unsynced } = parse(argv);
  if (help) return undefined;
  if (!/^\d{1,5}$/.test(port) || Number(port) > portMax) {
    throw new Refusal('USAGE', `"${port}" is no port.`, `Give --port a number from 0 to ${portMax}.`);
  }
  if (dir === '') throw new Refusal('USAGE', '--dir is empty.', 'Name a directory.');
  return { dir: dir === undefined ? resolve('.gastown') : fromHere(dir), port: Number(port), sync: !unsynced };
}

function parse(argv: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        dir: { type: 'string' },
        port: { type: 'string', default: '4780' },
        'no-sync': flag,
        help: { ...flag, short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new Refusal('USAGE', `${(error as Error).message.split('. ')[0]?.replace(/\.$/, '')}.`, '');
  }
}

async function start({ dir, port, sync }: StartOptions): Promise<void> {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code;
    throw new Refusal('DIR_UNUSABLE', `${dir} cannot be the town's directory (${why}).`, 'Give --dir another one.');
  }
  const logFile = join(dir, 'town.log');
  const model = modelOfEnvironment(process.env);
  const town = await startTown({
    dir,
    port,
    sync,
    print: (line) => console.log(line),
    log: fileLog(createWriteStream(logFile, { flags: 'a', mode: 0o600 })),
    logFile,
    model,
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EACCES' || error.syscall !== 'listen') throw error;
    throw new Refusal(
      'PORT_REFUSED',
      `This user may not listen on port ${port}.`,
      'Choose one above 1023 with --port.',
    );
  });
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void town.close().then(() => {
      console.log('Stopped.');
      process.exit(0);
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  console.log(`Gas Town is up at ${town.url}, state in ${dir}.`);
  if (town.recovered > 0) console.log(`Took up again what was in flight: ${town.recovered} items.`);
  console.log(
    model
      ? 'The Mayor plans prose with a model, and checklists without one.'
      : 'The Mayor plans checklists; prose needs a model: set ANTHROPIC_API_KEY.',
  );
  console.log('Next: npm run gt -- rig add <name> <path or URL>; then npm run gt -- submit <intent.md> --rig <name>');
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options) await start(options);
  else process.stdout.write(usage);
} catch (error) {
  const known = error instanceof TownError || error instanceof Refusal;
  console.error(known ? error.message : error);
  const misused = error instanceof Refusal && error.code === 'USAGE';
  if (misused) console.error(`\n${usage.trimEnd()}`);
  process.exitCode = misused ? usageExit : 1;
}
