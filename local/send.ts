// `npm run send`: see send-line.ts.

import { sendLine } from './send-line.ts';

const { text, isFault, exitCode } = await sendLine(process.argv.slice(2), process.env);
(isFault ? process.stderr : process.stdout).write(text);
process.exitCode = exitCode;
