/** Notifications by SNS: a topic for each severity, so that who is woken is a matter of subscriptions. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Notifier, Severity } from '../core/ports.ts';
import { answerOf } from './errors.ts';

export interface NotifierConfig {
  readonly topics: Readonly<Record<Severity, string>>;
}

/** SNS: a subject of at most 100 printable ASCII characters, one line; a message of at most 256 KB. */
const subjectCharsMax = 100;
const messageBytesMax = 256 * 1024;

const spelled: Readonly<Record<string, string>> = {
  '→': '->',
  '…': '...',
  '–': '-',
  '—': '-',
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
};

/** Accents fall off, what has no near letter becomes `?`; SNS wants a letter, digit or mark first. */
export function subjectOf(text: string): string {
  const ascii = text
    .replace(/[→…–—‘’“”]/g, (mark) => spelled[mark] ?? mark)
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[\s\p{Control}]+/gu, ' ')
    .replace(/[^\x20-\x7e]/gu, '?')
    .trim();
  const subject = ascii || 'Gas Town';
  return subject.length > subjectCharsMax ? `${subject.slice(0, subjectCharsMax - 3)}...` : subject;
}

/** Cut at a whole character. */
function messageOf(body: string): string {
  const bytes = Buffer.from(body || ' ');
  if (bytes.length <= messageBytesMax) return bytes.toString();
  return new TextDecoder().decode(bytes.subarray(0, messageBytesMax - 8), { stream: true });
}

export const makeNotifier = (client: SNSClient, { topics }: NotifierConfig): Notifier => ({
  async publish({ severity, subject, body, key }) {
    const command = new PublishCommand({
      TopicArn: topics[severity],
      Subject: subjectOf(subject),
      Message: messageOf(body),
      MessageAttributes: {
        severity: { DataType: 'String', StringValue: severity },
        key: { DataType: 'String', StringValue: key },
      },
    });
    await answerOf(`publish ${key}`, client.send(command));
  },
});
