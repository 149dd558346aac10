/** Where tasks run: a cluster, two task definitions, and a network that nothing can enter. */
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { harnessEnv } from '../../core/polecats/protocol.ts';
import type { LaunchRequest } from '../../core/ports.ts';
import type { Api } from '../api.ts';
import { logGroupProps } from '../platform/log-group.ts';
import type { Platform } from '../platform/platform.ts';
import type { TownFunction } from '../platform/town-function.ts';
import { polecatImage } from './image.ts';

type Kind = LaunchRequest['kind'];

export class Yard extends Construct {
  readonly cluster: ecs.Cluster;
  private readonly vpc: ec2.IVpc;
  private readonly noIngress: ec2.SecurityGroup;
  private readonly taskRole: Role;
  private readonly executionRole: Role;
  private readonly families: Readonly<Record<Kind, string>>;

  constructor(scope: Construct, id: string, props: { platform: Platform; api: Api }) {
    super(scope, id);
    const { api } = props;
    this.vpc = this.network();
    this.noIngress = new ec2.SecurityGroup(this, 'NoIngress', {
      vpc: this.vpc,
      description: 'Tasks of Gas Town: nothing may come in',
      allowAllOutbound: true,
    });
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc: this.vpc, enableFargateCapacityProviders: true });
    Validations.of(this.cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason:
        'Each task reports its own state every 30 s to the town, and its log is kept; Container Insights would bill every task again.',
    });
    const principal = new ServicePrincipal('ecs-tasks.amazonaws.com');
    this.taskRole = new Role(this, 'TaskRole', {
      assumedBy: principal,
      description: 'A polecat: may speak to the town, no more',
    });
    api.grantPolecat(this.taskRole);
    this.executionRole = new Role(this, 'ExecutionRole', {
      assumedBy: principal,
      description: 'ECS: pulls the image, writes the log',
    });
    const polecat = this.taskDefinition('Polecat', 'polecat', props);
    const gate = this.taskDefinition('Gate', 'gate', props);
    this.families = { polecat: polecat.family, gate: gate.family };
    Validations.of(this.executionRole).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken takes no resource; pulling is granted on the one asset repository.',
    });
  }

  /** Two public subnets: no NAT gateway, whose idle price would be most of the town's bill. */
  private network(): ec2.IVpc {
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
      gatewayEndpoints: {
        S3: { service: ec2.GatewayVpcEndpointAwsService.S3 },
        DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB },
      },
      /** Emptying the default security group takes a custom resource; no task is ever put into that group. */
      restrictDefaultSecurityGroup: false,
    });
    Validations.of(vpc).acknowledge({
      id: 'AwsSolutions-VPC7',
      reason: 'Nothing listens in this network: its only security group has no ingress, and tasks live for one bead.',
    });
    /** CDK's own class does not meet its interface under `exactOptionalPropertyTypes`. */
    return vpc as ec2.IVpc;
  }

  private taskDefinition(
    id: string,
    kind: Kind,
    { platform, api }: { platform: Platform; api: Api },
  ): ecs.FargateTaskDefinition {
    const { config } = platform;
    const definition = new ecs.FargateTaskDefinition(this, id, {
      family: `${config.town}-${kind}`,
      cpu: config.polecatCpu,
      memoryLimitMiB: config.polecatMemoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: this.taskRole,
      executionRole: this.executionRole,
    });
    definition.addContainer(kind, {
      image: ecs.ContainerImage.fromAsset(...polecatImage()),
      environment: { [harnessEnv.api]: api.url },
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: kind,
        logGroup: new LogGroup(this, `${id}Logs`, logGroupProps(config)),
      }),
      /** The harness reaps what the agent leaves behind. */
      linuxParameters: new ecs.LinuxParameters(this, `${id}Linux`, { initProcessEnabled: true }),
    });
    Validations.of(definition).acknowledge({
      id: 'AwsSolutions-ECS2',
      reason: 'The one variable is the public address of the API; a task is given names and ids, never a secret.',
    });
    return definition;
  }

  get environment() {
    return {
      CLUSTER_ARN: this.cluster.clusterArn,
      POLECAT_TASK_FAMILY: this.families.polecat,
      GATE_TASK_FAMILY: this.families.gate,
      SUBNET_IDS: this.vpc.publicSubnets.map(({ subnetId }) => subnetId).join(','),
      SECURITY_GROUP_ID: this.noIngress.securityGroupId,
    };
  }

  /** Launch on this cluster alone, and look at and stop what runs there. */
  grantLaunch(launcher: TownFunction): void {
    const arn = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'ecs', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
    const conditions = { ArnEquals: { 'ecs:cluster': this.cluster.clusterArn } };
    const definitions = Object.values(this.families).map((family) => arn('task-definition', `${family}:*`));
    const tasks = arn('task', `${this.cluster.clusterName}/*`);
    const grant = (actions: string[], resources: string[], when: Record<string, unknown>) =>
      launcher.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources, conditions: when }));
    grant(['ecs:RunTask'], definitions, conditions);
    grant(['ecs:StopTask', 'ecs:DescribeTasks'], [tasks], conditions);
    grant(['iam:PassRole'], [this.taskRole.roleArn, this.executionRole.roleArn], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    });
    const clusterId = Stack.of(this).getLogicalId(this.cluster.node.defaultChild as ecs.CfnCluster);
    const here = 'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>';
    for (const family of Object.values(this.families)) {
      Validations.of(launcher).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${here}:task-definition/${family}:*]`,
        reason: 'Revisions of one family: a new one must be launchable before the function that names it is replaced.',
      });
    }
    Validations.of(launcher).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${here}:task/<${clusterId}>/*]`,
      reason: 'Tasks are named when they start; the condition holds them to this cluster.',
    });
  }
}
