/** The AWS account of a deployed town: who asks, and which of its alarms ring. */
import { callerOf, orFault, ringingAlarms } from '../aws.ts';
import { Refusal } from '../refusal.ts';
import { type Finding, fail, notChecked, ok } from './finding.ts';

const signIn = 'Sign in (aws sso login, aws configure), or set AWS_PROFILE.';

export async function credentials(region: string): Promise<Finding> {
  try {
    const caller = await callerOf(region, process.env);
    if ('arn' in caller) return ok('credentials', `${caller.arn}, signing for ${region}`);
    return caller.code === 'UNREACHABLE'
      ? notChecked('credentials', caller.what, 'Check your network, and --region.')
      : fail('credentials', `AWS does not take them: ${caller.code}, ${caller.what}`, signIn);
  } catch (error) {
    if (error instanceof Refusal) return fail('credentials', error.message, signIn);
    throw error;
  }
}

/** An alarm of a town says what is wrong, then, a line each, what to do about it; those of other stacks do not. */
const ours = /^([^\n]+?)\.?\n(.*docs\/runbooks\/.*)$/s;

export async function alarms(region: string): Promise<Finding[]> {
  const check = 'alarms';
  const rings = await orFault(ringingAlarms(region, process.env));
  if ('code' in rings)
    return [
      notChecked(
        check,
        `${rings.code}, ${rings.what}`,
        'Allow yourself cloudwatch:DescribeAlarms, or look at the dashboard.',
      ),
    ];
  const known = rings.flatMap((description) => {
    const [, heading, rest] = ours.exec(description) ?? [];
    return heading && rest ? [fail(check, heading, rest.replaceAll('\n', ' '))] : [];
  });
  return known.length > 0 ? known : [ok(check, `no town’s rings in ${region}`)];
}
