import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { queryClient, useCan, useTargets } from '../api/queries';
import type { TargetNode } from '../api/types';
import { Card, Code, wordsOf } from './feedback';
import { Line } from './Line';
import { SettingsTable } from './Settings';

const colors: Record<string, string> = { up: 'teal', idle: 'gray', failing: 'red' };
const meanings: Record<string, string> = { up: 'up', idle: 'idle: nobody uses it', failing: 'failing' };

export function TargetState({ state }: { state: string | undefined }) {
  if (!state) return null;
  return (
    <Badge variant="light" color={colors[state] ?? 'gray'} tt="none">
      {meanings[state] ?? state}
    </Badge>
  );
}

type Stderr = { lines: { time: string; text: string }[]; dropped: number };

function Output({ id }: { id: string }) {
  const output = useQuery({
    queryKey: ['stderr', id],
    queryFn: ({ signal }) => api<Stderr>(`/api/v1/targets/${encodeURIComponent(id)}/stderr`, { signal }),
  });
  if (output.error)
    return (
      <Text size="sm" c="dimmed">
        {wordsOf(output.error)}
      </Text>
    );
  const lines = output.data?.lines ?? [];
  if (lines.length === 0)
    return (
      <Text size="sm" c="dimmed">
        It has written nothing.
      </Text>
    );
  return (
    <Code
      label="What the target has written"
      text={lines.map((line) => `${line.time.slice(11, 23)} ${line.text}`).join('\n')}
    />
  );
}

/** A target: what is configured, and how it is. */
export function TargetCard({ target, level = 3, of }: { target: TargetNode; level?: 2 | 3; of?: string }) {
  const state = useTargets().data?.find((one) => one.id === target.id);
  const [isOutputShown, setOutputShown] = useState(false);
  const hasProcess = useCan('targets') && target.transport === 'stdio';
  const restart = useMutation({
    mutationFn: () => api(`/api/v1/targets/${encodeURIComponent(target.id)}/restart`, { method: 'POST' }),
    onSuccess: () => notifications.show({ message: `${target.name} starts anew.` }),
    onError: (error) =>
      notifications.show({ color: 'red', title: 'It was not restarted', message: wordsOf(error) }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['targets'] }),
  });
  return (
    <Card
      title={`Target ${target.name}`}
      label={`Target ${target.name}${of ? ` of ${of}` : ''}`}
      level={level}
      right={<TargetState state={state?.state} />}
    >
      <Stack gap="sm">
        <Group gap="lg">
          <Text size="sm">
            Transport <b>{target.transport}</b>
          </Text>
          {state?.sessions !== undefined && (
            <Text size="sm">
              Sessions <b>{state.sessions}</b>
            </Text>
          )}
          {state?.restarts !== undefined && (
            <Text size="sm">
              Restarts <b>{state.restarts}</b>
            </Text>
          )}
          {state?.pids && state.pids.length > 0 && (
            <Text size="sm">
              Processes <b>{state.pids.join(', ')}</b>
            </Text>
          )}
          <Line at={target} />
        </Group>
        {state?.lastError && (
          <Text size="sm" className="wrap">
            Last error: {state.lastError}
          </Text>
        )}
        <Table.ScrollContainer minWidth={320}>
          <SettingsTable
            value={target.settings.value}
            origins={target.settings.origins}
            label={`Settings of ${target.name}`}
          />
        </Table.ScrollContainer>
        {hasProcess && (
          <Group>
            <Button
              size="compact-sm"
              variant="default"
              aria-expanded={isOutputShown}
              onClick={() => setOutputShown(!isOutputShown)}
            >
              {isOutputShown ? 'Hide its output' : 'Show its output'}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<RotateCw size={14} aria-hidden />}
              loading={restart.isPending}
              onClick={() => restart.mutate()}
            >
              Restart
            </Button>
          </Group>
        )}
        {isOutputShown && <Output id={target.id} />}
      </Stack>
    </Card>
  );
}
