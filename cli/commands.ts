// The commands there are, in the order in which help lists them.

import { audit } from './audit.ts';
import { backfill } from './backfill.ts';
import type { CliCommand } from './command.ts';
import { doctor } from './doctor.ts';
import { erase } from './erase.ts';
import { job } from './job.ts';
import { lists } from './lists.ts';
import { status } from './status.ts';
import { drop, release, resync } from './touch.ts';

export const commands: readonly CliCommand[] = [
  ...[status, ...lists, resync, release, drop],
  ...[audit, backfill, job, erase, doctor],
];
