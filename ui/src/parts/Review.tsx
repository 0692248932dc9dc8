import { Button, Group, Stack, Tabs, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api } from '../api/client';
import { useCan } from '../api/queries';
import type { Model, Problem } from '../api/types';
import { Diff } from '../editor/Diff';
import { AccessDiff } from './AccessDiff';
import { Failed, wordsOf } from './feedback';
import { Problems } from './Problems';

export type Judged = { valid: boolean; problems: Problem[]; model: Model | null };

/** The gateway's own judgement of a draft, while it is written. */
export function useJudgement(text: string, isWanted: boolean) {
  const [settled] = useDebouncedValue(text, 350);
  return useQuery<Judged>({
    queryKey: ['validate', settled],
    enabled: isWanted,
    gcTime: 0,
    refetchInterval: false,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }): Promise<Judged> =>
      api<Judged>('/api/v1/config/validate', { body: { text: settled }, signal }),
  });
}

/** What an edit changes, before it is saved. */
export function Review({
  before,
  text,
  judged,
  isSaving,
  error,
  objection,
  onSave,
}: {
  before: string;
  text: string;
  judged: Judged | undefined;
  isSaving: boolean;
  error: unknown;
  /** Why it must not be saved, besides what the gateway says. */
  objection?: string;
  onSave: () => void;
}) {
  const canExplain = useCan('explain');
  // Where it is still being written, not every letter is worth asking about.
  const [settled] = useDebouncedValue(text, 350);
  return (
    <Stack>
      <Tabs defaultValue="diff" keepMounted={false}>
        <Tabs.List mb="sm">
          <Tabs.Tab value="diff">YAML diff</Tabs.Tab>
          {canExplain && <Tabs.Tab value="access">Access diff</Tabs.Tab>}
          <Tabs.Tab value="problems">Validation {judged ? judged.problems.length : ''}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="diff">
          <Diff before={before} after={text} label="Changes" />
        </Tabs.Panel>
        <Tabs.Panel value="access">
          <AccessDiff text={settled} draft={judged?.model} />
        </Tabs.Panel>
        <Tabs.Panel value="problems">
          {judged?.problems.length ? (
            <Problems problems={judged.problems} />
          ) : (
            <Text size="sm">The gateway accepts it.</Text>
          )}
        </Tabs.Panel>
      </Tabs>
      {objection && <Failed title="Not this way" message={objection} />}
      {error ? <Failed title="Not saved" message={wordsOf(error)} /> : null}
      <Group>
        <Button loading={isSaving} disabled={judged?.valid === false || Boolean(objection)} onClick={onSave}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}
