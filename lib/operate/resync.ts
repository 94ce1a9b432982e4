// Makes ROQ match the records of users, as an operator asks.

import { convergeTaken, takeAll, type UserCommand, withCommand } from './user-command.ts';

/** Makes ROQ match the record, whatever ROQ is believed to hold; a parked user is tried again. */
export const resync: UserCommand = async (app, references, budget) => {
  const taken = await takeAll(app, references, budget);
  return convergeTaken(
    app,
    taken,
    (record) => ({ ...withCommand(record, 'resync', app.now()), observed: null }),
    budget,
  );
};
