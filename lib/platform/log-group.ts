import { RemovalPolicy } from 'aws-cdk-lib';
import type { LogGroupProps, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Config } from '../config.ts';

/** Logs go with the stack: what must outlive it is in the table and the bucket. */
export const logGroupProps = (config: Config): LogGroupProps => ({
  retention: config.logDays as RetentionDays,
  removalPolicy: RemovalPolicy.DESTROY,
});
