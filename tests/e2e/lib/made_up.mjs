/** A value that a JSON schema allows, as simple as can be. */
export function madeUp(schema = {}) {
  if ('default' in schema) return schema.default;
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.oneOf ?? schema.anyOf) return madeUp((schema.oneOf ?? schema.anyOf)[0]);
  switch (schema.type) {
    case 'string': return schema.format === 'uri' ? 'http://localhost/' : 'text';
    case 'integer': case 'number': return schema.minimum ?? 1;
    case 'boolean': return true;
    case 'array': return [];
    default: return Object.fromEntries((schema.required ?? []).map((name) => [name, madeUp(schema.properties?.[name])]));
  }
}
