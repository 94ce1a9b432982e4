// Runs cfn-lint on the template that `npm run package` has left, where it is installed.

import { spawnSync } from 'node:child_process';

const template = '.serverless/cloudformation-template-update-stack.json';
const { error, status } = spawnSync('cfn-lint', [template], { stdio: 'inherit' });
if (error)
  console.log('cfn-lint is not there, so nothing was looked at. `pip install cfn-lint` installs it.');
else if (status === 0) console.log('cfn-lint has nothing to say.');
process.exitCode = error ? 0 : (status ?? 1);
