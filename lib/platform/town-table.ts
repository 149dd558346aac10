/** The record: one table, its attention index, its stream of new effects. */
import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { table as shape } from '../../aws/table.ts';

const typeOf = { S: dynamodb.AttributeType.STRING, N: dynamodb.AttributeType.NUMBER } as const;
const attributeOf = ({ name, type }: { name: string; type: keyof typeof typeOf }) => ({ name, type: typeOf[type] });

export class TownTable extends Construct {
  readonly name: string;
  readonly streamArn: string;
  readonly table: dynamodb.Table;

  constructor(scope: Construct, id: string, props: { keepData: boolean }) {
    super(scope, id);
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: attributeOf(shape.partitionKey),
      sortKey: attributeOf(shape.sortKey),
      billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
      stream: dynamodb.StreamViewType[shape.stream],
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: shape.timeToLive,
      deletionProtection: props.keepData,
      removalPolicy: props.keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    /** Sparse: only items that carry `attentionAt` are in it. The item itself is read again, so keys are enough. */
    this.table.addGlobalSecondaryIndex({
      indexName: shape.attention.name,
      partitionKey: attributeOf(shape.attention.partitionKey),
      sortKey: attributeOf(shape.attention.sortKey),
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
    this.name = this.table.tableName;
    const { tableStreamArn } = this.table;
    if (!tableStreamArn) throw new Error('BUG: the table has no stream');
    this.streamArn = tableStreamArn;
  }

  /** Load and commit. A transaction is authorized by the actions of its parts; there is no action for the whole. */
  grantCommand(grantee: IGrantable): Grant {
    const verbs = ['GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'];
    return Grant.addToPrincipal({
      grantee,
      actions: verbs.map((verb) => `dynamodb:${verb}`),
      resourceArns: [this.table.tableArn],
    });
  }

  /** Reads what is due from the attention index. */
  grantDue(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:Query'],
      resourceArns: [`${this.table.tableArn}/index/${shape.attention.name}`],
    });
  }

  /** What a function needs to be fed by the stream. */
  grantStream(grantee: Construct & IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
        resources: [this.streamArn],
      }),
    );
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: [`${this.table.tableArn}/stream/*`] }),
    );
    const logicalId = Stack.of(this).getLogicalId(this.table.node.defaultChild as dynamodb.CfnTable);
    Validations.of(grantee).acknowledge({
      id: `AwsSolutions-IAM5[Resource::<${logicalId}.Arn>/stream/*]`,
      reason: 'ListStreams is authorized on the streams of this one table; their names hold the time they were made.',
    });
  }
}
