/** The shape of the town's one table: what the ledger writes, and what the stack must create. */
export const table = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
  /** Seconds since 1970, as DynamoDB's time-to-live wants it. */
  timeToLive: 'expires',
  stream: 'NEW_IMAGE',
  /** Sparse, keys only: an item is in it while it carries `attentionAt`. */
  attention: {
    name: 'attention',
    partitionKey: { name: 'attentionShard', type: 'N' },
    sortKey: { name: 'attentionAt', type: 'N' },
  },
} as const;
