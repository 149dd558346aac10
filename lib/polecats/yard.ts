/** Where tasks run: a cluster, two task definitions, and a network that nothing can enter. */
import { ArnFormat, Duration, Stack, Validations } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { LaunchRequest } from '../../core/ports.ts';
import { logGroupProps } from '../platform/log-group.ts';
import type { Platform } from '../platform/platform.ts';
import type { TownFunction } from '../platform/town-function.ts';
import { trusted } from '../platform/trust.ts';
import { droppedCapabilities, stopSeconds, volumes } from './confinement.ts';
import { polecatImage } from './image.ts';
import { type Network, networkOf } from './network.ts';

type Kind = LaunchRequest['kind'];
/** The container's name in both task definitions: what a launch overrides. */
const container = 'harness';

export class Yard extends Construct {
  readonly cluster: ecs.Cluster;
  private readonly network: Network;
  private readonly publicIp: boolean;
  /** What the harness may do; the API grants it its few calls. */
  readonly taskRole: Role;
  private readonly capacityProvider: string;
  private readonly executionRole: Role;
  private readonly families: Readonly<Record<Kind, string>>;

  constructor(scope: Construct, id: string, { platform }: { platform: Platform }) {
    super(scope, id);
    this.capacityProvider = platform.config.spot ? 'FARGATE_SPOT' : 'FARGATE';
    this.publicIp = platform.config.publicIp;
    this.network = networkOf(this, platform.config);
    this.cluster = new ecs.Cluster(this, 'Cluster', { vpc: this.vpc });
    /**
     * Only where they are used: in an account that never had a cluster, one with capacity providers may fail at first, while
     * ECS makes its own role. On the cluster itself, because CDK's association is one resource more.
     */
    if (platform.config.spot)
      (this.cluster.node.defaultChild as ecs.CfnCluster).capacityProviders = ['FARGATE', 'FARGATE_SPOT'];
    Validations.of(this.cluster).acknowledge({
      id: 'AwsSolutions-ECS4',
      reason:
        'Each task reports its own state every 30 s to the town, and its log is kept; Container Insights would bill every task again.',
    });
    const assumedBy = trusted(this, 'ecs-tasks');
    this.taskRole = new Role(this, 'TaskRole', {
      assumedBy,
      description: 'A polecat: may speak to the town, no more',
    });
    this.executionRole = new Role(this, 'ExecutionRole', {
      assumedBy,
      description: 'ECS: pulls the image, writes the log',
    });
    const polecat = this.taskDefinition('Polecat', 'polecat', platform);
    const gate = this.taskDefinition('Gate', 'gate', platform);
    this.families = { polecat: polecat.family, gate: gate.family };
    Validations.of(this.executionRole).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'ecr:GetAuthorizationToken takes no resource; pulling is granted on the one repository of the image.',
    });
  }

  get vpc(): IVpc {
    return this.network.vpc;
  }

  private taskDefinition(id: string, kind: Kind, platform: Platform): ecs.FargateTaskDefinition {
    const { config } = platform;
    const models = kind === 'polecat' ? config.models : undefined;
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
    const linuxParameters = new ecs.LinuxParameters(this, `${id}Linux`, { initProcessEnabled: true });
    linuxParameters.dropCapabilities(...droppedCapabilities.map((name) => ecs.Capability[name]));
    const harness = definition.addContainer(container, {
      image: polecatImage(this, `${id}Image`, platform),
      logging: ecs.LogDriver.awsLogs({
        streamPrefix: kind,
        logGroup: new LogGroup(this, `${id}Logs`, logGroupProps(config)),
      }),
      /** Init collects what the agent's processes leave behind. */
      linuxParameters,
      readonlyRootFilesystem: true,
      environment: models ? { GASTOWN_BEDROCK_MODELS: models.join(',') } : {},
      stopTimeout: Duration.seconds(stopSeconds),
    });
    for (const [name, containerPath] of Object.entries(volumes)) {
      definition.addVolume({ name });
      harness.addMountPoints({ sourceVolume: name, containerPath, readOnly: false });
    }
    if (models)
      Validations.of(definition).acknowledge({
        id: 'AwsSolutions-ECS2',
        reason:
          'It names the models that an agent may ask for, which are in the grant beside it; no secret is among them.',
      });
    return definition;
  }

  get environment() {
    return {
      CLUSTER_ARN: this.cluster.clusterArn,
      POLECAT_TASK_FAMILY: this.families.polecat,
      GATE_TASK_FAMILY: this.families.gate,
      TASK_CONTAINER: container,
      SUBNET_IDS: this.network.subnetIds.join(','),
      SECURITY_GROUP_ID: this.network.securityGroup.securityGroupId,
      PUBLIC_IP: String(this.publicIp),
      CAPACITY_PROVIDER: this.capacityProvider,
    };
  }

  /** Launch on this cluster alone, and look at and stop what runs there. */
  grantLaunch(launcher: TownFunction): void {
    const definitions = Object.values(this.families).map((family) => this.arn('task-definition', `${family}:*`));
    this.grant(launcher, ['ecs:RunTask'], definitions, this.onThisCluster);
    this.grant(launcher, ['ecs:StopTask'], [this.tasks], this.onThisCluster);
    /** A launch carries ECS's own tags, which is an action of its own. */
    this.grant(launcher, ['ecs:TagResource'], [this.tasks], { StringEquals: { 'ecs:CreateAction': 'RunTask' } });
    this.grant(launcher, ['iam:PassRole'], [this.taskRole.roleArn, this.executionRole.roleArn], {
      StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' },
    });
    for (const family of Object.values(this.families)) {
      Validations.of(launcher).acknowledge({
        id: `AwsSolutions-IAM5[Resource::${ecsArn}:task-definition/${family}:*]`,
        reason: 'Revisions of one family: a new one must be launchable before the function that names it is replaced.',
      });
    }
    this.grantLook(launcher);
  }

  /** Only look at tasks. */
  grantLook(looker: TownFunction): void {
    this.grant(looker, ['ecs:DescribeTasks'], [this.tasks], this.onThisCluster);
    const clusterId = Stack.of(this).getLogicalId(this.cluster.node.defaultChild as ecs.CfnCluster);
    Validations.of(looker).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${ecsArn}:task/<${clusterId}>/*]`,
      reason: 'Tasks are named when they start; the pattern and the condition hold them to this cluster.',
    });
  }

  private get tasks(): string {
    return this.arn('task', `${this.cluster.clusterName}/*`);
  }

  private get onThisCluster() {
    return { ArnEquals: { 'ecs:cluster': this.cluster.clusterArn } };
  }

  private arn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'ecs',
      resource,
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  private grant(grantee: TownFunction, actions: string[], resources: string[], conditions: Record<string, unknown>) {
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources, conditions }));
  }
}

/** As nag spells an ARN of this account. */
const ecsArn = 'arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>';
