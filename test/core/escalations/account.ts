import type { Account } from '../../../core/escalations/letter.ts';

/** What an alarm has to say, where a test is about something else. */
export const account: Account = { what: 'Look.', tried: 'nothing.', unattended: 'it waits.', command: 'gt status' };
