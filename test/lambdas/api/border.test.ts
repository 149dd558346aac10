import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { limits } from '../../../core/limits.ts';
import { openTown, type TestTown, token } from './fixture.ts';

let town: TestTown;
beforeAll(async () => {
  town = await openTown();
});
afterAll(() => town.close());

describe('a request is turned away', () => {
  test.each([
    ['without a token', {}],
    ['with another token', { authorization: `Bearer ${'0'.repeat(64)}` }],
    ['with the token in another scheme', { authorization: `Basic ${token}` }],
  ])('%s (401)', async (_, headers) => {
    const response = await town.app.request('http://127.0.0.1/v1/status', { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.json()).toMatchObject({ code: 'TOKEN_MISSING', move: 'caller' });
  });

  test('also where there is no route, so that strangers learn nothing of the routes', async () => {
    expect((await town.app.request('http://127.0.0.1/v1/nothing')).status).toBe(401);
  });

  test.each([
    ['a page on another site', 'https://evil.example'],
    ['another port of this machine', 'http://127.0.0.1:9999'],
    ['a sandboxed page', 'null'],
  ])('that comes from %s (403)', async (_, origin) => {
    const answer = await town.ask('GET', '/v1/status', { headers: { origin } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'ORIGIN_FOREIGN' } });
  });

  test('that was sent to a name which merely resolves here (403)', async () => {
    const answer = await town.ask('GET', '/v1/status', { headers: { host: 'rebound.example:7117' } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'HOST_FOREIGN' } });
  });

  test('but not from a page that the town itself serves', async () => {
    const headers = { host: '127.0.0.1:7117', origin: 'http://127.0.0.1:7117' };
    expect((await town.ask('GET', '/v1/status', { headers })).status).toBe(200);
  });

  test.each([
    ['no type', undefined],
    ['a form', 'application/x-www-form-urlencoded'],
    ['plain text', 'text/plain'],
    ['almost JSON', 'application/jsonp'],
  ])('whose body has %s (415)', async (_, type) => {
    const headers: Record<string, string> = type === undefined ? { 'content-length': '2' } : { 'content-type': type };
    const answer = await town.ask('POST', '/v1/rigs', { raw: new TextEncoder().encode('{}'), headers });
    expect(answer).toMatchObject({ status: 415, body: { code: 'CONTENT_TYPE' } });
  });

  test('whose body is not UTF-8, which would silently become other words (400)', async () => {
    const raw = Buffer.from('{"text":"gr\xfcn","rig":"green"}', 'latin1');
    const answer = await town.ask('POST', '/v1/intents', { raw, headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ status: 400, body: { code: 'BODY_NOT_UTF8' } });
  });

  test('whose intent has half a character (422)', async () => {
    const answer = await town.ask('POST', '/v1/intents', { body: { text: 'half \ud800', rig: 'green' } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'INTENT_NOT_UTF8' } });
  });

  test.each(['', '{', '{"name":', 'nul', '[1,]'])('whose body %j is not JSON (400)', async (raw) => {
    const answer = await town.ask('POST', '/v1/rigs', { raw, headers: { 'content-type': 'application/json' } });
    expect(answer).toMatchObject({ status: 400, body: { move: 'caller' } });
    expect(['BODY_NOT_JSON', 'INPUT_INVALID', 'FIELD_INVALID']).toContain(answer.body.code);
  });

  test('whose body is larger than the limit, which is named (413)', async () => {
    const text = 'x'.repeat(limits.requestBytesMax);
    const answer = await town.ask('POST', '/v1/intents', { body: { text, rig: 'green' } });
    expect(answer).toMatchObject({ status: 413, body: { code: 'BODY_TOO_LARGE' } });
    expect(answer.body.detail).toContain(String(limits.requestBytesMax));
  });

  test('whose body is larger than the limit but does not say so (413)', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(64 * 1024));
    let left = 20;
    const body = new ReadableStream({
      pull(controller) {
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await town.app.request('http://127.0.0.1/v1/intents', {
      method: 'POST',
      body,
      duplex: 'half',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
    } as RequestInit);
    expect(response.status).toBe(413);
  });

  test('with every fault of its body named at once, by where it is (400)', async () => {
    const answer = await town.ask('POST', '/v1/rigs', { body: { name: 7, url: null, colour: 'red' } });
    expect(answer.status).toBe(400);
    expect(answer.body.faults.map((fault: { at: string }) => fault.at).sort()).toEqual([
      'json/colour',
      'json/name',
      'json/url',
    ]);
  });

  test('with a field of the query that is unknown or of the wrong type (400)', async () => {
    expect(await town.ask('GET', '/v1/convoys?limit=many')).toMatchObject({ status: 400 });
    expect(await town.ask('GET', '/v1/convoys?limit=0')).toMatchObject({ status: 400 });
    const answer = await town.ask('GET', '/v1/convoys?lmit=5');
    expect(answer.body.faults[0]).toMatchObject({ code: 'FIELD_UNKNOWN', at: 'query/lmit' });
  });

  test('where there is no such route (404), or not with this method (405, saying which)', async () => {
    expect(await town.ask('GET', '/v1/nothing')).toMatchObject({ status: 404, body: { code: 'ROUTE_UNKNOWN' } });
    expect(await town.ask('GET', '/v1/rigs/')).toMatchObject({ status: 404 });
    const answer = await town.ask('DELETE', '/v1/rigs');
    expect(answer).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(answer.headers.get('allow')).toBe('GET, POST');
  });
});

test('health needs no token, and says nothing of the town', async () => {
  const response = await town.app.request('http://127.0.0.1/v1/health');
  expect(response.status).toBe(200);
  expect(Object.keys((await response.json()) as object)).toEqual(['ok', 'now']);
});

test('a bug is reported to the log, and its trace to nobody else', async () => {
  const broken = await openTown({
    authenticate: () => {
      throw new Error('the password is swordfish');
    },
  });
  const answer = await broken.ask('GET', '/v1/status');
  expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL', move: 'operator' } });
  expect(JSON.stringify(answer.body)).not.toContain('swordfish');
  expect(broken.bugs).toHaveLength(1);
  await broken.close();
});
