import {
  Fieldset,
  Group,
  JsonInput,
  MultiSelect,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core';
import { useState } from 'react';
import { choicesOf, fieldOf, isInteger, missingOf, type Schema, valueOfChoice } from './schema';

type Values = Record<string, unknown>;
type FieldProps = {
  name: string;
  schema: Schema;
  value: unknown;
  isRequired: boolean;
  onChange: (value: unknown) => void;
};

/** A value of any shape as JSON; what does not parse stays in the field and is not handed on. */
function AnyField({ name, schema, value, isRequired, onChange }: FieldProps) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value, null, 2));
  const [error, setError] = useState('');
  const change = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() === '' ? undefined : JSON.parse(next));
      setError('');
    } catch {
      onChange(undefined);
      setError('This is no JSON yet.');
    }
  };
  return (
    <JsonInput
      label={schema.title ?? name}
      description={schema.description}
      placeholder="JSON"
      required={isRequired}
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      onChange={change}
      error={error}
    />
  );
}

function numberProps(schema: Schema) {
  return {
    min: schema.minimum,
    max: schema.maximum,
    allowDecimal: !isInteger(schema),
    clampBehavior: 'none' as const,
  };
}

function Field(props: FieldProps) {
  const { name, schema, value, isRequired, onChange } = props;
  const common = { label: schema.title ?? name, description: schema.description, required: isRequired };
  const orNothing = (text: string) => onChange(text === '' && !isRequired ? undefined : text);
  switch (fieldOf(schema)) {
    case 'text':
      return (
        <TextInput
          {...common}
          value={(value as string) ?? ''}
          maxLength={schema.maxLength}
          placeholder={schema.format}
          onChange={(event) => orNothing(event.currentTarget.value)}
        />
      );
    case 'long':
      return (
        <Textarea
          {...common}
          autosize
          minRows={2}
          maxRows={12}
          value={(value as string) ?? ''}
          onChange={(event) => orNothing(event.currentTarget.value)}
        />
      );
    case 'number':
      return (
        <NumberInput
          {...common}
          {...numberProps(schema)}
          value={(value as number) ?? ''}
          onChange={(next) => onChange(typeof next === 'number' ? next : undefined)}
        />
      );
    case 'switch':
      return (
        <Switch
          label={common.label}
          description={common.description}
          checked={value === true}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case 'choice':
      return (
        <Select
          {...common}
          data={choicesOf(schema) ?? []}
          clearable={!isRequired}
          allowDeselect={!isRequired}
          value={value === undefined ? null : typeof value === 'string' ? value : JSON.stringify(value)}
          onChange={(key) => onChange(key === null ? undefined : valueOfChoice(schema, key))}
        />
      );
    case 'choices':
      return (
        <MultiSelect
          {...common}
          data={choicesOf(schema.items ?? {}) ?? []}
          value={(value as string[]) ?? []}
          onChange={(keys) => onChange(keys)}
        />
      );
    case 'list':
      return (
        <TagsInput
          {...common}
          placeholder="Enter adds one"
          value={(value as string[]) ?? []}
          onChange={(texts) => onChange(texts.length === 0 && !isRequired ? undefined : texts)}
        />
      );
    case 'object':
      return (
        <Fieldset legend={common.label} p="sm">
          {schema.description && (
            <Text size="xs" c="dimmed">
              {schema.description}
            </Text>
          )}
          <Fields schema={schema} values={(value as Values) ?? {}} onChange={onChange} />
        </Fieldset>
      );
    case 'json':
      return <AnyField {...props} />;
  }
}

function Fields({
  schema,
  values,
  onChange,
}: {
  schema: Schema;
  values: Values;
  onChange: (values: Values) => void;
}) {
  return (
    <Stack gap="sm">
      {Object.entries(schema.properties ?? {}).map(([name, property]) => (
        <Field
          key={name}
          name={name}
          schema={property}
          value={values[name]}
          isRequired={schema.required?.includes(name) ?? false}
          onChange={(value) => {
            const { [name]: _, ...rest } = values;
            onChange(value === undefined ? rest : { ...rest, [name]: value });
          }}
        />
      ))}
    </Stack>
  );
}

export type FormState = { values: Values; isJson: boolean; text: string };

/** What is wrong with the form, or nothing. */
export function formError(schema: Schema | undefined, state: FormState): string {
  if (!state.isJson) {
    const missing = missingOf(schema, state.values);
    return missing.length === 0 ? '' : `Missing: ${missing.join(', ')}`;
  }
  try {
    const value: unknown = JSON.parse(state.text.trim() || '{}');
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? ''
      : 'It must be an object.';
  } catch (error) {
    return error instanceof Error ? error.message : 'This is no JSON.';
  }
}

export const valuesOf = (state: FormState): Values =>
  state.isJson ? (JSON.parse(state.text.trim() || '{}') as Values) : state.values;

/** A form from a JSON Schema, with the JSON itself as the other way to fill it in. */
export function SchemaForm({
  schema,
  state,
  onChange,
}: {
  schema: Schema | undefined;
  state: FormState;
  onChange: (state: FormState) => void;
}) {
  const isEmpty = Object.keys(schema?.properties ?? {}).length === 0;
  const flip = (isJson: boolean) => {
    if (isJson) onChange({ ...state, isJson, text: JSON.stringify(state.values, null, 2) });
    else if (formError(schema, state) === '') onChange({ ...state, isJson, values: valuesOf(state) });
    else onChange({ ...state, isJson });
  };
  return (
    <Stack gap="sm">
      <Group justify="space-between">
        <Text size="sm" c="dimmed">
          {isEmpty && !state.isJson ? 'It takes no arguments.' : ''}
        </Text>
        <Switch
          size="sm"
          label="Edit as JSON"
          checked={state.isJson}
          onChange={(event) => flip(event.currentTarget.checked)}
        />
      </Group>
      {state.isJson ? (
        <JsonInput
          label="Arguments as JSON"
          autosize
          minRows={4}
          maxRows={20}
          value={state.text}
          onChange={(text) => onChange({ ...state, text })}
          error={formError(schema, state)}
        />
      ) : (
        <Fields
          schema={schema ?? {}}
          values={state.values}
          onChange={(values) => onChange({ ...state, values })}
        />
      )}
    </Stack>
  );
}
