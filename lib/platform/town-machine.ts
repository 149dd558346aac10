/** A state machine of core/wiring.ts: the same file that the laptop interprets, with this stack's names filled in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Runbook } from '../../core/runbooks.ts';
import { type MachineName, machines } from '../../core/wiring.ts';
import { logGroupProps } from './log-group.ts';
import { fiveMinutes } from './monitoring.ts';
import type { Platform } from './platform.ts';
import { projectRoot } from './project-root.ts';
import type { TownFunction } from './town-function.ts';
import type { TownQueue } from './town-queue.ts';
import { trusted } from './trust.ts';

export interface TownMachineProps {
  readonly platform: Platform;
  readonly name: MachineName;
  readonly runbook: Runbook;
  /** What becomes of things while an execution that failed is nobody's business. */
  readonly unattended: string;
  /** Names in the definition (`${MoleculeFunction}`) → the function or queue that they stand for. */
  readonly functions: Readonly<Record<string, TownFunction>>;
  readonly queues?: Readonly<Record<string, TownQueue>>;
}

export class TownMachine extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: TownMachineProps) {
    super(scope, id);
    const { platform, name } = props;
    const queues = props.queues ?? {};
    const role = new Role(this, 'Role', { assumedBy: trusted(this, 'states') });
    for (const called of Object.values(props.functions)) {
      role.addToPolicy(
        new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [called.function.functionArn] }),
      );
    }
    for (const { queue } of Object.values(queues)) {
      role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn] }));
    }
    /** This prefix keeps the log group out of the account's log resource policy, which has room for few. */
    const logGroup = new LogGroup(this, 'Logs', {
      ...logGroupProps(platform.config),
      logGroupName: `/aws/vendedlogs/states/${platform.config.town}-${name}`,
    });
    this.machine = new sfn.StateMachine(this, 'Machine', {
      /** Inline, not an asset: the file is small, and a diff of the stack shows what changed. */
      definitionBody: sfn.DefinitionBody.fromString(
        readFileSync(path.join(projectRoot, machines[name].definition), 'utf8'),
      ),
      definitionSubstitutions: {
        ...mapValues(props.functions, ({ function: fn }) => fn.functionArn),
        ...mapValues(queues, ({ queue }) => queue.queueUrl),
      },
      stateMachineType: sfn.StateMachineType.STANDARD,
      role,
      tracingEnabled: true,
      /** Without execution data: a task token must not be in a log. */
      logs: { destination: logGroup, level: sfn.LogLevel.ERROR, includeExecutionData: false },
    });
    /** A TimeoutSeconds may be a JSONata expression; cfn-lint knows numbers only. Another validator reads the file in a test. */
    (this.machine.node.defaultChild as sfn.CfnStateMachine).addMetadata('cfn-lint', {
      config: { ignore_checks: ['E3601'] },
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'Log delivery (logs:CreateLogDelivery and its kin) and X-Ray take no resource; functions and queues are named one by one.',
    });
    Validations.of(this.machine).acknowledge({
      id: 'AwsSolutions-SF1',
      reason:
        'Errors are logged. Every turn is in the history of its bead already, and Step Functions keeps each execution 90 days.',
    });
    this.observe(props);
  }

  private observe({ platform: { monitoring }, name, runbook, unattended }: TownMachineProps): void {
    const { machine } = this;
    monitoring.alarm(this, 'Failures', {
      metric: machine.metricFailed({ period: fiveMinutes }),
      above: 0,
      periods: 1,
      severity: 'high',
      runbook,
      heading: `An execution of the ${name} machine fails`,
      unattended,
      command: 'gt escalations list',
    });
    monitoring.show('doing', 'Executions', 'executions in 5 minutes', [
      machine.metricStarted({ period: fiveMinutes, label: `${name} started` }),
      machine.metricSucceeded({ period: fiveMinutes, label: `${name} succeeded` }),
    ]);
    monitoring.show('stuck', 'Failed executions', 'executions in 5 minutes', [
      machine.metricFailed({ period: fiveMinutes, label: name }),
    ]);
    monitoring.show('stuck', 'Throttles', 'calls in 5 minutes', [
      machine.metricThrottled({ period: fiveMinutes, label: `${name} executions` }),
    ]);
  }

  grantStart(starter: TownFunction): void {
    this.grant(starter, ['states:StartExecution'], [this.machine.stateMachineArn]);
  }

  /** Task tokens name no resource of their own: they are authorized on the machine. */
  grantAnswer(answerer: TownFunction): void {
    this.grant(answerer, ['states:SendTaskSuccess'], [this.machine.stateMachineArn]);
  }

  /** Whether an execution of this machine still runs. */
  grantInspect(inspector: TownFunction): void {
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      resourceName: `${this.machine.stateMachineName}:*`,
    });
    this.grant(inspector, ['states:DescribeExecution'], [executions]);
    const logicalId = Stack.of(this).getLogicalId(this.machine.node.defaultChild as sfn.CfnStateMachine);
    Validations.of(inspector).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${logicalId}.Name>:*]`,
      reason: 'Executions are named by bead and run, which come and go; only those of this machine are meant.',
    });
  }

  private grant(grantee: TownFunction, actions: string[], resources: string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
  }
}

const mapValues = <In, Out>(values: Readonly<Record<string, In>>, map: (value: In) => Out): Record<string, Out> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
