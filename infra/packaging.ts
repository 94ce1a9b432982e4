// A plugin of the framework: makes each function's zip, and prints how large its bundle is.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { bundleFunctions } from './bundle.ts';
import { pluginsFor, type StageSettings } from './bundle-plugins.ts';

type Serverless = {
  readonly serviceDir: string;
  readonly service: {
    readonly functions: Readonly<Record<string, { package?: { artifact: string } }>>;
    readonly custom: { readonly settings: StageSettings };
  };
};

type Writers = { readonly log: { readonly notice: (text: string) => void } };

// The earliest that a zip can say, in whatever zone: of the same code the zip is the same, byte by byte.
const mtime = new Date(1980, 0, 1);

export default class Packaging {
  readonly hooks = {
    'before:package:createDeploymentArtifacts': async () => {
      await this.bundle();
      this.measure();
      this.zip();
    },
  };
  readonly #serverless: Serverless;
  readonly #log: Writers['log'];
  readonly #output: string;

  constructor(serverless: Serverless, _options: unknown, { log }: Writers) {
    this.#serverless = serverless;
    this.#log = log;
    this.#output = join(serverless.serviceDir, '.serverless/functions');
  }

  async bundle(): Promise<void> {
    const { serviceDir, service } = this.#serverless;
    const plugins = pluginsFor(service.custom.settings);
    const bundling = { absWorkingDir: serviceDir, outdir: this.#output, plugins };
    await bundleFunctions(Object.keys(service.functions), bundling);
  }

  measure(): void {
    for (const name of Object.keys(this.#serverless.service.functions)) {
      const { size } = statSync(this.#bundleOf(name));
      this.#log.notice(`${name.padEnd(10)} ${(size / 1000).toFixed(1).padStart(6)} KB`);
    }
  }

  zip(): void {
    for (const [name, lambda] of Object.entries(this.#serverless.service.functions)) {
      const files = { [`functions/${name}.js`]: readFileSync(this.#bundleOf(name)) };
      const artifact = join(this.#serverless.serviceDir, '.serverless', `${name}.zip`);
      writeFileSync(artifact, zipSync(files, { mtime }));
      lambda.package = { artifact };
    }
  }

  #bundleOf(name: string): string {
    return join(this.#output, `${name}.js`);
  }
}
