/** The network of tasks: nothing comes in, and only the ports that were configured go out. */
import { Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';

export interface Network {
  readonly vpc: ec2.IVpc;
  readonly subnetIds: readonly string[];
  readonly securityGroup: ec2.ISecurityGroup;
}

export function networkOf(scope: Construct, config: Config): Network {
  const { vpc, subnetIds } = config.vpcId ? givenNetwork(scope, config) : ownNetwork(scope);
  const securityGroup = new ec2.SecurityGroup(scope, 'NoIngress', {
    vpc,
    description: 'Tasks of Gas Town: nothing may come in',
    allowAllOutbound: false,
  });
  /** Name look-ups go to the network's own resolver, which security groups do not filter: lib/polecats/allow-list.ts. */
  for (const port of config.egressPorts)
    securityGroup.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port), `Tasks reach remotes and the town on ${port}`);
  return { vpc, subnetIds, securityGroup };
}

/**
 * Taken at its word: a look-up would need credentials at synthesis. The construct stands for the id alone; it wants a zone,
 * which nothing reads.
 */
function givenNetwork(scope: Construct, { vpcId = '', subnetIds = [] }: Config) {
  return { vpc: ec2.Vpc.fromVpcAttributes(scope, 'Vpc', { vpcId, availabilityZones: ['any'] }), subnetIds };
}

/** Two public subnets: no NAT gateway, whose idle price would be most of the town's bill. */
function ownNetwork(scope: Construct) {
  const vpc = new ec2.Vpc(scope, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
    /** Layers of images come from S3. */
    gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    /** Emptying the default security group takes a custom resource; no task is ever put into that group. */
    restrictDefaultSecurityGroup: false,
  });
  Validations.of(vpc).acknowledge({
    id: 'AwsSolutions-VPC7',
    reason:
      'Nothing listens in this network: the security group of its tasks has no ingress, and tasks live for one bead.',
  });
  /** CDK's own class does not meet its interface under `exactOptionalPropertyTypes`. */
  return { vpc: vpc as ec2.IVpc, subnetIds: vpc.publicSubnets.map(({ subnetId }) => subnetId) };
}
