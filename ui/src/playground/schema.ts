// Forms from JSON Schema: which field a property gets, what it begins with, and what goes into the call.

export type Schema = {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  enumNames?: string[];
  const?: unknown;
  oneOf?: Schema[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  format?: string;
  pattern?: string;
};

export type Field = 'text' | 'long' | 'number' | 'switch' | 'choice' | 'choices' | 'list' | 'object' | 'json';

const typeOf = (schema: Schema): string | undefined => {
  const types = Array.isArray(schema.type) ? schema.type.filter((one) => one !== 'null') : [schema.type];
  return types.length === 1 ? types[0] : undefined;
};

const consts = (schemas: Schema[] | undefined) =>
  schemas && schemas.length > 0 && schemas.every((one) => one.const !== undefined) ? schemas : undefined;

export type Choice = { value: string; label: string };

/** The values to choose from. Values that are no texts are chosen by their JSON. */
export function choicesOf(schema: Schema): Choice[] | null {
  const titled = consts(schema.oneOf) ?? consts(schema.anyOf);
  if (titled) return titled.map((one) => ({ value: keyOf(one.const), label: one.title ?? keyOf(one.const) }));
  if (!schema.enum) return null;
  return schema.enum.map((one, index) => ({
    value: keyOf(one),
    label: schema.enumNames?.[index] ?? keyOf(one),
  }));
}

const keyOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

export function valueOfChoice(schema: Schema, key: string): unknown {
  const all = schema.enum ?? (consts(schema.oneOf) ?? consts(schema.anyOf))?.map((one) => one.const) ?? [];
  return all.find((one) => keyOf(one) === key);
}

export function fieldOf(schema: Schema): Field {
  if (choicesOf(schema)) return 'choice';
  switch (typeOf(schema)) {
    case 'string':
      return (schema.maxLength ?? 0) > 200 ? 'long' : 'text';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
      return 'switch';
    case 'array': {
      if (!schema.items) return 'json';
      if (choicesOf(schema.items)) return 'choices';
      return typeOf(schema.items) === 'string' ? 'list' : 'json';
    }
    case 'object':
      return schema.properties && Object.keys(schema.properties).length > 0 ? 'object' : 'json';
    default:
      return 'json';
  }
}

export const isInteger = (schema: Schema) => typeOf(schema) === 'integer';

/** What the form begins with: the defaults of the schema, and nothing where it has none. */
export function initialOf(schema: Schema | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    const value =
      property.default ??
      property.const ??
      (fieldOf(property) === 'object' ? initialOf(property) : undefined);
    if (value !== undefined && !isEmpty(value)) values[name] = value;
  }
  return values;
}

const isEmpty = (value: unknown) =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 0;

/** Which required properties are missing, by path; a call without them would be refused. */
export function missingOf(
  schema: Schema | undefined,
  values: Record<string, unknown>,
  prefix = '',
): string[] {
  const missing: string[] = [];
  for (const name of schema?.required ?? []) {
    const property = schema?.properties?.[name];
    // A switch that nobody has touched is off; an object may have all its own properties optional.
    if (values[name] === undefined && property && !['switch', 'object'].includes(fieldOf(property)))
      missing.push(prefix + name);
  }
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    const value = values[name];
    if (fieldOf(property) === 'object' && value !== undefined)
      missing.push(...missingOf(property, value as Record<string, unknown>, `${prefix}${name}.`));
  }
  return missing;
}

/** The arguments as they are sent: required switches and objects that nobody has touched are filled in. */
export function argumentsOf(
  schema: Schema | undefined,
  values: Record<string, unknown>,
): Record<string, unknown> {
  const out: Record<string, unknown> = { ...values };
  for (const name of schema?.required ?? []) {
    const property = schema?.properties?.[name];
    if (!property || out[name] !== undefined) continue;
    if (fieldOf(property) === 'switch') out[name] = false;
    if (fieldOf(property) === 'object') out[name] = {};
  }
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    if (fieldOf(property) === 'object' && out[name] !== undefined)
      out[name] = argumentsOf(property, out[name] as Record<string, unknown>);
  }
  return out;
}
