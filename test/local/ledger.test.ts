import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '../../local/clock.ts';
import { openLedger } from '../../local/ledger.ts';
import { ledgerContract } from '../contract/ledger-contract.ts';

ledgerContract('in memory', async () => {
  const ledger = await openLedger({ clock: realClock });
  return { ledger, dispose: () => ledger.close() };
});

for (const sync of [true, false]) {
  ledgerContract(
    `on disk, ${sync ? 'waiting for it' : 'not waiting for it'}`,
    async () => {
      const location = await mkdtemp(join(tmpdir(), 'ledger-'));
      const ledger = await openLedger({ location, sync, clock: realClock });
      const dispose = async () => {
        await ledger.close();
        await rm(location, { recursive: true });
      };
      return { ledger, dispose };
    },
    { runs: 10 },
  );
}
