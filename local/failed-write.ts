/**
 * The ledger could not be written: a full disk, mostly. The town says so once and starts nothing more, because what
 * it did from now on it could not record. The API stays up: it still reads, and refuses with 507 what would write.
 */
type Write = () => Promise<void>;

export const stoppingAtFailure =
  (around: (write: Write) => Promise<void>, stop: (error: unknown) => void) =>
  async (write: Write): Promise<void> => {
    try {
      await around(write);
    } catch (error) {
      // The ledger takes no more writes after this one, so this is said once.
      stop(error);
      throw error;
    }
  };

export const failedWriteText = (error: unknown): string =>
  `The ledger could not be written (${error instanceof Error ? error.message : String(error)}). The town stands still, and nothing it has answered for is lost. Free disk space, then start it again: it goes on from there.`;
