// Who may look: whoever has the token that was printed, from a browser that shows this page and no other.

import { timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/**
 * Lets through who bears the token, in the address at first and in a cookie from then on. A page of another site bears its
 * own origin, and one that had its name point here (DNS rebinding) bears that name as its host.
 */
export function guard(token: string): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (!/^(127\.0\.0\.1|localhost):\d+$/.test(host))
      return context.text('This is for this machine alone.', 403);
    if (!isOfThisPage(context, host)) return context.text('Another page may not ask for this.', 403);
    // Cookies are shared by all ports of a host.
    const cookie = `console-${host.split(':')[1]}`;
    const given = context.req.query('token');
    if (given !== undefined && isSame(given, token)) {
      setCookie(context, cookie, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
      return context.redirect(context.req.path);
    }
    if (!isSame(getCookie(context, cookie) ?? '', token)) {
      return context.text(
        'Open the address that was printed when the console was started: it holds a token.',
        401,
      );
    }
    return next();
  };
}

function isOfThisPage(context: Context, host: string): boolean {
  const origin = context.req.header('origin');
  if (origin !== undefined) return origin === `http://${host}`;
  const site = context.req.header('sec-fetch-site');
  // Somebody who follows a link or types the address comes from nowhere, and may only read.
  return context.req.method === 'GET' || site === undefined || site === 'same-origin';
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
