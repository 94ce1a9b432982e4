// DynamoDB's condition and update expressions: parsed, and carried out on an item. What the engine refuses is refused.

import { type AttributeValue, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { Item } from '../../lib/dynamodb/record.ts';

/** What `#name` and `:value` stand for in one request. */
export type Placeholders = { readonly names: Readonly<Record<string, string>>; readonly values: Item };

export type Condition = {
  readonly test: (item: Item, given: Placeholders) => boolean;
  /** The placeholders in it. */
  readonly used: ReadonlySet<string>;
};

export type Update = {
  /** The item as it is after; the one given stays as it is. */
  readonly apply: (item: Item, given: Placeholders) => Item;
  /** The attributes that it touches, by their placeholders or names. */
  readonly touched: readonly string[];
  readonly used: ReadonlySet<string>;
};

type Operand = (item: Item, given: Placeholders) => AttributeValue | undefined;
type Test = Condition['test'];
type Action = (target: Record<string, AttributeValue>, item: Item, given: Placeholders) => void;

/** A request that the engine does not take. */
export function refuse(message: string): never {
  throw new DynamoDBServiceException({
    name: 'ValidationException',
    message,
    $fault: 'client',
    $metadata: {},
  });
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();

/** The condition that a text means; parsed once. */
export function parseCondition(text: string): Condition {
  return remember(conditions, text, () => {
    const parser = new Parser(text);
    const test = parser.either();
    parser.end();
    return { test, used: parser.used };
  });
}

/** The update that a text means; parsed once. */
export function parseUpdate(text: string): Update {
  return remember(updates, text, () => new Parser(text).update());
}

function remember<Parsed>(known: Map<string, Parsed>, text: string, parse: () => Parsed): Parsed {
  const parsed = known.get(text) ?? parse();
  known.set(text, parsed);
  return parsed;
}

// Of DynamoDB's 573 reserved words those that are names of ours.
const reserved = new Set(['reference', 'owner', 'shard', 'timezone', 'at', 'value', 'count']);

const tokenPattern = /\s*([#:]?[A-Za-z_]\w*|<>|<=|>=|[=<>(),.+-])/y;

class Parser {
  readonly used = new Set<string>();
  readonly #tokens: string[] = [];
  readonly #text: string;
  #next = 0;

  constructor(text: string) {
    this.#text = text;
    tokenPattern.lastIndex = 0;
    const trimmed = text.trimEnd();
    while (tokenPattern.lastIndex < trimmed.length) {
      const [, token] = tokenPattern.exec(trimmed) ?? refuse(`Syntax error in: ${text}`);
      if (token) this.#tokens.push(token);
    }
  }

  end(): void {
    if (this.#next < this.#tokens.length) refuse(`Syntax error in: ${this.#text}`);
  }

  either(): Test {
    const tests = [this.#both()];
    while (this.#took('OR')) tests.push(this.#both());
    return (item, given) => tests.some((test) => test(item, given));
  }

  #both(): Test {
    const tests = [this.#single()];
    while (this.#took('AND')) tests.push(this.#single());
    return (item, given) => tests.every((test) => test(item, given));
  }

  #single(): Test {
    if (this.#took('NOT')) {
      const test = this.#single();
      return (item, given) => !test(item, given);
    }
    if (this.#took('(')) {
      const test = this.either();
      this.#take(')');
      return test;
    }
    if (this.#took('attribute_exists')) return this.#existence(true);
    if (this.#took('attribute_not_exists')) return this.#existence(false);
    if (this.#took('contains')) return this.#ofTwo(contains);
    if (this.#took('begins_with')) return this.#ofTwo(beginsWith);
    return this.#comparison();
  }

  #existence(wanted: boolean): Test {
    this.#take('(');
    const value = this.#path();
    this.#take(')');
    return (item, given) => (value(item, given) !== undefined) === wanted;
  }

  #ofTwo(holds: (whole?: AttributeValue, part?: AttributeValue) => boolean): Test {
    this.#take('(');
    const whole = this.#path();
    this.#take(',');
    const part = this.#operand();
    this.#take(')');
    return (item, given) => holds(whole(item, given), part(item, given));
  }

  #comparison(): Test {
    const left = this.#operand();
    const compares = comparators[this.#take()] ?? refuse(`Syntax error in: ${this.#text}`);
    const right = this.#operand();
    return (item, given) => compares(left(item, given), right(item, given));
  }

  update(): Update {
    const actions: Action[] = [];
    const touched: string[] = [];
    const clauses = new Set<string>();
    const parts = { SET: () => this.#setting(), REMOVE: () => this.#removal(), ADD: () => this.#addition() };
    while (this.#next < this.#tokens.length) {
      const clause = this.#take().toUpperCase();
      if (!(clause === 'SET' || clause === 'REMOVE' || clause === 'ADD') || clauses.has(clause)) {
        refuse(`Syntax error in: ${this.#text}`);
      }
      clauses.add(clause);
      do {
        touched.push(this.#tokens[this.#next] ?? '');
        actions.push(parts[clause]());
      } while (this.#took(','));
    }
    const apply: Update['apply'] = (item, given) => {
      const target = { ...item };
      for (const act of actions) act(target, item, given);
      return target;
    };
    return { apply, touched, used: this.used };
  }

  #setting(): Action {
    const name = this.#name();
    this.#take('=');
    const first = this.#operand();
    const sign = this.#took('+') ? 1 : this.#took('-') ? -1 : 0;
    const second = sign === 0 ? first : this.#operand();
    return (target, item, given) => {
      const value = first(item, given);
      const other = second(item, given);
      if (!value || !other) return refuse('An attribute that the update needs does not exist in the item');
      target[name(given)] = sign === 0 ? value : { N: String(numberOf(value) + sign * numberOf(other)) };
    };
  }

  #removal(): Action {
    const name = this.#name();
    return (target, _, given) => void delete target[name(given)];
  }

  #addition(): Action {
    const name = this.#name();
    const part = this.#operand();
    return (target, item, given) => {
      target[name(given)] = sum(item[name(given)], part(item, given));
    };
  }

  #operand(): Operand {
    const token = this.#tokens[this.#next] ?? '';
    if (token.startsWith(':')) {
      this.used.add(this.#take());
      return (_, { values }) => values[token] ?? refuse(`The value ${token} is not defined`);
    }
    if (this.#took('list_append')) return this.#joined();
    if (!this.#took('if_not_exists')) return this.#path();
    this.#take('(');
    const path = this.#path();
    this.#take(',');
    const otherwise = this.#operand();
    this.#take(')');
    return (item, given) => path(item, given) ?? otherwise(item, given);
  }

  #joined(): Operand {
    this.#take('(');
    const first = this.#operand();
    this.#take(',');
    const second = this.#operand();
    this.#take(')');
    return (item, given) => {
      const [before, after] = [first(item, given)?.L, second(item, given)?.L];
      if (!before || !after) return refuse('An operand in the update expression has an incorrect data type');
      return { L: [...before, ...after] };
    };
  }

  #path(): Operand {
    const names = [this.#name()];
    while (this.#took('.')) names.push(this.#name());
    return (item, given) => {
      let value: AttributeValue | undefined = { M: item };
      for (const name of names) value = value?.M?.[name(given)];
      return value;
    };
  }

  #name(): (given: Placeholders) => string {
    const token = this.#take();
    if (!/^[#A-Za-z_]/.test(token)) refuse(`Syntax error in: ${this.#text}`);
    if (!token.startsWith('#')) {
      if (reserved.has(token.toLowerCase())) refuse(`The attribute name is a reserved keyword: ${token}`);
      return () => token;
    }
    this.used.add(token);
    return ({ names }) => names[token] ?? refuse(`The name ${token} is not defined`);
  }

  #took(token: string): boolean {
    if (this.#tokens[this.#next]?.toUpperCase() !== token.toUpperCase()) return false;
    this.#next += 1;
    return true;
  }

  #take(wanted?: string): string {
    const token = this.#tokens[this.#next++];
    if (token === undefined || (wanted !== undefined && token !== wanted)) {
      return refuse(`Syntax error in: ${this.#text}`);
    }
    return token;
  }
}

type Comparator = (left: AttributeValue | undefined, right: AttributeValue | undefined) => boolean;

const comparators: Readonly<Record<string, Comparator>> = {
  '=': (left, right) => left !== undefined && right !== undefined && isEqual(left, right),
  '<>': (left, right) => left === undefined || right === undefined || !isEqual(left, right),
  '<': (left, right) => order(left, right) === -1,
  '<=': (left, right) => (order(left, right) ?? 1) <= 0,
  '>': (left, right) => order(left, right) === 1,
  '>=': (left, right) => (order(left, right) ?? -1) >= 0,
};

function isEqual(left: AttributeValue, right: AttributeValue): boolean {
  if (left.N !== undefined && right.N !== undefined) return Number(left.N) === Number(right.N);
  if (!left.M || !right.M) return JSON.stringify(left) === JSON.stringify(right);
  const [ours, theirs] = [left.M, right.M];
  const names = Object.keys(ours);
  return (
    names.length === Object.keys(theirs).length &&
    names.every((name) => {
      const [one, other] = [ours[name], theirs[name]];
      return one !== undefined && other !== undefined && isEqual(one, other);
    })
  );
}

/** -1, 0 or 1; undefined where the two can't be compared. Texts are compared as UTF-8. */
export function order(
  left: AttributeValue | undefined,
  right: AttributeValue | undefined,
): number | undefined {
  if (left?.N !== undefined && right?.N !== undefined) return Math.sign(Number(left.N) - Number(right.N));
  if (left?.S === undefined || right?.S === undefined) return undefined;
  return left.S === right.S ? 0 : Buffer.compare(Buffer.from(left.S), Buffer.from(right.S));
}

function beginsWith(whole: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  return part?.S !== undefined && (whole?.S?.startsWith(part.S) ?? false);
}

function contains(whole: AttributeValue | undefined, part: AttributeValue | undefined): boolean {
  if (part?.S === undefined) return false;
  return whole?.SS?.includes(part.S) ?? whole?.S?.includes(part.S) ?? false;
}

/** What ADD makes of a value: a number is added to, and a set of texts gets what it lacks. */
function sum(before: AttributeValue | undefined, part: AttributeValue | undefined): AttributeValue {
  if (!part?.SS) return { N: String(numberOf(before ?? { N: '0' }) + numberOf(part)) };
  if (before && !before.SS) return refuse('An operand in the update expression has an incorrect data type');
  return { SS: [...new Set([...(before?.SS ?? []), ...part.SS])] };
}

function numberOf(value: AttributeValue | undefined): number {
  const number = Number(value?.N);
  return Number.isNaN(number)
    ? refuse('An operand in the update expression has an incorrect data type')
    : number;
}
