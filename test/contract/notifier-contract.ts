/** What every notifier does, and refuses. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { limits } from '../../core/limits.ts';
import type { Notification, Notifier } from '../../core/ports.ts';
import { fresh } from './fresh.ts';

export interface NotifierUnderTest {
  readonly notifier: Notifier;
  dispose(): Promise<void>;
}

export const notification = (fields: Partial<Notification> = {}): Notification => ({
  severity: 'high',
  subject: 'Bead gh-7k2m9q-3 failed 3 times',
  body: 'Its gate fails: żółć.\n\nWhat to do: gt why gh-7k2m9q-3',
  key: fresh('key'),
  ...fields,
});

export function notifierContract(name: string, make: () => Promise<NotifierUnderTest>): void {
  describe(`the notifier, ${name}`, () => {
    let made: NotifierUnderTest;
    beforeAll(async () => {
      made = await make();
    });
    afterAll(() => made.dispose());

    test('a notification of every severity is taken, and may be repeated', async () => {
      for (const severity of ['critical', 'high', 'medium', 'low'] as const) {
        const one = notification({ severity });
        await made.notifier.publish(one);
        await made.notifier.publish(one);
      }
    });

    test('a subject of 100 characters is taken', () =>
      made.notifier.publish(notification({ subject: 'x'.repeat(100) })));

    test.each<[string, Partial<Notification>]>([
      ['a subject of 101 characters', { subject: 'x'.repeat(101) }],
      ['an empty subject', { subject: '' }],
      ['a subject of two lines', { subject: 'one\nBcc: two' }],
      ['a subject beyond ASCII', { subject: 'zażółć' }],
      ['an empty body', { body: '' }],
      ['a body over 256 KB', { body: 'é'.repeat(limits.messageBytesMax / 2 + 1) }],
    ])('%s is refused', async (_, fields) => {
      await expect(made.notifier.publish(notification(fields))).rejects.toMatchObject({ name: 'PortRefused' });
    });
  });
}
