/** What git needs to reach the remote: asked of the town when it is needed, kept nowhere, handed to git alone. */
import { credentialEnvironment, type GitCredential, takesCredential } from '../../git/credential-environment.ts';
import { keepSecret } from './secrets.ts';
import type { Task } from './task.ts';

/** The environment of a git process that speaks to the remote. */
export type Access = () => Promise<Readonly<Record<string, string>>>;

type Answer = { readonly superseded: true } | { readonly credential: GitCredential | null };

const patienceMs = 60_000;
/** Told to end, it has seconds left. */
const lastPatienceMs = 2_000;

/** Asked for anew each time: what a code host gives out ends within the hour, and an attempt may take longer. */
export function accessTo({ town, subject, interrupt }: Task, url: string): Access {
  if (!takesCredential(url)) return async () => ({});
  return async () => {
    const answer = await town.post<Answer>(
      'credential',
      { subject },
      {
        patienceMs: () => (interrupt.current ? lastPatienceMs : patienceMs),
      },
    );
    if ('superseded' in answer) interrupt.raise({ why: 'superseded' });
    if (!('credential' in answer) || !answer.credential) return {};
    const { username, password } = answer.credential;
    for (const secret of [password, `${username}:${password}`]) keepSecret(secret);
    return credentialEnvironment(url, answer.credential);
  };
}
