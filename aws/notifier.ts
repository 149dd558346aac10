/** Notifications by SNS: a topic for each severity, so that who is woken is a matter of subscriptions. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { PortRefused } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Notification, Notifier, Severity } from '../core/ports.ts';
import { answerOf } from './errors.ts';

export interface NotifierConfig {
  readonly topics: Readonly<Record<Severity, string>>;
}

/** SNS: a subject of 1 to 100 printable ASCII characters that does not start with a space. */
const subjectPattern = /^[\x21-\x7e][\x20-\x7e]{0,99}$/;

function check({ subject, body, key }: Notification): void {
  const bytes = Buffer.byteLength(body);
  if (!subjectPattern.test(subject)) {
    const shown = JSON.stringify(subject.slice(0, 120));
    throw new PortRefused('BAD_SUBJECT', `${shown} is not 1 to 100 printable ASCII characters`);
  }
  if (bytes === 0) throw new PortRefused('BAD_BODY', 'a notification needs a body');
  if (bytes > limits.messageBytesMax) {
    throw new PortRefused('BODY_TOO_LARGE', `${bytes} bytes, at most ${limits.messageBytesMax} fit`);
  }
  if (key === '') throw new PortRefused('BAD_KEY', 'a notification needs a key');
}

const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });

/** SNS counts the attributes' bytes too: a body at the limit goes without the last of it. */
const attributesBytesMax = 1024;

function messageOf(body: string): string {
  const bytes = Buffer.from(body);
  const room = limits.messageBytesMax - attributesBytesMax;
  // A stream decoder holds back the character that the cut went through.
  return bytes.length <= room ? body : new TextDecoder().decode(bytes.subarray(0, room), { stream: true });
}

export const makeNotifier = (client: SNSClient, { topics }: NotifierConfig): Notifier => ({
  async publish(notification) {
    check(notification);
    const { severity, subject, body, key } = notification;
    const command = new PublishCommand({
      TopicArn: topics[severity],
      Subject: subject,
      Message: messageOf(body),
      MessageAttributes: { severity: attribute(severity), key: attribute(key) },
    });
    await answerOf(`publish ${key}`, client.send(command));
  },
});
