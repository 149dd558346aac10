import { expect, test } from '@jest/globals';
import { proxyFor } from '../../local/proxy-for.ts';

const anthropic = new URL('https://api.anthropic.com/v1/messages');
const proxy = { HTTPS_PROXY: 'http://proxy.corp:3128' };
const named = (environment: Record<string, string>, url = anthropic) => proxyFor(url, environment)?.href;

test('the proxy for https is the one of HTTPS_PROXY, in either case, with or without its scheme', () => {
  expect(named(proxy)).toBe('http://proxy.corp:3128/');
  expect(named({ https_proxy: 'proxy.corp:3128', HTTPS_PROXY: 'http://other' })).toBe('http://proxy.corp:3128/');
  expect(named({})).toBeUndefined();
  expect(named({ HTTPS_PROXY: '' })).toBeUndefined();
  expect(named(proxy, new URL('http://127.0.0.1:8080/'))).toBeUndefined();
});

test.each([
  ['*', true],
  ['anthropic.com', true],
  ['.anthropic.com', true],
  ['*.anthropic.com', true],
  ['localhost, api.anthropic.com:443', true],
  ['pic.com', false],
  ['api.anthropic.com.evil.example', false],
  ['', false],
])('NO_PROXY %p exempts it: %p', (list, exempt) => {
  expect(named({ ...proxy, NO_PROXY: list }) === undefined).toBe(exempt);
});

test.each(['socks5://proxy.corp', 'http://:secret@', 'no host:at all'])('%p is refused, and not repeated', (given) => {
  const refused = () => named({ HTTPS_PROXY: given });
  expect(refused).toThrow(/^PROXY_INVALID: .* Write it as http:\/\/host:port\.$/);
  expect(refused).not.toThrow(given);
});
