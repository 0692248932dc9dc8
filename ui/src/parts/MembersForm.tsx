// The members of a policy or target that are a text, a number, a choice or a list of texts, as the schema has them.
import { NativeSelect, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { type Member, membersAt, type Written, withMember } from '../editor/members';
import { type Field, fieldsAt, type JsonSchema } from '../editor/schema';
import { Draft, Unwritable } from './Draft';
import type { PartForm } from './EditParts';
import { Failed, Waiting, wordsOf } from './feedback';

type Value = string | string[];

const emptyOf = (field: Field): Value => (field.kind === 'list' ? [] : '');
const fits = (field: Field, written: Written | undefined) =>
  !written || written.kind === (field.kind === 'list' ? 'list' : 'scalar');

function shownOf(field: Field, written: Written | undefined): Value {
  if (written?.kind === 'list') return written.items;
  return written?.kind === 'scalar' ? written.value : emptyOf(field);
}

const isSame = (one: Value, other: Value) => JSON.stringify(one) === JSON.stringify(other);

function Input({
  field,
  value,
  isFixed,
  onChange,
}: {
  field: Field;
  value: Value;
  isFixed: boolean;
  onChange: (value: Value) => void;
}) {
  const common = {
    label: field.name,
    description: isFixed
      ? 'Written with an anchor, over several lines or with a variable: edit it on the page Config.'
      : field.about,
    disabled: isFixed,
  };
  const hint =
    field.fallback === undefined || field.fallback === '' ? 'not set' : `default: ${field.fallback}`;
  if (Array.isArray(value))
    return (
      <TagsInput
        {...common}
        value={value}
        placeholder={value.length === 0 ? hint : undefined}
        splitChars={[]}
        allowDuplicates
        isDuplicate={() => false}
        onChange={onChange}
      />
    );
  if (field.choices) {
    // A variable may stand where a choice does.
    const known = value === '' || field.choices.includes(value) ? [] : [value];
    return (
      <NativeSelect
        {...common}
        value={value}
        data={[{ value: '', label: hint }, ...field.choices, ...known]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  return (
    <TextInput
      {...common}
      value={value}
      placeholder={hint}
      inputMode={field.kind === 'number' ? 'numeric' : undefined}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Form({ part, file, onDone, schema }: PartForm & { schema: JsonSchema }) {
  const where = { text: file.text, at: part.at, name: part.name };
  const [written] = useState(() => membersAt(where));
  const [values, setValues] = useState<Record<string, Value>>({});
  const prefix = part.within ? `${part.within}.` : '';
  const fields = fieldsAt(schema, part.within ? `${part.path}.${part.within}` : part.path);
  if (!written || fields.length === 0)
    return <Failed title="Not here" message="It is written in a way that only the page Config can edit." />;
  const changed = fields.flatMap((field): Member[] => {
    const before = shownOf(field, written.get(field.name));
    const value = values[field.name] ?? before;
    if (isSame(before, value)) return [];
    return [{ key: field.name, value: value.length === 0 ? null : value, isText: field.kind === 'text' }];
  });
  let text: string | null = file.text;
  for (const member of changed) text = text && withMember({ ...where, text }, member);
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        A field without a value is not written, or taken out of the file. Other settings are on the page
        Config.
      </Text>
      {fields.map((field) => (
        <Input
          key={field.name}
          field={field}
          isFixed={!fits(field, written.get(field.name))}
          value={values[field.name] ?? shownOf(field, written.get(field.name))}
          onChange={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      {text === null ? (
        <Unwritable />
      ) : (
        <Draft
          base={file}
          text={text}
          path={part.path}
          isMisread={(before, after) => isMisreadBeside(before, after, changed, prefix)}
          onDone={onDone}
        />
      )}
    </Stack>
  );
}

/** Whether something else changes than the members that were edited, or one of them is not there. */
function isMisreadBeside(
  before: Map<string, string>,
  after: Map<string, string> | undefined,
  changed: Member[],
  prefix: string,
) {
  if (!after) return true;
  const isOne = (key: string) =>
    changed.some((one) => key === prefix + one.key || key.startsWith(`${prefix}${one.key}[`));
  const others = (all: Map<string, string>) => JSON.stringify([...all].filter(([key]) => !isOne(key)));
  if (others(before) !== others(after)) return true;
  return changed.some(({ key, value }) => {
    const found = after.get(prefix + key);
    if (value === null) return false;
    if (found === undefined) return true;
    const wanted = Array.isArray(value) ? value.join(', ') : value;
    // The gateway may write a duration or a number in another way, and has put values for variables.
    return Array.isArray(value) && found !== wanted && !wanted.includes('$');
  });
}

export default function MembersForm(props: PartForm) {
  const schema = useQuery({
    queryKey: ['schema'],
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
    queryFn: ({ signal }) => api<JsonSchema>('/api/v1/schema/config', { signal }),
  });
  if (schema.error) return <Failed title="No schema" message={wordsOf(schema.error)} />;
  return schema.data ? <Form {...props} schema={schema.data} /> : <Waiting />;
}
