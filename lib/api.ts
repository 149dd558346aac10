/**
 * The API: one function behind an HTTP API. A route of it takes one authorizer: people's take AWS credentials (IAM), or
 * the tokens of the configured issuer instead; polecats' always IAM; webhooks none, for the function verifies their
 * signatures.
 */
import { Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer, HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { apiEnv } from '../lambdas/api/api.env.ts';
import type { Config } from './config.ts';
import { logGroupProps } from './platform/log-group.ts';
import { fiveMinutes } from './platform/monitoring.ts';
import type { Platform } from './platform/platform.ts';
import { grantSecretsUnder } from './platform/secrets.ts';
import { TownFunction } from './platform/town-function.ts';
import type { Yard } from './polecats/yard.ts';

const polecatPath = '/v1/polecat';
const webhooksPath = '/v1/webhooks/{path+}';
/** Of the whole API's rate, for whoever finds the address; each route has a bucket of its own. */
const webhookRequestsPerSecondMax = 50;

export class Api extends Construct {
  /** Without a slash at the end. */
  readonly url: string;
  private readonly http: apigateway.HttpApi;

  constructor(scope: Construct, id: string, { platform, yard }: { platform: Platform; yard: Yard }) {
    super(scope, id);
    const webhookSecretPrefix = `${platform.config.town}/webhook/`;
    const handler = new TownFunction(this, 'Handler', {
      platform,
      name: 'api',
      contract: apiEnv,
      environment: {
        TOWN_NAME: platform.config.town,
        TOWN_TABLE: platform.table.name,
        BLOBS_BUCKET: platform.blobs.name,
        GIT_SECRET_PREFIX: platform.git.secretPrefix,
        WEBHOOK_SECRET_PREFIX: webhookSecretPrefix,
        TASK_ROLE_NAME: yard.taskRole.roleName,
        POLECATS_MAX: String(platform.config.polecatsMax),
        POLECAT_CPU: String(platform.config.polecatCpu),
        CAPACITY_PROVIDER: yard.environment.CAPACITY_PROVIDER,
      },
      ...platform.git.packaging('api'),
    });
    platform.table.grantCommand(handler);
    platform.blobs.grantReadWrite(handler);
    platform.git.grantCredentials(handler);
    grantSecretsUnder(webhookSecretPrefix, handler);

    this.http = new apigateway.HttpApi(this, 'Http', {
      apiName: platform.config.town,
      description: 'Gas Town',
      createDefaultStage: false,
    });
    const integration = new HttpLambdaIntegration('Town', handler.function);
    const iam = new HttpIamAuthorizer();
    const people = peopleOf(platform.config) ?? iam;
    /** The polecats' own route as well: whichever form of the path IAM compares, theirs starts with the prefix. */
    this.http.addRoutes({ path: `${polecatPath}/{path+}`, integration, authorizer: iam });
    for (const path of ['/{path+}', '/']) this.http.addRoutes({ path, integration, authorizer: people });
    this.stage(platform, this.webhooks(integration));
    this.url = this.http.apiEndpoint;
    this.grantPolecat(yard.taskRole);
    this.observe(platform);
  }

  /** CI signs what it sends with the rig's secret, and has no other identity. */
  private webhooks(integration: HttpLambdaIntegration): apigateway.HttpRoute[] {
    const routes = this.http.addRoutes({
      path: webhooksPath,
      methods: [apigateway.HttpMethod.POST],
      integration,
      authorizer: new apigateway.HttpNoneAuthorizer(),
    });
    for (const route of routes) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions-APIG4',
        reason:
          'Code hosts sign with HMAC, which no authorizer of API Gateway sees the body for: the function verifies it over the bytes before it reads them.',
      });
    }
    return routes;
  }

  private stage({ config }: Platform, webhooks: readonly apigateway.HttpRoute[]): void {
    /** This prefix keeps the log group out of the account's log resource policy, which has room for few. */
    const accessLog = new LogGroup(this, 'AccessLog', {
      ...logGroupProps(config),
      logGroupName: `/aws/vendedlogs/apis/${config.town}`,
    });
    const stage = new apigateway.HttpStage(this, 'Stage', {
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
            subject: '$context.authorizer.claims.sub',
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
    const rate = Math.min(webhookRequestsPerSecondMax, config.apiRequestsPerSecond);
    (stage.node.defaultChild as apigateway.CfnStage).routeSettings = {
      [`POST ${webhooksPath}`]: { ThrottlingRateLimit: rate, ThrottlingBurstLimit: rate * 4 },
    };
    // The stage names the route, which must be there first.
    stage.node.addDependency(...webhooks);
  }

  private observe({ monitoring }: Platform): void {
    const serverErrors = this.http.metricServerError({ period: fiveMinutes, statistic: 'sum', label: '5xx' });
    monitoring.alarm(this, 'ServerErrors', {
      metric: serverErrors,
      above: 4,
      periods: 1,
      severity: 'high',
      runbook: 'api',
      heading: 'The API answers with 5xx',
      unattended: 'polecats repeat their calls for some minutes; then their attempts end, and start again.',
      command: 'gt doctor',
    });
    monitoring.show('health', 'API', 'requests in 5 minutes', [
      this.http.metricCount({ period: fiveMinutes, label: 'all' }),
      this.http.metricClientError({ period: fiveMinutes, statistic: 'sum', label: '4xx' }),
      serverErrors,
    ]);
    monitoring.show('health', 'API latency', 'milliseconds', [
      this.http.metricLatency({ period: fiveMinutes, statistic: 'p50', label: 'p50' }),
      this.http.metricLatency({ period: fiveMinutes, statistic: 'p99', label: 'p99' }),
    ]);
  }

  /** What a polecat may call: claim, beat, credential, blobs, report, verdict. Which of them it may say is the handler's business. */
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
      reason:
        'The six calls of the harness share one path prefix. On any path that does not begin with it the function refuses a task.',
    });
  }
}

function peopleOf({ jwtIssuer, jwtAudience }: Config): HttpJwtAuthorizer | undefined {
  if (jwtIssuer === undefined || jwtAudience === undefined) return undefined;
  return new HttpJwtAuthorizer('People', jwtIssuer, { jwtAudience: [...jwtAudience] });
}
