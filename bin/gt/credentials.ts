/** Whoever runs gt, as every AWS tool finds them: environment, profile, SSO, container, instance. Kept until they end. */
import { defaultProvider } from '@aws-sdk/credential-provider-node';

export const chain = defaultProvider();
