import { expect, test } from 'vitest';
import { explainAws } from '../../cli/aws-refusals.ts';

test.each([
  ['ExpiredTokenException', 'sign in again'],
  ['AccessDeniedException:http://internal.amazon.com/', 'lambda:InvokeFunction'],
  ['ResourceNotFoundException', '--stage'],
])('what AWS turns away as %s is said with what to do', (type, remedy) => {
  const text = explainAws(type, '{"message":"The security token\\u001b[31m is expired"}');
  expect(text).toContain(remedy);
  expect(text).toContain('AWS says: The security token [31m is expired');
});

test('what is of no known kind is said as AWS says it, or not at all', () => {
  expect(explainAws('OddException', '{"Message":"Odd"}')).toBe('AWS says: Odd');
  expect(explainAws('no Lambda', '<html>')).toBe('');
});
