// ROQ's schema for users with its two scalars, and the reading of requests against it.

import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type DocumentNode,
  GraphQLError,
  isScalarType,
  Kind,
  parse,
  validate,
  valueFromASTUntyped,
} from 'graphql';
import type { Operation } from './faults.ts';
import { invalidRequestError } from './roq-errors.ts';
import { parseObject, toObject } from './server.ts';

export type GraphqlRequest = { readonly document: DocumentNode; readonly variables: Record<string, unknown> };

export const schema = readSchema();

/** Reads what a GraphQL request asks for; an error: it is no valid request for the schema. */
export function readRequest(body: Buffer): GraphqlRequest | GraphQLError {
  const { query, variables } = parseObject(body) ?? {};
  if (typeof query !== 'string') return invalidRequestError(new GraphQLError('There is no query'));
  try {
    return { document: readDocument(query), variables: toObject(variables) ?? {} };
  } catch (error) {
    if (error instanceof GraphQLError) return invalidRequestError(error);
    throw error;
  }
}

// A client sends the same few over and over.
const documents = new Map<string, DocumentNode>();
const maxDocuments = 100;

/** @throws GraphQLError where it is no valid document for the schema */
function readDocument(query: string): DocumentNode {
  const known = documents.get(query);
  if (known) return known;
  const document = parse(query);
  const [fault] = validate(schema, document);
  if (fault) throw fault;
  if (documents.size < maxDocuments) documents.set(query, document);
  return document;
}

/** The calls a request makes, one entry for each alias. */
export function operationsOf(document: DocumentNode): Operation[] {
  const names: readonly string[] = document.definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .flatMap(({ selectionSet }) => selectionSet.selections)
    .flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []));
  const known: readonly Operation[] = ['user', 'users', 'createUser', 'updateUser'];
  return names.flatMap((name) => known.filter((operation) => operation === name));
}

function readSchema() {
  const built = buildSchema(readFileSync(new URL('roq.graphql', import.meta.url), 'utf8'));
  const parsers = { Date: parseDate, JsonObject: parseJsonObject };
  for (const [name, parseValue] of Object.entries(parsers)) {
    const type = built.getType(name);
    if (!isScalarType(type)) throw new Error(`The schema has no scalar ${name}`);
    type.parseValue = parseValue;
    type.parseLiteral = (node, variables) => parseValue(valueFromASTUntyped(node, variables));
  }
  return built;
}

function parseDate(value: unknown): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new GraphQLError('Date must be ISO 8601 text');
  return date;
}

function parseJsonObject(value: unknown): object {
  const object = toObject(value);
  if (!object) throw new GraphQLError('JsonObject must be an object');
  return object;
}
