// What the directory of a provider is made of; directories.ts lists all of them.

import type * as v from 'valibot';
import type { Directory, DirectoryTraits, Profile } from '../directory.ts';
import { DirectoryError } from '../errors.ts';
import { parseRow, RowError } from '../exports/rows.ts';
import { type ExportShape, isNullWord, type Row, sift } from '../exports/shape.ts';
import { isObject } from '../json.ts';

export type DirectoryProvider<Settings extends v.ObjectEntries = v.ObjectEntries> = DirectoryTraits & {
  /** Environment variables, each with its schema and a description for people. */
  readonly settings: Settings;
  /**
   * Builds the directory once, so that tokens stay cached between questions.
   * A method, so that providers of different settings fit in one list.
   * @throws ConfigError for settings that can't work together
   */
  connect(settings: v.InferOutput<v.ObjectSchema<Settings, undefined>>): Directory;
};

export type ReadRows = { readonly profiles: readonly Profile[]; readonly unreadable: number };

/**
 * Reads the rows of a list, each by itself. `read` answers null for a row that is no user's.
 * @throws DirectoryError `directory_invalid` where none of several rows can be read
 */
export function readRows(rows: readonly unknown[], read: (row: Row) => Profile | null): ReadRows {
  const profiles: Profile[] = [];
  let unreadable = 0;
  for (const row of rows) {
    try {
      if (!isObject(row)) throw new RowError('shape');
      const profile = read(row);
      if (profile) profiles.push(profile);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      unreadable += 1;
    }
  }
  if (unreadable > 1 && profiles.length === 0) throw invalidAnswer('no row of the list can be read');
  return { profiles, unreadable };
}

/** How the rows of a list are read: as the provider's export is, where it has one. */
export type RowShape = Pick<ExportShape, 'id' | 'row' | 'decisive' | 'toUser'>;

/**
 * Reads a row; null for an account that is no user's. `answeredAtMs`: for states that end at a set time.
 * @throws RowError
 */
export function toProfile(shape: RowShape, row: Row, answeredAtMs: number): Profile | null {
  const { user, unread } = parseRow(shape, { ...row });
  const id = row[shape.id];
  if (isNullWord(id)) throw new RowError('no_reference', shape.id);
  const exported = shape.toUser(user, answeredAtMs);
  if (!exported) return null;
  const { told, dropped } = sift(exported.told);
  const original = { user: row, isWhole: true };
  return { reference: String(id), told, at: exported.at, unread: [...unread, ...dropped], original };
}

/** The answer to a question for one user, which must be of that very user. @throws DirectoryError */
export function expectUser(reference: string, read: () => Profile | null): Profile {
  try {
    const profile = read();
    if (profile?.reference === reference) return profile;
  } catch (error) {
    if (!(error instanceof RowError)) throw error;
    throw invalidAnswer('the user can not be read');
  }
  throw invalidAnswer('the answer is of another user');
}

export function invalidAnswer(message: string): DirectoryError {
  return new DirectoryError('directory_invalid', message);
}
