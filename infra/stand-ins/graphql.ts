// Stands in for graphql in the bundles: graphql-request parses and prints only documents that are not strings, and ours
// are. Its parser and printer are 42 KB.

export const Kind = { OPERATION_DEFINITION: 'OperationDefinition' };

export const parse = unused;
export const print = unused;

function unused(): never {
  throw new Error('documents are strings, and bear no operation name');
}
