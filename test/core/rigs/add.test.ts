import { describe, expect, test } from '@jest/globals';
import { sameRepository, whyNoAnswer } from '../../../core/rigs/add.ts';

describe('a repository', () => {
  test.each([
    ['/srv/green.git', 'file:///srv/green.git', true],
    ['https://Host/acme/app', 'https://host/acme/app.git/', true],
    ['https://host/acme/app', 'https://host/acme/App', false],
    ['/srv/green.git', '/srv/greener.git', false],
  ])('%s and %s are the same: %s', (one, other, same) => {
    expect(sameRepository(one, other)).toBe(same);
  });

  test.each([
    [
      '/srv/x',
      "/srv/x: fatal: '/srv/x' does not appear to be a git repository | fatal: Could not read from remote repository. |  | Please make sure",
      'No repository answers at /srv/x: it does not appear to be a git repository.',
    ],
    [
      'https://host/x',
      "https://host/x: remote: nobody | fatal: unable to access 'https://host/x/': Could not resolve host: host",
      'No repository answers at https://host/x: unable to access it: Could not resolve host: host.',
    ],
    ['/srv/x', '/srv/x: no answer in time', 'No repository answers at /srv/x: no answer in time.'],
    ['/srv/x', '/srv/x has no commit yet: push a first one', '/srv/x has no commit yet: push a first one.'],
  ])('at %s that does not answer is told of in one sentence', (url, printed, what) => {
    expect(whyNoAnswer(url, printed)).toBe(what);
  });
});
