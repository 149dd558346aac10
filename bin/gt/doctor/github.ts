/** GitHub's REST API, read only. */
export interface Unanswered {
  readonly ok: false;
  readonly status: number;
  readonly said: string;
}

const answerTimeoutMs = 15_000;

export class GitHub {
  readonly #base: string;
  readonly #token: string;

  constructor(base: string, token: string) {
    this.#base = base.replace(/\/*$/, '/');
    this.#token = token;
  }

  /** Throws if nothing answers. */
  async get<T>(path: string): Promise<{ readonly ok: true; readonly body: T } | Unanswered> {
    const response = await fetch(new URL(path, this.#base), {
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${this.#token}`,
        'user-agent': 'gastown',
        'x-github-api-version': '2022-11-28',
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    const text = await response.text();
    if (response.ok) return { ok: true, body: JSON.parse(text) as T };
    return { ok: false, status: response.status, said: messageOf(text) };
  }
}

function messageOf(text: string): string {
  try {
    return String((JSON.parse(text) as { message?: unknown }).message ?? 'no message');
  } catch {
    return 'not JSON';
  }
}
