/** What a secret says to git, wherever it is kept. */
import * as z from 'zod';

const credentialSchema = z.object({ username: z.string().min(1), password: z.string().min(1) });
/** What GitHub and GitLab take as the user of a bare token. */
const tokenUser = 'x-access-token';

/** `{"username", "password"}`, or a token alone; `undefined` if it is neither. */
export function gitCredentialIn(secret: string): z.infer<typeof credentialSchema> | undefined {
  const text = secret.trim();
  if (text !== '' && !text.startsWith('{')) return { username: tokenUser, password: text };
  try {
    return credentialSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
