// Invoked by hand, or by `roq-sync`: what an operator asks for.

import type { Context } from 'aws-lambda';
import { type App, budgetOf, connect } from '../lib/app.ts';
import { readConfig } from '../lib/config.ts';
import { ConfigError, type UnavailableCode, UnavailableError } from '../lib/errors.ts';
import { causeName, log } from '../lib/log.ts';
import { type CommandInput, readCommand } from '../lib/operate/command.ts';
import { type Answer, operate } from '../lib/operate/operate.ts';
import { createReady } from '../lib/ready.ts';

type Handler = ReturnType<typeof createHandler>;

export type OperateAnswer = Answer | Refusal;

export type Refusal = {
  readonly error: {
    readonly code: 'command_invalid' | 'settings_invalid' | UnavailableCode;
    readonly message: string;
  };
};

let ready: (() => Promise<Handler>) | null = null;

/** What is wrong with the settings is an answer too: somebody is there to read it. */
export const handler = async (input: CommandInput, context: Context): Promise<OperateAnswer> => {
  try {
    ready ??= createReady(process.env, (environment) => createHandler(connect(readConfig(environment))));
    return await (await ready())(input, context);
  } catch (error) {
    if (error instanceof ConfigError) return refuse('settings_invalid', error.message);
    if (error instanceof UnavailableError) return unavailable(error);
    throw error;
  }
};

/** Answers a command, as lib/operate/command.ts has them. */
export function createHandler(app: App) {
  return async (
    input: unknown,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<OperateAnswer> => {
    const command = readCommand(input);
    if (typeof command === 'string') return refuse('command_invalid', command);
    try {
      return await operate(app, command, budgetOf(app, context));
    } catch (error) {
      if (error instanceof UnavailableError) return unavailable(error);
      throw error;
    }
  };
}

function unavailable(error: UnavailableError): Refusal {
  log({ message: 'failure', code: error.code, cause: causeName(error) });
  return refuse(error.code, 'DynamoDB or the settings could not be reached; try again');
}

function refuse(code: Refusal['error']['code'], message: string): Refusal {
  return { error: { code, message } };
}
