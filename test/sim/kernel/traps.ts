/**
 * Whatever would make two runs of a seed differ throws while a simulation runs: the machine's clock, chance, timers,
 * files, processes and threads. Only the ports' implementations know the way around, and in a simulation they are the
 * simulator's own.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

let isArmed = false;
let isSet = false;

/** What a simulation must not reach for, by module. */
const forbidden: Readonly<Record<string, readonly string[]>> = {
  fs: [
    'readFile',
    'readFileSync',
    'writeFile',
    'writeFileSync',
    'mkdir',
    'mkdirSync',
    'readdirSync',
    'openSync',
    'rmSync',
  ],
  'fs/promises': ['readFile', 'writeFile', 'mkdir', 'open', 'rename', 'rm', 'stat', 'link'],
  child_process: ['spawn', 'execFile', 'execFileSync', 'fork'],
  crypto: ['randomBytes', 'randomUUID', 'randomInt'],
  zlib: ['gzip', 'gunzip', 'deflate', 'inflate', 'brotliCompress'],
  timers: ['setTimeout', 'setInterval', 'setImmediate'],
  http: ['request', 'createServer'],
  net: ['connect', 'createServer'],
};
const globals = ['setTimeout', 'setInterval', 'setImmediate', 'MessageChannel', 'fetch'] as const;

/** Runs `work` with the traps armed. */
export async function armed<T>(work: () => Promise<T>): Promise<T> {
  if (!isSet) setTraps();
  isArmed = true;
  try {
    return await work();
  } finally {
    isArmed = false;
  }
}

function setTraps(): void {
  isSet = true;
  const require = createRequire(import.meta.url);
  for (const [module, names] of Object.entries(forbidden)) {
    const exported = require(`node:${module}`) as Record<string, unknown>;
    for (const name of names) trap(exported, name, `${module}.${name}`);
  }
  syncBuiltinESMExports();
  for (const name of globals) trap(globalThis as unknown as Record<string, unknown>, name, name);
  trap(Math as unknown as Record<string, unknown>, 'random', 'Math.random');
  trap(crypto as unknown as Record<string, unknown>, 'randomUUID', 'crypto.randomUUID');
  trap(crypto as unknown as Record<string, unknown>, 'getRandomValues', 'crypto.getRandomValues');
  for (const name of ['digest', 'sign', 'verify', 'encrypt', 'decrypt'])
    trap(crypto.subtle as unknown as Record<string, unknown>, name, `crypto.subtle.${name}`);
  trap(AbortSignal as unknown as Record<string, unknown>, 'timeout', 'AbortSignal.timeout');
  trapDate();
}

const refuse = (what: string): never => {
  throw new Error(`BUG: ${what} in a simulation: time, chance and the world come from ports`);
};

function trap(holder: Record<string, unknown>, name: string, what: string): void {
  const real = holder[name];
  if (typeof real !== 'function') throw new Error(`BUG: no ${what} to trap`);
  const trapped = new Proxy(real, {
    apply: (target, self, args) => (isArmed ? refuse(what) : Reflect.apply(target, self, args)),
    construct: (target, args) => (isArmed ? refuse(what) : (Reflect.construct(target, args) as object)),
  });
  Object.defineProperty(holder, name, { value: trapped, configurable: true, writable: true });
}

/** A date of something is fine. JSONata makes one of now at each evaluation, and the functions that read it are bound to the ports. */
function trapDate(): void {
  const RealDate = Date;
  globalThis.Date = new Proxy(RealDate, {
    construct: trappedConstruct,
    apply: (target) => (isArmed ? refuse('Date()') : target()),
    get: (target, name, self) =>
      isArmed && name === 'now' ? refuse('Date.now') : (Reflect.get(target, name, self) as unknown),
  });
}

function trappedConstruct(target: DateConstructor, args: unknown[]): Date {
  return Reflect.construct(target, isArmed && args.length === 0 ? [dateOfNow()] : args) as Date;
}

function dateOfNow(): number {
  const { stackTraceLimit, prepareStackTrace } = Error;
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = (_, [caller]) => caller?.getFileName() ?? '';
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, trappedConstruct);
  const file = caller.stack ?? '';
  Error.stackTraceLimit = stackTraceLimit;
  Error.prepareStackTrace = prepareStackTrace;
  return file.includes('/jsonata/') ? 0 : refuse('new Date()');
}
