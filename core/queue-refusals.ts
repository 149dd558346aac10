/** What SQS would never take is refused here too. */
import { PortRefused } from './errors.ts';
import { limits } from './limits.ts';
import type { Message } from './ports.ts';

/** SQS: alphanumerics and ASCII punctuation, 1 to 128 of them; no space. */
const idPattern = /^[\x21-\x7e]{1,128}$/;

function checkId(name: 'group' | 'dedup', id: string | undefined): void {
  if (id === undefined) throw new PortRefused('FIFO_FIELD_MISSING', `a message to a FIFO queue needs its ${name}`);
  if (!idPattern.test(id)) {
    throw new PortRefused(
      'BAD_ID',
      `${name} ${JSON.stringify(id.slice(0, 80))} is not 1 to 128 letters, digits or punctuation marks`,
    );
  }
}

function checkFifo({ group, dedup, delaySeconds }: Message): void {
  checkId('group', group);
  checkId('dedup', dedup);
  if (delaySeconds !== undefined) throw new PortRefused('DELAY_ON_FIFO', 'a FIFO queue cannot delay one message');
}

function checkStandard({ group, dedup, delaySeconds = 0 }: Message): void {
  if (group !== undefined || dedup !== undefined) {
    throw new PortRefused('FIFO_FIELD_ON_STANDARD', 'group and dedup are for FIFO queues only');
  }
  if (!(Number.isSafeInteger(delaySeconds) && delaySeconds >= 0 && delaySeconds <= limits.delayMaxSeconds)) {
    throw new PortRefused(
      'BAD_DELAY',
      `a delay of ${delaySeconds} s is not a whole number from 0 to ${limits.delayMaxSeconds}`,
    );
  }
}

/** The body as it travels. Throws `PortRefused` for what the queue would refuse every time. */
export function bodyOf(message: Message, type: 'standard' | 'fifo'): string {
  if (type === 'fifo') checkFifo(message);
  else checkStandard(message);
  const body: string | undefined = JSON.stringify(message.body);
  if (body === undefined) throw new PortRefused('BAD_BODY', `${typeof message.body} is not JSON`);
  if (/[\uFFFE\uFFFF]/.test(body))
    throw new PortRefused('BAD_BODY', 'U+FFFE and U+FFFF are not in SQS’s character set');
  const bytes = Buffer.byteLength(body);
  if (bytes > limits.messageBytesMax) {
    throw new PortRefused('BODY_TOO_LARGE', `${bytes} bytes, at most ${limits.messageBytesMax} fit`);
  }
  return body;
}
