import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import aslValidator from 'asl-validator';
import { machines } from '../../core/wiring.ts';

describe.each(Object.entries(machines))('the definition of %s', (_name, { definition }) => {
  const read = () => JSON.parse(readFileSync(definition, 'utf8'));

  test('is valid Amazon States Language by a validator that is not ours', () => {
    const { isValid, errorsText } = aslValidator(read(), { checkArn: false, checkPaths: true });
    expect([isValid, errorsText()]).toEqual([true, '']);
  });

  test('that validator would see a transition to nowhere', () => {
    const broken = read();
    broken.StartAt = 'Nowhere';
    expect(aslValidator(broken, { checkArn: false, checkPaths: true }).isValid).toBe(false);
  });
});
