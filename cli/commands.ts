// Every command, in the order in which help lists them.

import { audit } from './audit.ts';
import { backfill } from './backfill.ts';
import type { CliCommand } from './command.ts';
import { consoleCommand } from './console.ts';
import { doctor } from './doctor.ts';
import { drop } from './drop.ts';
import { erase } from './erase.ts';
import { find } from './find.ts';
import { cancel, job } from './job.ts';
import { listCommands } from './lists.ts';
import { map } from './map.ts';
import { pull } from './pull.ts';
import { recreate } from './recreate.ts';
import { release } from './release.ts';
import { relink } from './relink.ts';
import { resync } from './resync.ts';
import { smoke } from './smoke.ts';
import { status } from './status.ts';
import { gone, keep } from './suspects.ts';

export const commands: readonly CliCommand[] = [
  status,
  find,
  ...listCommands,
  resync,
  release,
  drop,
  relink,
  recreate,
  audit,
  pull,
  gone,
  keep,
  backfill,
  map,
  job,
  cancel,
  erase,
  doctor,
  smoke,
  consoleCommand,
];
