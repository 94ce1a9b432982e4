// Lines of a file that the sender has read already, as the command line does: their values are checked like those of any
// file, so that one bad line costs no other user anything.

import * as v from 'valibot';
import type { ExportLine } from '../exports/read.ts';
import { parseRow, RowError } from '../exports/rows.ts';
import { isNullWord, sift, toJson } from '../exports/shape.ts';
import { customData, instant, reference, tell, text, yesNo } from '../providers/payload.ts';
import { factNames, profileNames } from '../user.ts';

/** Names alone are checked: a sender that tells what there is not is refused as a whole. */
export const sentLine = v.variant('is', [
  v.object({
    is: v.literal('user'),
    line: v.number(),
    reference: v.unknown(),
    at: v.unknown(),
    told: v.strictObject(v.entriesFromList(factNames, v.optional(v.unknown()))),
    untold: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(128))), v.maxLength(128))),
  }),
  v.object({ is: v.literal('invalid'), line: v.number(), reason: v.string(), where: v.nullable(v.string()) }),
]);

const sentUser = {
  id: 'reference',
  row: v.object({
    reference: reference(),
    at: instant(),
    ...v.entriesFromList(profileNames, text()),
    customData: v.nullish(v.pipe(v.string(), v.transform(toJson), customData(), v.string())),
    emailVerified: yesNo(),
    disabled: yesNo(),
    deleted: v.optional(v.literal(true)),
    outOfScope: yesNo(),
  }),
  decisive: ['at', 'customData', 'disabled', 'deleted', 'outOfScope'],
};

/** The line as a file's reader would have it. */
export function checkLine(sent: v.InferOutput<typeof sentLine>): ExportLine {
  if (sent.is === 'invalid') return { ...sent, reason: sent.reason as 'shape' };
  const { line, told } = sent;
  try {
    const { user, unread } = parseRow(sentUser, { reference: sent.reference, at: sent.at, ...told });
    if (isNullWord(user.reference)) throw new RowError('no_reference', 'reference');
    const { reference, at, ...values } = user;
    const known = sift(tell(values));
    const untold = [...(sent.untold ?? []), ...unread, ...known.dropped];
    return { line, is: 'user', reference, told: known.told, at, ...(untold.length > 0 && { untold }) };
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    return { line, is: 'invalid', reason: error.reason, where: error.where };
  }
}
