/** A function of the town: figures from core/wiring.ts, environment from its contract, a role that may only log and trace. */
import path from 'node:path';
import { Duration, type Size, Validations } from 'aws-cdk-lib';
import { type IGrantable, type IPrincipal, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvContract } from '../../core/env.ts';
import { logGroupOf } from '../../core/feed/trace.ts';
import { type FunctionName, functions } from '../../core/wiring.ts';
import { logGroupProps } from './log-group.ts';
import type { Platform } from './platform.ts';

export interface TownFunctionProps<Name extends string> {
  readonly platform: Platform;
  readonly name: FunctionName;
  readonly contract: EnvContract<Name>;
  readonly environment: Readonly<Record<NoInfer<Name>, string>>;
  /** Image or zip other than the bundle alone. */
  readonly code?: lambda.Code;
  readonly layers?: lambda.ILayerVersion[];
  readonly ephemeralStorage?: Size;
  /** Events are handed over and nobody waits: what fails three times is put into the dead letters. */
  readonly asynchronous?: boolean;
}

export class TownFunction<Name extends string = string> extends Construct implements IGrantable {
  readonly function: lambda.Function;
  readonly grantPrincipal: IPrincipal;

  constructor(scope: Construct, id: string, props: TownFunctionProps<Name>) {
    super(scope, id);
    const { platform, name } = props;
    const figures = functions[name];
    const logGroup = new LogGroup(this, 'Logs', {
      ...logGroupProps(platform.config),
      logGroupName: logGroupOf(platform.config.town, name),
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
      }),
    );
    const isImage = props.code !== undefined && props.layers === undefined;
    this.function = new lambda.Function(this, 'Function', {
      runtime: isImage ? lambda.Runtime.FROM_IMAGE : lambda.Runtime.NODEJS_24_X,
      handler: isImage ? lambda.Handler.FROM_IMAGE : 'index.handler',
      code: props.code ?? lambda.Code.fromAsset(path.join(platform.bundles, name)),
      architecture: lambda.Architecture.ARM_64,
      timeout: Duration.seconds(figures.timeoutSeconds),
      memorySize: figures.memoryMiB,
      tracing: lambda.Tracing.ACTIVE,
      environment: { ...props.environment, NODE_OPTIONS: '--enable-source-maps' },
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      /** Its lines of start and report would be three quarters of the log; of failures and time-outs it still writes. */
      systemLogLevelV2: lambda.SystemLogLevel.WARN,
      ...(props.layers ? { layers: props.layers } : {}),
      ...(props.asynchronous ? { deadLetterQueue: platform.deadLetters.standard } : {}),
      ...(props.ephemeralStorage ? { ephemeralStorageSize: props.ephemeralStorage } : {}),
      description: `Gas Town: ${name}`,
    });
    this.grantPrincipal = role;
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'xray:PutTraceSegments and xray:PutTelemetryRecords take no resource; nothing else of this role is granted on *.',
    });
  }
}
