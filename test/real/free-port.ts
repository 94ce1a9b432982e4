// A port of this machine that nobody listens on.

import { serve } from '../../local/server.ts';

export async function freePort(): Promise<number> {
  const server = await serve(0, async () => {});
  await server.close();
  return Number(new URL(server.url).port);
}
