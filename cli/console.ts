// `roq-sync console`: the console of a deployment, on this machine, by the credentials that the command line uses.

import { startConsole } from '../console/server.ts';
import type { CliCommand } from './command.ts';
import { Refusal } from './refusal.ts';

const usualPort = 3002;

export const consoleCommand: CliCommand = {
  name: 'console',
  args: '',
  takes: [],
  summary: 'Serves pages to look at, on this machine',
  details:
    'It prints an address to open, and runs until Ctrl-C. Nothing new is exposed in the cloud: each page calls the operate function, as every command does. npm start has a console of its own.',
  ifStopped: 'Stopped.',
  run: async ({ options: { stage }, invoke, terminal }) => {
    if (stage === undefined) {
      throw new Refusal(
        'wrongUsage',
        'Give the stage by --stage. npm start prints the address of its own console.',
      );
    }
    const system = { stage, operate: <Answer>(command: object) => invoke<Answer>('operate', command) };
    const { url } = await startConsole(system, usualPort).catch((error: Error) => {
      // Another console has it; an address is printed in any case.
      if (!('code' in error) || error.code !== 'EADDRINUSE') throw error;
      return startConsole(system, 0);
    });
    terminal.say(`The console of ${stage}: ${url}\nCtrl-C stops it.`);
    return new Promise(() => {});
  },
};
