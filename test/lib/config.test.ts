import { describe, expect, test } from '@jest/globals';
import { readConfig } from '../../lib/config.ts';

describe('the configuration of a deployment', () => {
  test('needs nothing, and keeps the data', () => {
    expect(readConfig({})).toMatchObject({ town: 'gastown', packaging: 'image', keepData: true, logDays: 30 });
  });

  test('reads words of a command line as numbers and truth values', () => {
    expect(readConfig({ logDays: '90', keepData: 'false', polecatsMax: '100' })).toMatchObject({
      logDays: 90,
      keepData: false,
      polecatsMax: 100,
    });
  });

  test('takes one audience as a word and several as a list', () => {
    const jwtIssuer = 'https://login.example.com/pool';
    const audience = (jwtAudience: unknown) => readConfig({ jwtIssuer, jwtAudience }).jwtAudience;
    expect(audience('gastown')).toEqual(['gastown']);
    expect(audience('["gastown","web"]')).toEqual(['gastown', 'web']);
  });

  test('leaves CDK its own keys', () => {
    expect(() =>
      readConfig({ '@aws-cdk/core:x': true, 'aws:cdk:y': 1, 'availability-zones:account=1': [] }),
    ).not.toThrow();
  });

  test.each([
    [{ packging: 'zip' }, 'no such key "packging"; did you mean "packaging"?'],
    [{ colour: 'red' }, 'no such key "colour"; the keys are town, email'],
    [{ packaging: 'tar' }, 'packaging = "tar"'],
    [{ packaging: 'zip' }, 'gitLayer = undefined: is needed with packaging=zip'],
    [{ gitLayer: 'layer' }, 'is only used with packaging=zip'],
    [{ logDays: '8' }, 'logDays = "8": must be one of 1, 3, 5'],
    [{ town: 'Gas Town' }, 'town = "Gas Town": must be 1 to 25 of a-z'],
    [{ email: 'me' }, 'email = "me": must be one email address'],
    [{ keepData: 'perhaps' }, 'keepData = "perhaps": must be true or false'],
    [
      { jwtIssuer: 'http://login.example.com', jwtAudience: 'gastown' },
      'jwtIssuer = "http://login.example.com": must be',
    ],
    [{ jwtIssuer: 'https://login.example.com' }, 'jwtAudience = undefined: is needed too'],
    [{ jwtAudience: 'gastown' }, 'jwtIssuer = undefined: is needed too'],
    [{ polecatCpu: '1000' }, 'polecatCpu = "1000": must be one of 512, 1024'],
    [{ polecatMemoryMiB: '65536' }, 'must be 2048 to 8192 in steps of 1024 with 1024 CPU units'],
  ])('refuses %j with a sentence', (context, sentence) => {
    expect(() => readConfig(context)).toThrow(sentence);
  });

  test('names every fault at once', () => {
    expect(() => readConfig({ town: '?', logDays: 8 })).toThrow(/CONFIG_INVALID: .*town.*logDays/);
  });
});
