import { Badge, Button, Group, Stack, Table, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { api } from '../api/client';
import { queryClient, useCan, useTargets } from '../api/queries';
import type { TargetNode } from '../api/types';
import { explain } from '../explain';
import { type Place, titleOf } from '../model';
import { EditPart } from './EditParts';
import { Card, Code, Failed, Waiting, wordsOf } from './feedback';
import { Line } from './Line';
import { Scroll } from './Scroll';
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

const kinds = [
  ['tool', 'Tools'],
  ['prompt', 'Prompts'],
  ['resource', 'Resources'],
] as const;

/** All that the server offers, whoever may use it: the gateway asks it with a session of its own. */
function Offered({ target, route }: { target: string; route: string }) {
  const answer = useQuery({
    queryKey: ['explain', 'offered', route],
    refetchInterval: false,
    queryFn: ({ signal }) =>
      explain({ route, identities: [{ name: 'anonymous' }], resources: 'all' }, signal),
  });
  if (!answer.data) return <Waiting error={answer.error} />;
  const failed = answer.data.targetErrors?.find((one) => one.target === target);
  if (failed) return <Failed title="It did not answer" message={failed.message} />;
  const own = answer.data.subjects.filter((one) => one.target === target);
  return (
    <Stack gap="xs">
      {kinds.map(([kind, title]) => {
        const of = own.filter((one) => one.kind === kind);
        return (
          <div key={kind}>
            <Text size="sm" fw={600}>
              {title} {of.length}
            </Text>
            {of.length > 0 && (
              <Scroll label={`List of ${title} of ${target}`} minWidth={240} maxHeight={300}>
                <Table aria-label={`${title} of ${target}`} verticalSpacing={2} withRowBorders={false}>
                  <Table.Tbody>
                    {of.map((one) => (
                      <Table.Tr key={one.name}>
                        <Table.Th scope="row" className="mono words">
                          {one.name}
                        </Table.Th>
                        <Table.Td>
                          <Text size="sm" c="dimmed" lineClamp={2}>
                            {one.description}
                          </Text>
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Scroll>
            )}
          </div>
        );
      })}
    </Stack>
  );
}

/** Shows or hides a part of the card. */
function Shown({ what, is, onChange }: { what: string; is: boolean; onChange: (is: boolean) => void }) {
  return (
    <Button size="compact-sm" variant="default" aria-expanded={is} onClick={() => onChange(!is)}>
      {is ? 'Hide' : 'Show'} {what}
    </Button>
  );
}

/** A target: what is configured, and how it is. */
export function TargetCard({
  target,
  place,
  level = 3,
}: {
  target: TargetNode;
  place: Place;
  level?: 2 | 3;
}) {
  const state = useTargets().data?.find((one) => one.id === target.id);
  const [isOutputShown, setOutputShown] = useState(false);
  const transportAt = target.settings.origins[target.transport];
  const canAsk = useCan('explain');
  const [isOfferShown, setOfferShown] = useState(false);
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
      label={`Target ${target.name} of ${titleOf(place)}`}
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
            path={target.path}
          />
        </Table.ScrollContainer>
        <Group gap="xs">
          {transportAt && (
            <EditPart
              part={{ path: target.path, within: target.transport, name: target.transport, at: transportAt }}
              form="members"
              of={target.name}
            />
          )}
          {canAsk && <Shown what="what it offers" is={isOfferShown} onChange={setOfferShown} />}
          {hasProcess && (
            <>
              <Shown what="its output" is={isOutputShown} onChange={setOutputShown} />
              <Button
                size="compact-sm"
                variant="default"
                leftSection={<RotateCw size={14} aria-hidden />}
                loading={restart.isPending}
                onClick={() => restart.mutate()}
              >
                Restart
              </Button>
            </>
          )}
        </Group>
        {isOfferShown && <Offered target={target.name} route={place.route.id} />}
        {isOutputShown && <Output id={target.id} />}
      </Stack>
    </Card>
  );
}
