// What the system remembers besides its users, in a table of its own: jobs, findings, and the counters of counters.ts.

import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  QueryCommand,
  type QueryCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { reach, type TableOptions } from './client.ts';
import { createCounters } from './counters.ts';
import { type Item, numberAttribute } from './record.ts';

/**
 * - `count`: deactivations in an hour or in a run, against the ceiling.
 * - `job`: an audit or a backfill, with its cursor and its report.
 * - `running`: the jobs that are not over, to be found without reading them all.
 * - `duplicate`: a ROQ user whose reference another one bears, which is the one that is kept in step.
 * - `stranger`: a ROQ user whose reference has no record.
 * - `total`: figures of the last audit.
 * - `foreign`: a user whom a provider spoke of although another one reported it first.
 * - `heard`: when a provider last sent an event.
 * - `settings`: what is wrong with a provider's settings.
 * - `ran`: when the schedule last drained what was due.
 * - `measured`: how many users are out of step, as it was measured last.
 * - `pulling`: as `running`, of the pulls, which another function carries on.
 * - `pulled`: when an operator last applied a pull of a provider.
 * - `complete`: when a list of a provider was begun that had nothing that no webhook had told.
 * - `seen`: who was on a page of a list, each as a few bytes of a digest.
 * - `ask`: a user of whom the provider has to be asked, for an event left something out or settled nothing.
 * - `notice`: a provider said that events were lost, or that it will send none.
 * - `suspect`: a user whom the list of their provider does not have.
 */
export type DocumentKind =
  | 'count'
  | 'job'
  | 'running'
  | 'duplicate'
  | 'stranger'
  | 'total'
  | 'heard'
  | 'settings'
  | 'ran'
  | 'foreign'
  | 'measured'
  | 'pulling'
  | 'pulled'
  | 'complete'
  | 'seen'
  | 'ask'
  | 'notice'
  | 'suspect';

/** A stored JSON document; `revision` is raised by every change. */
export type Entry<Document> = { readonly id: string; readonly document: Document; readonly revision: number };

/** A ROQ user that a person should look at; its id is the entry's. */
export type Finding = { readonly reference: string; readonly foundAt: number };

/** A user of whom a provider spoke, and when it did last, in milliseconds. */
export type Noted = { readonly provider: string; readonly reference: string; readonly at: number };

/** Until when nothing of a provider was missed, in milliseconds: when it was heard, or its list was complete. */
export type Heard = { readonly at: number };

/** A provider's own notice, and when the last came, in milliseconds. */
export type Notice = { readonly at: number };

export type Documents = ReturnType<typeof createDocuments>;

// Reserved words of DynamoDB's expressions are among these names.
const names = { '#expires': 'expiresAt' };

export function createDocuments(options: TableOptions) {
  const { client, tableName, now } = options;
  return { ...createCounters(options), get, put, remove, list };

  /** The document, read consistently; null when there is none. */
  async function get<Document>(kind: DocumentKind, id: string): Promise<Entry<Document> | null> {
    const item = await read(kind, id);
    return item ? toEntry<Document>(item) : null;
  }

  /**
   * Stores a document over the revision that was read (0 = there was none; null = whichever there is).
   * With `keepMs` it is forgotten so long after this change.
   * @returns false when somebody else changed it meanwhile
   */
  async function put(
    kind: DocumentKind,
    id: string,
    document: object,
    over: number | null,
    keepMs: number | null = null,
  ): Promise<boolean> {
    const writer = randomUUID();
    const expiry = keepMs === null ? ' REMOVE #expires' : ', #expires = :expires';
    try {
      await reach(() =>
        client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: key(kind, id),
            UpdateExpression: `SET document = :document, writer = :writer${expiry} ADD revision :one`,
            ...(over !== null && { ConditionExpression: isUnmovedSince(over) }),
            ExpressionAttributeNames: { '#expires': names['#expires'] },
            ExpressionAttributeValues: {
              ':document': { S: JSON.stringify(document) },
              ':one': numberAttribute(1),
              ':writer': { S: writer },
              ...(keepMs !== null && { ':expires': numberAttribute(Math.ceil((now() + keepMs) / 1000)) }),
              ...(over && { ':over': numberAttribute(over) }),
            },
          }),
        ),
      );
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      // The client sends a write again whose answer was lost, and then meets its own.
      return (await read(kind, id))?.writer?.S === writer;
    }
  }

  async function remove(kind: DocumentKind, id: string): Promise<void> {
    await reach(() => client.send(new DeleteItemCommand({ TableName: tableName, Key: key(kind, id) })));
  }

  /**
   * All documents of a kind, in the order of their ids, page by page. `prefix`: how their ids begin; `from`: the id after
   * which the list begins, where it does not from the first.
   */
  async function* list<Document>(
    kind: DocumentKind,
    { prefix = '', from = null }: { readonly prefix?: string; readonly from?: string | null } = {},
  ): AsyncGenerator<Entry<Document>> {
    let after: Item | undefined = from === null ? undefined : key(kind, from);
    do {
      const { Items, LastEvaluatedKey }: QueryCommandOutput = await reach(() =>
        client.send(
          new QueryCommand({
            TableName: tableName,
            KeyConditionExpression: `#kind = :kind${prefix && ' AND begins_with(id, :prefix)'}`,
            ExpressionAttributeNames: { '#kind': 'kind' },
            ExpressionAttributeValues: { ':kind': { S: kind }, ...(prefix && { ':prefix': { S: prefix } }) },
            ...(after && { ExclusiveStartKey: after }),
          }),
        ),
      );
      yield* (Items ?? []).map((item) => toEntry<Document>(item));
      after = LastEvaluatedKey;
    } while (after);
  }

  async function read(kind: DocumentKind, id: string): Promise<Item | undefined> {
    const { Item } = await reach(() =>
      client.send(new GetItemCommand({ TableName: tableName, Key: key(kind, id), ConsistentRead: true })),
    );
    return Item;
  }
}

function isUnmovedSince(revision: number): string {
  return revision === 0 ? 'attribute_not_exists(revision)' : 'revision = :over';
}

function key(kind: DocumentKind, id: string): Record<string, AttributeValue> {
  return { kind: { S: kind }, id: { S: id } };
}

function toEntry<Document>(item: Item): Entry<Document> {
  return {
    id: item.id?.S ?? '',
    document: JSON.parse(item.document?.S ?? 'null') as Document,
    revision: Number(item.revision?.N ?? 0),
  };
}
