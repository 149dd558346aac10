/** How a credential reaches git, for the Refinery and the polecats alike. */

export interface GitCredential {
  readonly username: string;
  readonly password: string;
}

/** Never in the clear: plain HTTP only within this machine. */
export const takesCredential = (url: string): boolean => /^https:\/\/|^http:\/\/(127\.0\.0\.1|localhost)[:/]/.test(url);

/**
 * The credential goes along as environment, seen by this user's processes only: never as an argument, a file or a
 * part of the URL. It is bound to the URL, and redirects are not followed, so that it reaches no other host.
 */
export function credentialEnvironment(
  url: string,
  { username, password }: GitCredential,
): Readonly<Record<string, string>> {
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  return {
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: `http.${url}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    GIT_CONFIG_KEY_1: 'http.followRedirects',
    GIT_CONFIG_VALUE_1: 'false',
  };
}
