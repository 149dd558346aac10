/** The fleet's contract on emulated ECS, whose tasks run here as processes. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CreateClusterCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { makeFleet } from '../../aws/fleet.ts';
import type { LaunchRequest } from '../../core/ports.ts';
import { endpointSettings, onAws, onEmulator } from '../aws/endpoint.ts';
import { fleetContract } from '../contract/fleet-contract.ts';
import { fresh } from '../contract/fresh.ts';
import { makeRole } from './aws-api.ts';
import { startFargate } from './fargate.ts';

const noTokens = 'it does not know clientToken';
const gaps = {
  'the same token is the same task, while it runs and after it ended': noTokens,
  'the same token with another environment does not start a second task': noTokens,
};

/** Runs for as long as its launch says, as a container would. */
const program = 'setTimeout(() => {}, Number(process.env.TASK_MS));\n';

const request = (ms: number): LaunchRequest => ({
  kind: 'polecat',
  clientToken: fresh('token'),
  environment: { TASK_MS: String(ms) },
});

onAws(() =>
  fleetContract(
    'on ECS',
    async () => {
      const dir = path.join(process.env.GASTOWN_EMULATOR_DIR ?? '', 'fleet');
      const harness = path.join(dir, 'program.cjs');
      mkdirSync(dir);
      writeFileSync(harness, program);
      const ecs = new ECSClient(endpointSettings());
      const cluster = fresh('cluster');
      const family = fresh('family');
      await ecs.send(new CreateClusterCommand({ clusterName: cluster }));
      await ecs.send(
        new RegisterTaskDefinitionCommand({
          family,
          networkMode: 'awsvpc',
          requiresCompatibilities: ['FARGATE'],
          cpu: '256',
          memory: '512',
          taskRoleArn: await makeRole(fresh('task'), 'ecs-tasks.amazonaws.com'),
          containerDefinitions: [{ name: 'harness', image: 'scratch' }],
        }),
      );
      const fargate = await startFargate({ ecs, cluster, harness, dir, environment: { PATH: process.env.PATH ?? '' } });
      return {
        fleet: makeFleet(ecs, {
          cluster,
          taskDefinitions: { polecat: family, gate: family },
          container: 'harness',
          subnets: ['subnet-1'],
          securityGroups: ['sg-1'],
          publicIp: true,
          capacity: 'FARGATE',
        }),
        short: () => request(50),
        long: () => request(60_000),
        async close() {
          await fargate.stop();
          ecs.destroy();
        },
      };
    },
    onEmulator ? gaps : {},
  ),
);
