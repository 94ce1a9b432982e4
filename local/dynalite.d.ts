// What local/dynamodb.ts uses of dynalite, which comes without types.

declare module 'dynalite' {
  import type { Server } from 'node:http';

  function dynalite(options?: { path?: string; createTableMs?: number }): Server;
  export = dynalite;
}
