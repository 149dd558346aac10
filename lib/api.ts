/** The API: one function behind an HTTP API that lets nobody in without AWS credentials. */
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { apiEnv } from '../lambdas/api/api.env.ts';
import { logGroupProps } from './platform/log-group.ts';
import { oneMinute } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { TownFunction } from './platform/town-function.ts';
import type { Yard } from './polecats/yard.ts';

const polecatPath = '/v1/polecat';

export class Api extends Construct {
  /** Without a slash at the end. */
  readonly url: string;
  private readonly http: apigateway.HttpApi;

  constructor(scope: Construct, id: string, { platform, yard }: { platform: Platform; yard: Yard }) {
    super(scope, id);
    const handler = new TownFunction(this, 'Handler', {
      platform,
      name: 'api',
      contract: apiEnv,
      environment: {
        TOWN_TABLE: platform.table.name,
        BLOBS_BUCKET: platform.blobs.name,
        GIT_SECRET_PREFIX: platform.git.secretPrefix,
        TASK_ROLE_NAME: yard.taskRole.roleName,
      },
      ...platform.git.packaging('api'),
      runbook: 'api',
    });
    platform.table.grantCommand(handler);
    platform.blobs.grantReadWrite(handler);
    platform.git.grantCredentials(handler);

    this.http = new apigateway.HttpApi(this, 'Http', {
      apiName: platform.config.town,
      description: 'Gas Town',
      createDefaultStage: false,
    });
    const integration = new HttpLambdaIntegration('Town', handler.function);
    const authorizer = new HttpIamAuthorizer();
    /** The polecats' own route as well: whichever form of the path IAM compares, theirs starts with the prefix. */
    for (const path of [`${polecatPath}/{path+}`, '/{path+}', '/'])
      this.http.addRoutes({ path, integration, authorizer });
    this.stage(platform);
    this.url = this.http.apiEndpoint;
    this.grantPolecat(yard.taskRole);
    this.alarm(platform);
    platform.monitoring.row(
      'API',
      {
        title: 'Requests and refusals',
        metrics: [
          this.http.metricCount({ period: oneMinute }),
          this.http.metricClientError({ period: oneMinute }),
          this.http.metricServerError({ period: oneMinute }),
        ],
      },
      {
        title: 'Latency',
        metrics: [
          this.http.metricLatency({ period: oneMinute, statistic: 'p50' }),
          this.http.metricLatency({ period: oneMinute, statistic: 'p99' }),
        ],
      },
      ...handler.graphs(),
    );
  }

  private stage({ config }: Platform): void {
    const accessLog = new LogGroup(this, 'AccessLog', logGroupProps(config));
    new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.http,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: config.apiRequestsPerSecond, burstLimit: config.apiRequestsPerSecond * 2 },
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLog),
        format: AccessLogFormat.custom(
          JSON.stringify({
            at: '$context.requestTime',
            requestId: '$context.requestId',
            caller: '$context.identity.userArn',
            from: '$context.identity.sourceIp',
            method: '$context.httpMethod',
            path: '$context.path',
            status: '$context.status',
            ms: '$context.responseLatency',
            error: '$context.error.message',
          }),
        ),
      },
    });
  }

  private alarm({ monitoring }: Platform): void {
    monitoring.alarm(this, 'ServerErrors', {
      metric: this.http.metricServerError({ period: Duration.minutes(5), statistic: 'sum' }),
      above: 4,
      periods: 1,
      severity: 'high',
      runbook: 'api',
      heading: 'The API answers with 5xx',
    });
  }

  /** What a polecat may call: claim, beat, blobs, report, verdict. Which of them it may say is the handler's business. */
  private grantPolecat(polecat: IGrantable & Construct): void {
    const arn = Stack.of(this).formatArn({
      service: 'execute-api',
      resource: this.http.apiId,
      resourceName: `*/*${polecatPath}/*`,
    });
    polecat.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['execute-api:Invoke'], resources: [arn] }),
    );
    const logicalId = Stack.of(this).getLogicalId(this.http.node.defaultChild as apigateway.CfnApi);
    Validations.of(polecat).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${logicalId}>/*/*${polecatPath}/*]`,
      reason: 'The five calls of the harness share one path prefix; every other path of the API is refused by IAM.',
    });
  }
}
