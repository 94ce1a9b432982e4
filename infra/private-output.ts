// A plugin of the framework: what it writes to .serverless/ holds the settings as they are, and so is nobody else's on this
// machine to read.

import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

type Serverless = { readonly serviceDir: string };

export default class PrivateOutput {
  readonly hooks = {
    // Before anything is in it.
    'before:package:initialize': () => this.close(),
    'after:package:finalize': () => this.close(),
  };
  readonly #folder: string;

  constructor({ serviceDir }: Serverless) {
    this.#folder = join(serviceDir, '.serverless');
  }

  close(): void {
    mkdirSync(this.#folder, { recursive: true });
    chmodSync(this.#folder, 0o700);
    for (const entry of readdirSync(this.#folder, { withFileTypes: true, recursive: true }))
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  }
}
