// The rules of a policy as a list: changed, added, removed, put in another order, each looked at while it is written.
import { ActionIcon, Button, Group, NativeSelect, Stack, Text, Textarea } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import { useEffect, useId, useRef, useState } from 'react';
import { api } from '../api/client';
import { useCan } from '../api/queries';
import type { CelAnswer } from '../api/types';
import { type Item, itemsAt, withItems } from '../editor/members';
import { Draft, Unwritable } from './Draft';
import type { PartForm } from './EditParts';
import { Failed } from './feedback';
import { isMisreadAs, type Rule } from './rules';

function useProblems(expression: string, asRule: boolean) {
  const [settled] = useDebouncedValue(expression, 200);
  const answer = useQuery<CelAnswer>({
    queryKey: ['cel', 'rule', settled, asRule],
    enabled: useCan('cel') && settled.trim() !== '',
    refetchInterval: false,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api<CelAnswer>('/api/v1/cel/eval', { body: { expression: settled, data: {}, asRule }, signal }),
  });
  return settled.trim() === '' ? [] : (answer.data?.problems ?? []);
}

function Row({
  rule,
  number,
  count,
  asRule,
  onChange,
  onMove,
  onRemove,
}: {
  rule: Rule;
  number: number;
  count: number;
  asRule: boolean;
  onChange: (rule: Rule) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}) {
  const problems = useProblems(rule.value ?? '', asRule);
  const said = (isError: boolean) =>
    problems
      .filter((one) => (one.severity === 'error') === isError)
      .map((one) => `${one.message}${one.suggestion ? `, did you mean \`${one.suggestion}\`?` : ''}`)
      .join('; ');
  const move = (by: 1 | -1, word: string) => {
    const cannot = number + by < 1 || number + by > count;
    return (
      <ActionIcon
        variant="default"
        size={36}
        aria-label={`Move rule ${number} ${word}`}
        // Not `disabled`, which would lose the focus at the end of the list.
        aria-disabled={cannot}
        data-disabled={cannot || undefined}
        onClick={() => !cannot && onMove(by)}
      >
        {by < 0 ? <ArrowUp size={16} /> : <ArrowDown size={16} />}
      </ActionIcon>
    );
  };
  return (
    <Group component="li" gap="xs" align="flex-start">
      <NativeSelect
        aria-label={`Kind of rule ${number}`}
        data={['allow', 'deny', 'require']}
        value={rule.key}
        disabled={rule.value === null}
        w={105}
        style={{ flex: 'none' }}
        onChange={(event) => onChange({ ...rule, key: event.currentTarget.value })}
      />
      <Textarea
        autosize
        minRows={1}
        aria-label={`Rule ${number}`}
        classNames={{ input: 'mono' }}
        style={{ flex: '1 1 240px', minWidth: 0 }}
        inputWrapperOrder={['input', 'description', 'error']}
        value={rule.value ?? rule.source}
        readOnly={rule.value === null}
        spellCheck={false}
        autoComplete="off"
        description={
          rule.value === null
            ? 'Written over several lines or with an anchor: it can be moved here, and changed on the page Config.'
            : said(false) || undefined
        }
        error={rule.value !== null && rule.value.trim() === '' ? 'A rule needs an expression' : said(true)}
        onChange={(event) =>
          onChange({ ...rule, value: event.currentTarget.value.replace(/\s*\n\s*/g, ' ') })
        }
      />
      <Group gap={4} wrap="nowrap" style={{ flex: 'none' }}>
        {move(-1, 'up')}
        {move(1, 'down')}
        <ActionIcon variant="default" size={36} aria-label={`Remove rule ${number}`} onClick={onRemove}>
          <Trash2 size={16} />
        </ActionIcon>
      </Group>
    </Group>
  );
}

/** Unchanged ones are kept as they are written, with the kind left out or not. */
function itemOf(rule: Rule, read: Rule[]): Item {
  const old = rule.was === null ? undefined : read[rule.was];
  if (old && (rule.value === null || (old.key === rule.key && old.value === rule.value)))
    return { was: rule.was };
  const isBare = rule.key === 'allow' && (!old || old.isBare);
  return { was: rule.was, key: isBare ? null : rule.key, value: rule.value ?? '' };
}

export default function RulesForm({ part, file, onDone }: PartForm) {
  const where = { text: file.text, at: part.at, name: part.name };
  const [read] = useState(() =>
    itemsAt(where, 'rules')?.map(
      ({ key, value, source }, was): Rule => ({
        was,
        id: was,
        key: key ?? 'allow',
        isBare: key === null,
        value,
        source,
      }),
    ),
  );
  const [rules, setRules] = useState(read ?? []);
  const nextId = useRef(rules.length);
  const name = useId();
  const focus = useRef<string | null>(null);
  const form = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (focus.current === null) return;
    const wanted = form.current?.querySelector<HTMLElement>(focus.current);
    focus.current = null;
    wanted?.focus();
  });
  if (!read)
    return (
      <Failed
        title="Not here"
        message="These rules are written in a way that only the page Config can edit: with an anchor, or with comments within brackets."
      />
    );
  const items = rules.map((rule) => itemOf(rule, read));
  const isSame =
    rules.length === read.length && items.every((item, at) => item.was === at && item.value === undefined);
  const text = isSame ? file.text : withItems(where, 'rules', items);
  const move = (from: number, by: 1 | -1) => {
    const moved = [...rules];
    moved.splice(from + by, 0, ...moved.splice(from, 1));
    setRules(moved);
    focus.current = `[aria-label="Move rule ${from + by + 1} ${by < 0 ? 'up' : 'down'}"]`;
  };
  return (
    <Stack ref={form}>
      <Text size="sm" c="dimmed">
        Any deny that holds denies; every require must hold; then any allow that holds allows. Comments above
        a rule go with it.
      </Text>
      <Stack component="ol" gap="xs" aria-label="Rules" p={0} m={0} style={{ listStyle: 'none' }}>
        {rules.map((rule, at) => (
          <Row
            key={rule.id}
            rule={rule}
            number={at + 1}
            count={rules.length}
            asRule={part.name === 'mcpAuthorization'}
            onChange={(changed) => setRules(rules.with(at, changed))}
            onMove={(by) => move(at, by)}
            onRemove={() => {
              setRules(rules.toSpliced(at, 1));
              focus.current = `[data-add="${name}"]`;
            }}
          />
        ))}
      </Stack>
      {rules.length === 0 && <Text size="sm">Without rules everything is allowed.</Text>}
      <Group>
        <Button
          size="compact-sm"
          variant="default"
          data-add={name}
          leftSection={<Plus size={14} />}
          onClick={() => {
            const id = nextId.current++;
            setRules([...rules, { was: null, id, key: 'allow', isBare: true, value: '', source: '' }]);
            focus.current = `[aria-label="Rule ${rules.length + 1}"]`;
          }}
        >
          Add a rule
        </Button>
      </Group>
      {text === null ? (
        <Unwritable />
      ) : (
        <Draft
          base={file}
          text={text}
          path={part.path}
          isMisread={(before, after) => isMisreadAs(before, after, rules)}
          onDone={onDone}
        />
      )}
    </Stack>
  );
}
