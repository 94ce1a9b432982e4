// Stands in for Lambda's store of an invocation in the bundles: the SDK's guard against recursion alone asks for it, and that
// step is left out (lib/dynamodb/client.ts). It is 2 KB.

export const InvokeStore = {};
