/**
 * What an agent or a gate prints, in bounded memory: the head and the tail are kept, the middle is dropped and a line
 * says so. Reading never stops, so a program that prints without end is not blocked by its reader. Secrets are taken out
 * line by line, and a private key whole, before anything is kept: cut at a block's end they would not be seen.
 */
import { clipStart } from './failure.ts';
import { withoutBegunSecret, withoutSecrets } from './secrets.ts';

export interface OutputBounds {
  readonly headBytes: number;
  readonly tailBytes: number;
  readonly blockBytes: number;
  /** How much `lastText` shows. */
  readonly lastBytes: number;
}

/** The end of a line longer than this is not waited for. */
const lineBytesMax = 16 * 1024;
/** What is looked at on either side of a cut through such a line, and how far the cut is moved, in how many steps. */
const cutContextBytes = 4 * 1024;
const cutStepBytes = 512;
const cutStepsMax = 8;

const keyBegins = /^-----BEGIN [A-Z\d ]{0,32}PRIVATE KEY/;

export class Output {
  readonly #bounds: OutputBounds;
  /** The head, in blocks that are full, or were sealed before. */
  readonly #blocks: Buffer[] = [];
  #open: Buffer | undefined;
  #openLength = 0;
  #headLength = 0;
  /** A ring: the newest bytes after the head. Made only when the head is full. */
  #ring: Buffer | undefined;
  #ringTotal = 0;
  #last = Buffer.alloc(0);
  #total = 0;
  /** The line that has not ended, its bytes as characters. */
  #line = '';

  constructor(bounds: OutputBounds) {
    this.#bounds = bounds;
  }

  get totalBytes(): number {
    return this.#total;
  }

  get openBytes(): number {
    return this.#openLength;
  }

  /** Blocks of the head that will not change any more. */
  get blocks(): readonly Buffer[] {
    return this.#blocks;
  }

  write(bytes: Buffer): void {
    this.#total += bytes.byteLength;
    this.#line += bytes.toString('latin1');
    const ended = endedLength(this.#line);
    this.#keepLine(this.#line.length - ended > lineBytesMax ? safeCut(this.#line) : ended);
  }

  #keepLine(length: number): void {
    if (length > 0) this.#keep(cleaned(this.#line.slice(0, length)));
    this.#line = this.#line.slice(length);
  }

  #keep(bytes: Buffer): void {
    const { lastBytes, headBytes, blockBytes } = this.#bounds;
    this.#last =
      bytes.byteLength >= lastBytes
        ? Buffer.from(bytes.subarray(-lastBytes))
        : Buffer.concat([this.#last.subarray(-(lastBytes - bytes.byteLength)), bytes]);
    let rest = bytes;
    while (rest.byteLength > 0 && this.#headLength < headBytes) {
      this.#open ??= Buffer.allocUnsafe(blockBytes);
      const room = Math.min(blockBytes - this.#openLength, headBytes - this.#headLength);
      const taken = rest.subarray(0, room);
      taken.copy(this.#open, this.#openLength);
      this.#openLength += taken.byteLength;
      this.#headLength += taken.byteLength;
      rest = rest.subarray(taken.byteLength);
      if (this.#openLength === blockBytes) this.endBlock();
    }
    if (rest.byteLength > 0) this.#writeRing(rest);
  }

  /** Nothing more is written. */
  seal(): void {
    this.#keepLine(this.#line.length);
    this.endBlock();
  }

  /** Ends the open block early, so that it can be sent; a line that has not ended stays for the next. */
  endBlock(): void {
    if (!this.#open || this.#openLength === 0) return;
    this.#blocks.push(this.#open.subarray(0, this.#openLength));
    this.#open = undefined;
    this.#openLength = 0;
  }

  /** What follows the blocks once everything was written and sealed: a line on what was dropped, and the tail. */
  rest(): Buffer {
    const size = this.#bounds.tailBytes;
    if (!this.#ring) return Buffer.alloc(0);
    if (this.#ringTotal <= size) return this.#ring.subarray(0, this.#ringTotal);
    const at = this.#ringTotal % size;
    const dropped = this.#ringTotal - size;
    const line = `\n[gastown: ${dropped} bytes of output were dropped here]\n`;
    return Buffer.concat([Buffer.from(line), this.#ring.subarray(at), this.#ring.subarray(0, at)]);
  }

  /** The newest bytes as text: valid UTF-8, at most `lastBytes` of it. */
  lastText(): string {
    const last = Buffer.concat([this.#last, cleaned(withoutBegunSecret(this.#line))]).subarray(-this.#bounds.lastBytes);
    let from = 0;
    while (from < Math.min(3, last.byteLength) && ((last[from] ?? 0) & 0xc0) === 0x80) from += 1;
    let text = last.subarray(from).toString('utf8');
    // Bytes that are not UTF-8 become three bytes each.
    while (Buffer.byteLength(text) > this.#bounds.lastBytes) {
      text = clipStart(text, text.length - Math.ceil((Buffer.byteLength(text) - this.#bounds.lastBytes) / 3));
    }
    return text;
  }

  #writeRing(bytes: Buffer): void {
    const size = this.#bounds.tailBytes;
    this.#ring ??= Buffer.allocUnsafe(size);
    const kept = bytes.subarray(-size);
    let at = (this.#ringTotal + bytes.byteLength - kept.byteLength) % size;
    for (let from = 0; from < kept.byteLength; ) {
      const copied = kept.copy(this.#ring, at, from, Math.min(kept.byteLength, from + size - at));
      from += copied;
      at = (at + copied) % size;
    }
    this.#ringTotal += bytes.byteLength;
  }
}

/** What is no secret comes out byte for byte, UTF-8 or not. */
const cleaned = (bytesAsText: string): Buffer => Buffer.from(withoutSecrets(bytesAsText), 'latin1');

/** How much has ended: whole lines, without those of a private key that still goes on, which its frame alone tells from others. */
function endedLength(text: string): number {
  const ended = text.lastIndexOf('\n') + 1;
  const key = text.lastIndexOf('-----BEGIN ', ended);
  const goesOn = key >= 0 && !text.slice(key, ended).includes('-----END ');
  return goesOn && keyBegins.test(text.slice(key, ended)) ? text.lastIndexOf('\n', key) + 1 : ended;
}

/** How much of an endless line can go: up to a place where no secret is cut in two, which both parts would show. */
function safeCut(line: string): number {
  let at = line.length - cutContextBytes;
  for (let steps = 0; steps < cutStepsMax; steps += 1, at -= cutStepBytes) {
    const [before, after] = [line.slice(at - cutContextBytes, at), line.slice(at, at + cutContextBytes)];
    if (withoutSecrets(before) + withoutSecrets(after) === withoutSecrets(before + after)) break;
  }
  return at;
}
