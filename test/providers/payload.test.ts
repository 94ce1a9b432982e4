import { describe, expect, test } from 'vitest';
import { generic } from '../../lib/providers/generic/generic.ts';
import { genericUser } from '../../lib/providers/generic/user.ts';
import { generic as sender } from '../../local/providers/generic/generic.ts';
import { newWebhookSecret, signWebhook } from '../../local/providers/signing.ts';
import { connect, examplePayload, expectRejected, nowMs } from '../support/sent.ts';

const secret = newWebhookSecret();
const payload = () => examplePayload(sender, 'user.disabled');

describe('a payload', () => {
  const tell = async (user: object) => {
    return (await read({ ...payload(), user: { id: 'user-1', ...user } }))[0]?.told;
  };

  test.each<[string, object, object]>([
    ['a value that is too long', { first_name: 'x'.repeat(4_097) }, {}],
    [
      'a value that is just short enough',
      { first_name: 'x'.repeat(4_096) },
      { firstName: 'x'.repeat(4_096) },
    ],
    ['custom data that are too large', { custom_data: { x: 'é'.repeat(25_000) } }, {}],
    ['an emptied value', { first_name: '' }, { firstName: null }],
    ['a null for a value', { first_name: null, custom_data: null }, { firstName: null, customData: null }],
    ['half a character', { first_name: 'x\u{d83d}' }, { firstName: 'x\u{fffd}' }],
    ['a NUL', { first_name: 'A\0da' }, { firstName: 'Ada' }],
    ['nothing but a NUL', { first_name: '\0' }, { firstName: null }],
    ['a NUL in custom data', { custom_data: { 'a\0': ['b\0'] } }, { customData: '{"a":["b"]}' }],
    ['a null for a yes or no', { email_verified: null }, {}],
    [
      'a yes or no as text',
      { email: 'ada@example.com', email_verified: 'True' },
      { email: 'ada@example.com', emailVerified: true },
    ],
    ['an emptied picture', { avatar_url: '' }, { avatarUrl: null }],
    ['a picture', { avatar_url: 'HTTPS://img.example/a?b#c' }, { avatarUrl: 'HTTPS://img.example/a?b#c' }],
  ])('with %s still disables', async (_what, user, told) => {
    expect(await tell(user)).toEqual({ ...told, disabled: true });
  });

  test.each([65, 100_000])('with custom data nested %i deep still disables', async (levels) => {
    const nested = `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const text = JSON.stringify({
      ...payload(),
      user: { id: 'user-1', custom_data: 'x' },
    });
    const [event] = await read(Buffer.from(text.replace('"x"', nested)));
    expect(event?.told).toEqual({ disabled: true });
  });

  test('with custom data of which one member is nested too deep, among others, still disables', async () => {
    const nested = `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`;
    expect(await tell({ custom_data: { a: 1, b: JSON.parse(nested), c: 2 } })).toEqual({ disabled: true });
  });

  test('with custom data of just 48 KiB tells them', async () => {
    const custom_data = { x: 'x'.repeat(48 * 1024 - '{"x":""}'.length) };
    const told = { customData: JSON.stringify(custom_data), disabled: true };
    expect(await tell({ custom_data })).toEqual(told);
    expect(await tell({ custom_data: { x: `${custom_data.x}x` } })).toEqual({ disabled: true });
  });

  test('with custom data nested 64 deep tells them', async () => {
    const nested = `${'{"a":'.repeat(64)}1${'}'.repeat(64)}`;
    expect(await tell({ custom_data: JSON.parse(nested) })).toEqual({ customData: nested, disabled: true });
  });

  test.each<[string, string, object]>([
    ['user.email', 'an e-mail address in a list', { email: ['hush@example.com'] }],
    ['user.email', 'an e-mail address that no database holds', { email: 'hu\0sh@example.com' }],
    ['user.first_name', 'a name that is a number', { first_name: 7 }],
    ['user.last_name', 'a name that is too long', { last_name: 'x'.repeat(4_097) }],
    ['user.email_verified', 'a yes or no in words', { email_verified: 'hush' }],
    ['emailVerified', 'a verification without its address', { email_verified: true }],
    ['user.disabled', 'a flag that is a number', { disabled: 0 }],
    ['user.custom_data', 'custom data that are a list', { custom_data: ['hush'] }],
    ['user.custom_data', 'custom data that are text', { custom_data: 'hush' }],
    ['user.custom_data', 'custom data that are a number', { custom_data: 7 }],
    ['user.custom_data', 'custom data that are too large', { custom_data: { x: 'x'.repeat(50_000) } }],
    ['user.avatar_url', 'a picture that is a script', { avatar_url: 'javascript:alert(1)' }],
    ['user.avatar_url', 'a picture that is a script in disguise', { avatar_url: 'java\nscript:alert(1)' }],
    ['user.avatar_url', 'a picture that is data', { avatar_url: 'data:text/html,x' }],
    ['user.avatar_url', 'a picture with a line break', { avatar_url: 'https://x.example/\n' }],
    ['user.avatar_url', 'a picture of no host', { avatar_url: 'https://' }],
  ])('names %s, without its value, for %s, and still disables', async (name, _what, user) => {
    const [event] = await read({ ...payload(), user: { id: 'user-1', ...user } });
    expect(event).toMatchObject({ told: { disabled: true }, unread: [name] });
    expect(Object.keys(event?.told ?? {})).toEqual(['disabled']);
  });

  test('of which everything but the reference, the kind and a time is of another type still disables', async () => {
    const members = Object.keys(genericUser.entries).filter((name) => name !== 'id');
    const user = { id: 'user-1', ...Object.fromEntries(members.map((name) => [name, 7])) };
    const [event] = await read({ ...payload(), id: { hush: 7 }, user });
    expect(event).toMatchObject({ reference: 'user-1', told: { disabled: true } });
    expect(event?.unread).toEqual(['id', ...members.map((name) => `user.${name}`)]);
  });

  test.each<[string, string, object]>([
    ['at user.id', 'a user id that is a number', { id: 7 }],
    ['at user.id', 'a user id that is too long', { id: 'x'.repeat(513) }],
    ['at user.id', 'a user id that no database holds', { id: 'hu\0sh' }],
    ['at user.id', 'no user id', { id: undefined }],
  ])('is refused %s for %s', async (where, _what, user) => {
    const failure = tell(user);
    await expect(failure).rejects.toMatchObject({ name: 'RejectedError', code: 'payload_invalid' });
    await expect(failure).rejects.toThrow(where);
    await expect(failure).rejects.not.toThrow('hush');
  });

  test.each([
    0,
    -1,
    1.5,
    '2026-05-04',
    '2026-05-04T12:00:00',
    'now',
    null,
    1e300,
    true,
    // Seconds where milliseconds are meant.
    nowMs / 1000,
    String(nowMs / 1000),
    '1999-12-31T23:59:59Z',
  ])('is refused at the time %j', async (time) => {
    await expectRejected(read({ ...payload(), time }), 'payload_invalid');
  });

  test.each([[], null, 7, 'hush'])('that is %j as a whole is refused at its top', async (payload) => {
    const { message } = await expectRejected(read(Buffer.from(JSON.stringify(payload))), 'payload_invalid');
    expect(message).toMatch(/at (the top|\w+)$/);
  });

  test.each(['', '{', '\u{fffe}'])('that is %j is no JSON', async (text) => {
    await expectRejected(read(Buffer.from(text)), 'body_malformed');
  });

  test('of bytes that are no text is no JSON', async () => {
    const bytes = Buffer.concat([Buffer.from('{"type":"'), Buffer.of(0xff), Buffer.from('"}')]);
    await expectRejected(read(bytes), 'body_malformed');
  });
});

async function read(payload: object) {
  const request = signWebhook(payload, secret, nowMs, 'webhook');
  return connect(generic, { GENERIC_SECRETS: secret })(request, nowMs);
}
