/** Notifications on a laptop: a line on the terminal and a mail file, once per key. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PortRefused } from '../core/errors.ts';
import { tokenOf } from '../core/hash.ts';
import { limits } from '../core/limits.ts';
import type { Notification, Notifier } from '../core/ports.ts';

export interface NotifierOptions {
  /** Where the mail files go; created if it is missing. */
  readonly dir: string;
  readonly print: (line: string) => void;
}

/** What SNS would refuse. */
function check({ subject, body, key }: Notification): void {
  if (!/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject)) {
    throw new PortRefused(
      'BAD_SUBJECT',
      `${JSON.stringify(subject.slice(0, 120))} is not 1 to 100 printable ASCII characters`,
    );
  }
  if (body === '') throw new PortRefused('BAD_BODY', 'a notification needs a body');
  const bytes = Buffer.byteLength(body);
  if (bytes > limits.messageBytesMax)
    throw new PortRefused('BODY_TOO_LARGE', `${bytes} bytes, at most ${limits.messageBytesMax} fit`);
  if (key === '') throw new PortRefused('BAD_KEY', 'a notification needs a key');
}

const priorities = { critical: '1', high: '2', medium: '3', low: '5' } as const;

function mailOf({ severity, subject, body, key }: Notification): string {
  const lines = [
    'From: Gas Town <town@localhost>',
    'To: you@localhost',
    `Subject: ${subject}`,
    `X-Priority: ${priorities[severity]}`,
    `Message-ID: <${tokenOf(key)}@localhost>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
    '',
    ...body.split(/\r?\n/),
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** True if the mail is new: `link` lets one of several writers name the whole file, and only if nobody has. */
async function deliver(dir: string, notification: Notification): Promise<boolean> {
  await mkdir(dir, { recursive: true });
  const unnamed = join(dir, `${randomUUID()}.tmp`);
  await writeFile(unnamed, mailOf(notification), { mode: 0o600 });
  try {
    await link(unnamed, join(dir, `${tokenOf(notification.key)}.eml`));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(unnamed, { force: true });
  }
}

export const makeNotifier = ({ dir, print }: NotifierOptions): Notifier => ({
  async publish(notification) {
    check(notification);
    if (await deliver(dir, notification)) print(notification.subject);
  },
});
