// Invoked by hand, or by `roq-sync`: what an operator asks for.

import type { Context } from 'aws-lambda';
import { type App, budgetOf } from '../app.ts';
import { ConfigError, type UnavailableCode, UnavailableError } from '../errors.ts';
import { causeName, log } from '../observability/log.ts';
import { readCommand } from '../operate/command.ts';
import { type Answer, operate } from '../operate/operate.ts';

type Handler = (input: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>) => Promise<OperateAnswer>;

export type OperateAnswer = Answer | Refusal;

export type Refusal = {
  readonly error: {
    readonly code: 'command_invalid' | 'settings_invalid' | UnavailableCode;
    readonly message: string;
  };
};

/** The handler as soon as its settings can be read. What is wrong with them is an answer too: somebody is there to read it. */
export function whenReady(ready: () => Promise<Handler>): Handler {
  return async (input, context) => {
    try {
      return await (await ready())(input, context);
    } catch (error) {
      if (error instanceof ConfigError) return refuse('settings_invalid', error.message);
      if (error instanceof UnavailableError) return unavailable(error);
      throw error;
    }
  };
}

/** Answers a command, as lib/operate/command.ts has them. */
export function createHandler(app: App): Handler {
  return async (input, context) => {
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
