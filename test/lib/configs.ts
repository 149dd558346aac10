/** The deployments that every check of the template is made of: each is a way through the stack that the others are not. */
export const configs = {
  default: {},
  /** What a machine without containers deploys, to be thrown away again. */
  zip: {
    packaging: 'zip',
    gitLayer: 'arn:aws:lambda:eu-west-1:123456789012:layer:git:1',
    polecatImage: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/polecat:1',
    keepData: false,
  },
  spot: { spot: true, polecatCpu: 4096, polecatMemoryMiB: 8192, email: 'ops@example.com' },
  ownNetwork: {
    vpcId: 'vpc-0123456789abcdef0',
    subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    publicIp: false,
    egressPorts: [443, 22],
    permissionsBoundary: 'developers',
    tags: { 'cost-centre': '42' },
  },
  jwt: { jwtIssuer: 'https://login.example.com/pool', jwtAudience: ['gastown'] },
  allowList: {
    allowedDomains: ['github.com', '*.npmjs.org'],
    models: ['eu.anthropic.claude-sonnet-4-5-20250929-v1:0', 'amazon.nova-lite-v1:0'],
    emails: { critical: ['night@example.com'], medium: ['day@example.com'] },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type ConfigName = keyof typeof configs;
