import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type TimestampedHmacOptions, verifyTimestampedHmac } from '../../lib/signatures/timestamped-hmac.ts';

const known = {
  value: 't=1700000000,v1=800b4a1fe7ae0c4a9948bcd8f7f687194461cb139cccf7ca8efe5071f0966178',
  v1: '800b4a1fe7ae0c4a9948bcd8f7f687194461cb139cccf7ca8efe5071f0966178',
  secret: 'somekey',
  body: Buffer.from('{"a":1}'),
};
const nowMs = 1_700_000_000_000;
const other = '0'.repeat(64);

type Sent = Partial<TimestampedHmacOptions> & { body?: Uint8Array; nowMs?: number };

function read(value: string | undefined, { body = known.body, nowMs: at = nowMs, ...overrides }: Sent = {}) {
  const options = { header: 'x-signature', secrets: ['next', known.secret], unit: 's' as const };
  const request = { headers: { 'x-signature': value }, body };
  return verifyTimestampedHmac({ ...options, ...overrides })(request, at);
}

function sign(time: string | number, body: Uint8Array = known.body, secret = known.secret): string {
  return `t=${time},v1=${createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex')}`;
}

describe('a timestamped HMAC', () => {
  test.each<[string, string, Sent?]>([
    ['in seconds', known.value],
    ['with spaces after the commas', known.value.replace(',', ', ')],
    ['in hex of capitals', `t=1700000000,v1=${known.v1.toUpperCase()}`],
    ['with several signatures, the first of which is ours', `${known.value},v1=${other}`],
    ['with several signatures, the last of which is ours', `t=1700000000,v1=${other}, v1=${known.v1}`],
    ['with its time at the end', `v1=${known.v1},t=1700000000`],
    ['with a signature of another version beside it', `${known.value},v2=abc`],
    ['with a broken signature beside it', `${known.value},v1=x,v1=${known.v1}0`],
    ['with entries that we do not know before it', `garbage,=,v9=1,v1,${known.value}`],
    ['of 16 entries', `${known.value}${',x=1'.repeat(14)}`],
    ['with the other secret', sign(1_700_000_000, known.body, 'next')],
    ['in milliseconds', sign(nowMs), { unit: 'ms' }],
    ['of 5 minutes ago', known.value, { nowMs: nowMs + 300_000 }],
    ['of 5 minutes hence', known.value, { nowMs: nowMs - 300_000 }],
    [
      'of an hour ago, where that is allowed',
      known.value,
      { nowMs: nowMs + 3_600_000, toleranceMs: 3_600_000 },
    ],
  ])('%s is accepted', async (_how, value, sent) => {
    await expect(read(value, sent)).resolves.toBeUndefined();
  });

  test.each<[string, string, string | undefined, Sent?]>([
    ['that is missing', 'signature_missing', undefined],
    ['that is empty', 'signature_missing', ' '],
    ['without a time', 'signature_malformed', `v1=${known.v1}`],
    ['without a signature', 'signature_malformed', 't=1700000000'],
    ['with an empty signature', 'signature_malformed', 't=1700000000,v1='],
    ['with a signature that is cut short', 'signature_malformed', known.value.slice(0, -2)],
    ['with a signature that goes on', 'signature_malformed', `${known.value}00`],
    ['with a signature that is not hex', 'signature_malformed', `t=1700000000,v1=${'z'.repeat(64)}`],
    ['with none but broken signatures', 'signature_malformed', 't=1700000000,v1=x,v1='],
    ['of 17 entries', 'signature_malformed', `${known.value}${',x=1'.repeat(15)}`],
    ['with spaces before its values', 'signature_malformed', known.value.replaceAll('=', ' = ')],
    ['of another version alone', 'signature_malformed', `t=1700000000,v2=${known.v1}`],
    ['that is there twice', 'header_duplicated', `${known.value}, ${known.value}`],
    ['with two times', 'header_duplicated', `t=1700000001,${known.value}`],
    ['of another body', 'signature_mismatch', known.value, { body: Buffer.from('{"a":2}') }],
    ['of another time', 'signature_mismatch', known.value.replace('t=1700000000', 't=1700000001')],
    ['of a retired secret', 'signature_mismatch', known.value, { secrets: ['next'] }],
    ['of 5 minutes and 1 second ago', 'too_old', known.value, { nowMs: nowMs + 301_000 }],
    ['of 5 minutes and 1 second hence', 'from_the_future', known.value, { nowMs: nowMs - 301_000 }],
    ['in seconds, where milliseconds are sent', 'too_old', known.value, { unit: 'ms' }],
    ['in milliseconds, where seconds are sent', 'from_the_future', sign(nowMs)],
  ])('%s is refused: %s', async (_how, code, value, sent) => {
    await expect(read(value, sent)).rejects.toMatchObject({
      name: 'RejectedError',
      code,
      message: expect.stringMatching(/\w/),
    });
  });

  test.each([
    '',
    '0',
    '01700000000',
    '+1700000000',
    '-1',
    '1.7e9',
    '1700000000.0',
    '0x6553f100',
    '1700000000abc',
  ])('of the time %j is refused, even where that was signed', async (time) => {
    await expect(read(sign(time))).rejects.toMatchObject({ code: 'timestamp_malformed' });
  });

  test('covers every byte of any body', async () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), async (body, place, flip) => {
        const value = sign(1_700_000_000, body);
        await read(value, { body });
        const changed = body.map((byte, i) => (i === place % body.length ? byte ^ flip : byte));
        await expect(read(value, { body: changed })).rejects.toMatchObject({ code: 'signature_mismatch' });
      }),
    );
  });

  test.each([[[]], [['']], [['somekey', '']]])('can not have the secrets %j', (secrets) => {
    const options = { header: 'x-signature', unit: 's' as const };
    expect(() => verifyTimestampedHmac({ ...options, secrets })).toThrow(
      expect.objectContaining({ name: 'ConfigError', faults: [expect.stringMatching(/\w/)] }),
    );
  });
});
