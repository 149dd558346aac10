/**
 * The frames in which AWS streams an answer: total length, length of the headers, a checksum of both, the headers, the
 * payload, a checksum of all. https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { crc32 } from 'node:zlib';

export interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer;
}

const preludeBytes = 12;
const checksumBytes = 4;
/** The format's own limit is 16 MB. */
const frameBytesMax = 16 * 1024 * 1024;
const stringType = 7;
/** Of the other types of a header's value, which carry nothing that is asked for. */
const valueBytes: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };

/** Throws on what is no frame. Bytes that end in mid-frame are an error too: the stream was cut. */
export async function* frames(stream: AsyncIterable<Buffer>): AsyncGenerator<Frame> {
  let open: Buffer = Buffer.alloc(0);
  for await (const bytes of stream) {
    open = open.byteLength === 0 ? bytes : Buffer.concat([open, bytes]);
    while (open.byteLength >= preludeBytes) {
      const total = open.readUInt32BE(0);
      if (total < preludeBytes + checksumBytes || total > frameBytesMax) throw new Error(`a frame of ${total} bytes`);
      if (open.byteLength < total) break;
      yield frameOf(open.subarray(0, total));
      open = open.subarray(total);
    }
  }
  if (open.byteLength > 0) throw new Error('the stream ended within a frame');
}

function frameOf(frame: Buffer): Frame {
  const end = frame.byteLength - checksumBytes;
  if (crc32(frame.subarray(0, preludeBytes - checksumBytes)) !== frame.readUInt32BE(preludeBytes - checksumBytes))
    throw new Error('a frame whose prelude does not fit its checksum');
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end))
    throw new Error('a frame that does not fit its checksum');
  const payloadAt = preludeBytes + frame.readUInt32BE(4);
  return { headers: headersOf(frame.subarray(preludeBytes, payloadAt)), payload: frame.subarray(payloadAt, end) };
}

function headersOf(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.byteLength; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const type = bytes.readUInt8(nameEnd);
    at = nameEnd + 1;
    if (type === 6 || type === stringType) {
      const valueEnd = at + 2 + bytes.readUInt16BE(at);
      if (type === stringType) headers[name] = bytes.toString('utf8', at + 2, valueEnd);
      at = valueEnd;
    } else {
      const size = valueBytes[type];
      if (size === undefined) throw new Error(`a header of the unknown type ${type}`);
      at += size;
    }
  }
  return headers;
}
