// ROQ's error answers, as its clients find them in errors[].extensions.response.

import { GraphQLError } from 'graphql';

type RoqErrorFacts = {
  readonly statusCode: number;
  readonly error: string;
  readonly errorCode: string;
  readonly errorSubCode?: string;
};

const unauthorized: RoqErrorFacts = {
  statusCode: 401,
  error: 'Unauthorized',
  errorCode: 'UNAUTHORIZED_EXCEPTION',
};
const internal: RoqErrorFacts = {
  statusCode: 500,
  error: 'Internal Server Error',
  errorCode: 'INTERNAL_ERROR',
};
// ROQ has not published a code for either of these: a client is to go by the statusCode.
const badRequest: RoqErrorFacts = { statusCode: 400, error: 'Bad Request', errorCode: 'BAD_REQUEST' };
const notFound: RoqErrorFacts = { statusCode: 404, error: 'Not Found', errorCode: 'NOT_FOUND' };

export const unauthorizedError = () => roqError(unauthorized, 'Unauthorized');
export const internalError = () => roqError(internal, 'Internal server error');
/** What the database refuses is the server's own failure, with PostgreSQL's code: https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const databaseError = (sqlState: string) =>
  roqError({ ...internal, errorSubCode: sqlState }, 'Internal server error');
export const notFoundError = (id: string) => roqError(notFound, `User ${id} was not found`, { id });

/** A value that a rule refuses; like the real one, the answer repeats the value, personal as it may be. */
export function refusedError(property: string, rule: string, value: unknown): GraphQLError {
  return roqError({ ...badRequest, errorSubCode: 'VALIDATION' }, `${property} ${rule}`, {
    [property]: value,
  });
}

/** A request that is no valid GraphQL for the schema: none of it was run. */
export function invalidRequestError(error: GraphQLError): GraphQLError {
  const facts = { statusCode: 400, error: 'Bad Request', errorCode: 'GRAPHQL_VALIDATION_FAILED' };
  const { extensions, message } = roqError(facts, error.message);
  return new GraphQLError(message, { nodes: error.nodes ?? null, extensions });
}

function roqError(facts: RoqErrorFacts, message: string, variables: object = {}): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: facts.errorCode, response: { ...facts, message, variables } },
  });
}
