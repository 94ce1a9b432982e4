// Runs cfn-lint on the template that `npm run package` has left, for the region it is made for, where cfn-lint is
// installed.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const template = '.serverless/cloudformation-template-update-stack.json';

const { exitCode, says } = lint();
console.log(says);
process.exitCode = exitCode;

function lint(): { readonly exitCode: number; readonly says: string } {
  if (!existsSync(template)) {
    return { exitCode: 1, says: 'There is no template yet: `npm run package` makes it.' };
  }
  const { service } = JSON.parse(readFileSync('.serverless/serverless-state.json', 'utf8'));
  const { error, status } = spawnSync('cfn-lint', ['--regions', service.provider.region, '--', template], {
    stdio: 'inherit',
  });
  if (error) {
    return {
      exitCode: 0,
      says: 'cfn-lint is not there, so nothing was looked at. `pip install cfn-lint` installs it.',
    };
  }
  if (status === 0) return { exitCode: 0, says: 'cfn-lint has nothing to say.' };
  return { exitCode: status ?? 1, says: 'What stands above has to be mended before it is deployed.' };
}
