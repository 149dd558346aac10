/** An agent's log: its output, sent to the town in chunks as it grows. */
import { limits } from '../../core/limits.ts';
import { textOf } from './failure.ts';
import { Output } from './output.ts';
import type { Town } from './town.ts';

/** A report names at most 80 chunks: 64 full ones, the line on what was dropped, and this many sent before they were full. */
const earlyChunksMax = 12;
const earlyChunkBytes = 4 * 1024;
const chunkPatienceMs = 20_000;

export class AgentLog {
  readonly output = new Output({
    headBytes: limits.logBytesMax / 2,
    tailBytes: limits.logBytesMax / 2,
    blockBytes: limits.logChunkBytesMax,
    lastBytes: limits.logTailBytes,
  });
  readonly #town: Town;
  readonly #sent: string[] = [];
  #next = 0;
  #early = 0;
  #lost = 0;
  #pump: Promise<void> | undefined;
  #finished: Promise<string[]> | undefined;

  constructor(town: Town) {
    this.#town = town;
  }

  get chunks(): readonly string[] {
    return this.#sent;
  }

  write(bytes: Buffer): void {
    this.output.write(bytes);
    this.#start();
  }

  /** Called at each beat: what was printed since is worth sending though the chunk is not full. */
  flush(): void {
    if (this.#early >= earlyChunksMax || this.output.openBytes < earlyChunkBytes) return;
    this.#early += 1;
    this.output.endBlock();
    this.#start();
  }

  /** Sends the rest, once; returns the names of all chunks, in order. */
  finish(): Promise<string[]> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  async #finish(): Promise<string[]> {
    this.output.seal();
    while (this.#next < this.output.blocks.length) {
      this.#start();
      await this.#pump;
    }
    await this.#pump;
    const rest = this.output.rest();
    for (let from = 0; from < rest.byteLength; from += limits.logChunkBytesMax) {
      await this.#send(rest.subarray(from, from + limits.logChunkBytesMax));
    }
    if (this.#lost > 0) await this.#send(Buffer.from(`\n[gastown: ${this.#lost} chunks could not be sent]\n`));
    return [...this.#sent];
  }

  #start(): void {
    if (this.#pump || this.#next >= this.output.blocks.length) return;
    this.#pump = this.#sendBlocks().finally(() => {
      this.#pump = undefined;
    });
  }

  async #sendBlocks(): Promise<void> {
    for (let block = this.output.blocks[this.#next]; block; block = this.output.blocks[this.#next]) {
      this.#next += 1;
      await this.#send(block);
    }
  }

  /** A chunk that cannot be sent is counted, not fatal: the work matters more than its log. */
  async #send(chunk: Uint8Array): Promise<void> {
    try {
      this.#sent.push(await this.#town.putBlob(chunk, { patienceMs: chunkPatienceMs }));
    } catch (error) {
      this.#lost += 1;
      process.stderr.write(`log chunk not sent: ${textOf(error)}\n`);
    }
  }
}
