// A plugin of the framework: prints how large each function's bundle is, and fails the packaging above its budget.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stop } from 'esbuild';

type Serverless = {
  readonly serviceDir: string;
  readonly service: {
    readonly functions: Readonly<Record<string, { readonly handler: string }>>;
    readonly custom: { readonly budgets: Readonly<Record<string, number>> };
  };
};

type Writers = { readonly log: { readonly notice: (text: string) => void } };

export default class Budgets {
  readonly hooks = {
    'after:package:createDeploymentArtifacts': () => this.check(),
    // A bundle that can't be built would leave esbuild running, and the command would never end.
    error: () => stop(),
  };
  readonly #serverless: Serverless;
  readonly #log: Writers['log'];

  constructor(serverless: Serverless, _options: unknown, { log }: Writers) {
    this.#serverless = serverless;
    this.#log = log;
  }

  check(): void {
    const { functions, custom } = this.#serverless.service;
    const sizes = Object.keys(functions).map((name) => this.#measure(name, custom.budgets[name] ?? 0));
    for (const { name, bytes, budget } of sizes) {
      this.#log.notice(`${name.padEnd(10)} ${kilobytes(bytes)} of at most ${kilobytes(budget)}`);
    }
    const over = sizes.filter(({ bytes, budget }) => bytes > budget).map(({ name }) => name);
    if (over.length > 0) throw new Error(`The bundle of ${over.join(', ')} is over its budget`);
  }

  #measure(name: string, budget: number) {
    const bundle = join(this.#serverless.serviceDir, '.esbuild/.build/functions', `${name}.js`);
    return { name, bytes: statSync(bundle).size, budget };
  }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`.padStart(8);
}
