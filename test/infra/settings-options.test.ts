import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { wrongOptions } from '../../infra/settings-options.ts';

const certificateId = '0a1b2c3d-0000-4000-8000-000000000001';

test.each<[object, readonly string[]]>([
  [{}, []],
  [{ domain: 'hooks.example.com', certificateId }, []],
  [
    { domain: 'hooks.example.com', certificateId, entry: 'functionUrl' },
    ['domain goes with entry: httpApi alone'],
  ],
  [{ domain: 'hooks.example.com' }, ['domain needs certificateId']],
  [{ certificateId }, ['certificateId needs domain']],
  [
    { domain: 'hooks.example.com', certificateId: `arn:aws:acm:eu-central-1:1:certificate/${certificateId}` },
    ['certificateId must be the id of a certificate, which is what follows the last / of its ARN'],
  ],
  [{ secretsKeyId: 'mrk-0a1b2c3d00004000800000000000000a' }, []],
  [{ throttlingRate: 'many' }, ['throttlingRate must be a number from 1 to 10000']],
  [{ reserveConcurrency: 'false' }, ['reserveConcurrency must be true or false, without quotes']],
  [{ alarmEmail: 'on-call' }, ['alarmEmail must be an e-mail address']],
])('%j can’t work for %j', (options, faults) => {
  expect(wrongOptions({ ...options })).toEqual(faults);
});

test('every option of the deployment is known, and no other', () => {
  const { params } = parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'), {
    logLevel: 'error',
  });
  const [fault = ''] = wrongOptions({ nothing: 1 });
  const [, list = ''] = /none of (.*), environment, directory, mapping$/.exec(fault) ?? [];
  expect(list.split(', ').sort()).toEqual(Object.keys(params.default).sort());
});
