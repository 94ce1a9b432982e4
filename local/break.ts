// `npm run break`: has the ROQ of `npm start` fail, to see what happens then.

import { parseArgs } from 'node:util';
import { type Breakage, breakages } from '../console/system.ts';

const help = `Usage: npm run break -- roq --how HOW [--port N]

Has the ROQ stand-in that npm start runs fail, until it works again.

  --how HOW     ${breakages.map((name) => (name.includes(' ') ? `"${name}"` : name)).join(', ')}; or works
  --port N      the port of npm start's webhook (default: 3000)
  --help        this text
`;

const mended = 'works';

await main();

async function main(): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        how: { type: 'string' },
        port: { type: 'string', default: '3000' },
        help: { type: 'boolean' },
      },
    });
    if (values.help) return void process.stdout.write(help);
    const how = breakages.find((one) => one === values.how) ?? null;
    if (positionals[0] !== 'roq' || (how === null && values.how !== mended)) return complain(help, 2);
    await tell(how, Number(values.port));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    complain(`${error.message}\n\n${help}`, 2);
  }
}

async function tell(how: Breakage | null, port: number): Promise<void> {
  const answer = await post(`http://127.0.0.1:${port + 1}/break`, JSON.stringify({ how }));
  if (!answer?.ok) return complain(`npm start does not run on port ${port}.\n`, 1);
  const now = how === null ? 'ROQ works again.' : `ROQ is ${how} from now on, until --how works.`;
  process.stdout.write(
    `${now} The console's page Now shows what comes of it, and so does roq-sync status.\n`,
  );
}

async function post(url: string, body: string): Promise<Response | null> {
  try {
    return await fetch(url, { method: 'POST', body });
  } catch {
    // Nobody listens there.
    return null;
  }
}

function complain(text: string, exitCode: number): void {
  process.stderr.write(text);
  process.exitCode = exitCode;
}
