// Lets deactivations over the ceiling through, as an operator asks.

import type { Leased } from '../dynamodb/fold.ts';
import { convergeTaken, takeAll, type UserCommand, withCommand } from './user-command.ts';

/** Deactivates users who are held, whatever the ceiling; those who are not are resynced. */
export const release: UserCommand = async (app, references, budget) => {
  const taken = await takeAll(app, references, budget);
  const prepare = (record: Leased): Leased => {
    const noted = withCommand(record, 'release', app.now());
    return record.queue === 'held' ? { ...noted, cleared: true } : { ...noted, observed: null };
  };
  return convergeTaken(app, taken, prepare, budget);
};
