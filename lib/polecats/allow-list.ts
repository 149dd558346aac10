/**
 * The names that tasks may look up: those of the configuration, those without which no task starts or reports, and no
 * other. It fails closed, as Route 53 Resolver does unless told otherwise: no answer from the firewall, no name.
 */
import { Fn, Stack } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import {
  CfnFirewallDomainList,
  CfnFirewallRuleGroup,
  CfnFirewallRuleGroupAssociation,
} from 'aws-cdk-lib/aws-route53resolver';
import { Construct } from 'constructs';

export interface AllowListProps {
  readonly vpc: IVpc;
  readonly allowed: readonly string[];
  readonly apiUrl: string;
  readonly usesModels: boolean;
}

/** AWS keeps 1 to 100 for its own rule groups. */
const associationPriority = 101;

export class AllowList extends Construct {
  constructor(scope: Construct, id: string, { vpc, allowed, apiUrl, usesModels }: AllowListProps) {
    super(scope, id);
    const { account, region, urlSuffix } = Stack.of(this);
    const needed = [
      Fn.select(2, Fn.split('/', apiUrl)),
      `api.ecr.${region}.${urlSuffix}`,
      `${account}.dkr.ecr.${region}.${urlSuffix}`,
      /** Where ECR keeps the layers of every image of a region. */
      `prod-${region}-starport-layer-bucket.s3.${region}.${urlSuffix}`,
      `logs.${region}.${urlSuffix}`,
      ...(usesModels ? [`bedrock-runtime.${region}.${urlSuffix}`] : []),
    ];
    const names = new CfnFirewallDomainList(this, 'Allowed', { domains: [...needed, ...allowed] });
    const all = new CfnFirewallDomainList(this, 'All', { domains: ['*'] });
    const rules = new CfnFirewallRuleGroup(this, 'Rules', {
      firewallRules: [
        {
          priority: 1,
          action: 'ALLOW',
          firewallDomainListId: names.attrId,
          /** An allowed name may be an alias (CNAME) of one that is not in the list. */
          firewallDomainRedirectionAction: 'TRUST_REDIRECTION_DOMAIN',
        },
        { priority: 2, action: 'BLOCK', blockResponse: 'NXDOMAIN', firewallDomainListId: all.attrId },
      ],
    });
    new CfnFirewallRuleGroupAssociation(this, 'Association', {
      firewallRuleGroupId: rules.attrId,
      priority: associationPriority,
      vpcId: vpc.vpcId,
    });
  }
}
