import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openTown, type TestTown } from './fixture.ts';

describe('the OpenAPI document', () => {
  let town: TestTown;
  // biome-ignore lint/suspicious/noExplicitAny: the validator below says what it is.
  let document: any;

  beforeAll(async () => {
    town = await openTown();
    document = await (await town.app.request('http://localhost/openapi.json')).json();
  });
  afterAll(() => town.close());

  test('is valid OpenAPI 3.1', async () => {
    expect(document.openapi).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
  });

  test('lists every route of the API, and nothing that is not one', () => {
    const documented = Object.entries<object>(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const routed = town.app.routes
      .filter((route) => route.method !== 'ALL' && route.path !== '/openapi.json')
      .map((route) => `${route.method.toLowerCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
    expect(new Set(documented)).toEqual(new Set(routed));
    expect(documented.length).toBeGreaterThan(35);
  });

  test('gives every operation a name of its own, an answer, and the problem document', () => {
    const operations = Object.values<object>(document.paths).flatMap((one) => Object.values(one));
    expect(new Set(operations.map((one) => one.operationId)).size).toBe(operations.length);
    for (const { responses, summary } of operations) {
      expect(summary).toBeTruthy();
      expect(responses['200'].content['application/json'].schema).toBeTruthy();
      expect(responses.default.content['application/problem+json'].schema).toEqual({
        $ref: '#/components/schemas/Problem',
      });
    }
  });

  test('shows no secret of any record', () => {
    expect(JSON.stringify(document.components.schemas)).not.toMatch(/token(?!s)|secret/i);
  });
});
