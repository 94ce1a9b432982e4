// AWS's own specification of its resources, against which a template can be held.

import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { PropertyType, Resource as Specified, TypeDefinition } from '@aws-cdk/service-spec-types';
import type { Template } from './packaged.ts';

type Properties = Specified['properties'];

/** Where a template is not as AWS specifies: types, properties, kinds of values, what is missing, unknown attributes. */
export function findFaults({ Resources }: Pick<Template, 'Resources'>): readonly string[] {
  const specification = loadAwsServiceSpecSync();
  const find = (type: string) => specification.lookup('resource', 'cloudFormationType', 'equals', type)[0];

  return Object.entries(Resources).flatMap(([name, { Type, Properties: values = {} }]) => {
    const specified = find(Type);
    if (!specified) return [`${name}: there is no ${Type}`];
    return [...ofObject(name, values, specified.properties), ...ofAttributes(name, values)];
  });

  function ofObject(path: string, values: Readonly<Record<string, unknown>>, known: Properties): string[] {
    const missing = Object.entries(known).filter(([name, { required }]) => required && !(name in values));
    return [
      ...missing.map(([name]) => `${path}.${name} is missing`),
      ...Object.entries(values).flatMap(([name, value]) => {
        const property = known[name];
        return property ? ofValue(`${path}.${name}`, value, property.type) : [`${path}.${name} is unknown`];
      }),
    ];
  }

  // What an intrinsic function gives is known at deployment only, but for the sides of an If.
  function ofValue(path: string, value: unknown, type: PropertyType): string[] {
    const [intrinsic, argument] = readIntrinsic(value);
    if (intrinsic === 'Fn::If') {
      return (argument as readonly unknown[]).slice(1).flatMap((side) => ofValue(path, side, type));
    }
    if (intrinsic) return [];
    switch (type.type) {
      case 'json':
        return [];
      case 'array':
        return Array.isArray(value)
          ? value.flatMap((element, i) => ofValue(`${path}.${i}`, element, type.element))
          : [`${path} is no list`];
      case 'map':
        return isObject(value)
          ? Object.entries(value).flatMap(([key, one]) => ofValue(`${path}.${key}`, one, type.element))
          : [`${path} is no map`];
      case 'ref':
        return isObject(value)
          ? ofObject(
              path,
              value,
              (specification.get('typeDefinition', type.reference) as TypeDefinition).properties,
            )
          : [`${path} is no object`];
      case 'tag':
        return isObject(value) && 'Key' in value && 'Value' in value ? [] : [`${path} is no tag`];
      case 'union':
        return type.types.some((one) => ofValue(path, value, one).length === 0)
          ? []
          : [`${path} fits nothing`];
      default:
        return ofPrimitive(path, value, type);
    }
  }

  function ofAttributes(path: string, value: unknown): string[] {
    const [intrinsic, argument] = readIntrinsic(value);
    if (intrinsic === 'Fn::GetAtt') {
      const [name = '', attribute = ''] = argument as readonly string[];
      const attributes = find(Resources[name]?.Type ?? '')?.attributes ?? {};
      return attribute in attributes ? [] : [`${path}: ${name} has no ${attribute}`];
    }
    if (!isObject(value) && !Array.isArray(value)) return [];
    return Object.entries(value).flatMap(([key, one]) => ofAttributes(`${path}.${key}`, one));
  }
}

// CloudFormation takes a number or a boolean that is written as a text, and a text that is written as a number.
function ofPrimitive(path: string, value: unknown, { type, ...details }: PropertyType): string[] {
  const allowed =
    'allowedValues' in details ? (details.allowedValues as readonly unknown[] | undefined) : undefined;
  if (allowed && !allowed.includes(value)) return [`${path} is none of ${allowed.join(', ')}`];
  const fits = {
    string: () => typeof value === 'string' || typeof value === 'number',
    boolean: () => value === true || value === false,
    integer: () => Number.isInteger(value),
    number: () => typeof value === 'number',
  }[type as string];
  if (!fits) return [`${path} is of a kind that is not known here: ${type}`];
  return fits() ? [] : [`${path} is no ${type}`];
}

/** The figures that AWS's services tell of themselves: `AWS/Lambda Errors`. */
export function publishedMetrics(): readonly string[] {
  return loadAwsServiceSpecSync()
    .all('metric')
    .map(({ namespace, name }) => `${namespace} ${name}`);
}

function readIntrinsic(value: unknown): readonly [name: string | null, argument?: unknown] {
  if (!isObject(value)) return [null];
  const [entry, ...others] = Object.entries(value);
  return entry && others.length === 0 && /^(Ref$|Fn::)/.test(entry[0]) ? entry : [null];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
