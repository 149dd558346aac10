/** A town that says what a test scripted, and holds every call against the protocol's own schemas. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../../../core/hash.ts';
import {
  type Ack,
  type BeatAnswer,
  type BeatReport,
  beatSchema,
  claimSchema,
  type Job,
  type Report,
  reportSchema,
  type Subject,
  subjectHeader,
  subjectSchema,
  type Verdict,
  verdictSchema,
} from '../../../core/polecats/protocol.ts';
import { type StepReport, stepSchema } from '../../../core/polecats/step-protocol.ts';

const blobBytesMax = 256 * 1024;

export class ScriptedTown {
  job: Job | { superseded: true } | undefined;
  /** For several tasks at once. */
  jobOf: (subject: Subject) => Job | { superseded: true } | undefined = () => this.job;
  onBeat: (beat: BeatReport) => BeatAnswer = () => ({ superseded: false, stop: null, nudge: null });
  ack: Ack = { accepted: true };
  credential: object = { credential: null };
  /** Who asked for a credential. */
  readonly asked: Subject[] = [];
  /** Each call takes one off, and is answered 503 while there are some. */
  outages = 0;
  readonly beats: BeatReport[] = [];
  readonly steps: StepReport[] = [];
  readonly reports: Report[] = [];
  readonly verdicts: Verdict[] = [];
  readonly blobs = new Map<string, Buffer>();
  /** What did not fit the protocol. Empty at the end of every test. */
  readonly faults: string[] = [];
  readonly token = 'ab'.repeat(32);
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The log of a report, put together from its chunks. */
  logOf(report: Report | undefined): string {
    return Buffer.concat((report?.log ?? []).map((hash) => this.blobs.get(hash) ?? Buffer.from('MISSING'))).toString(
      'utf8',
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (this.outages > 0) {
      this.outages -= 1;
      return answer(503, { code: 'AWAY' });
    }
    if (request.headers.authorization !== `Bearer ${this.token}`) return answer(401, { code: 'ATTEMPT_UNAUTHORIZED' });
    try {
      answer(200, this.#answer(`${request.method} ${request.url}`, Buffer.concat(parts), request));
    } catch (error) {
      this.faults.push(`${request.method} ${request.url}: ${String(error)}`);
      answer(400, { code: 'BODY_INVALID', what: String(error) });
    }
  }

  #claim(subject: Subject): object {
    const job = this.jobOf(subject);
    if (!job) throw new Error('no job is scripted');
    return job;
  }

  #answer(call: string, body: Buffer, request: IncomingMessage): object {
    if (call === 'PUT /v1/polecat/blobs') {
      subjectSchema.parse(JSON.parse(String(request.headers[subjectHeader])));
      if (body.byteLength > blobBytesMax) throw new Error(`a blob of ${body.byteLength} bytes`);
      const hash = sha256(body);
      this.blobs.set(hash, body);
      return { hash };
    }
    const json: unknown = JSON.parse(body.toString('utf8'));
    switch (call) {
      case 'POST /v1/polecat/claim':
        return this.#claim(claimSchema.parse(json).subject);
      case 'POST /v1/polecat/beat': {
        const beat = beatSchema.parse(json);
        this.beats.push(beat);
        return this.onBeat(beat);
      }
      case 'POST /v1/polecat/credential':
        this.asked.push(claimSchema.parse(json).subject);
        return this.credential;
      case 'POST /v1/polecat/step':
        this.steps.push(stepSchema.parse(json) as StepReport);
        return this.ack;
      case 'POST /v1/polecat/report':
        this.reports.push(reportSchema.parse(json));
        return this.ack;
      case 'POST /v1/polecat/verdict':
        this.verdicts.push(verdictSchema.parse(json));
        return this.ack;
      default:
        throw new Error('no such route');
    }
  }
}
