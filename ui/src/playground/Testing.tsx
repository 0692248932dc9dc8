import {
  Alert,
  Badge,
  Button,
  Grid,
  Group,
  List,
  SegmentedControl,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { Plus, TriangleAlert } from 'lucide-react';
import { Card, Copy } from '../parts/feedback';
import type { Told } from './errors';
import { type Lane, mostLanes } from './lanes';
import type { Era, State, Via } from './session';
import { Token } from './Token';

export type Connection = { via: Via; era: Era };

export function ErrorBox({ error }: { error: Told }) {
  return (
    <Alert color="red" variant="light" title={error.title} icon={<TriangleAlert size={18} />} role="alert">
      <Text size="sm" className="wrap">
        {error.message}
      </Text>
      {error.hints.length > 0 && (
        <List size="sm" mt="xs">
          {error.hints.map((hint) => (
            <List.Item key={hint}>{hint}</List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

function Status({ state }: { state: State }) {
  if (state.phase !== 'connected') return null;
  return (
    <Group gap={6}>
      <Badge color="teal" variant="light" tt="none">
        connected
      </Badge>
      {state.server && (
        <Badge variant="default" tt="none">
          {state.server.name} {state.server.version}
        </Badge>
      )}
      {state.protocol && (
        <Badge variant="default" tt="none">
          MCP {state.protocol}
        </Badge>
      )}
      <Badge variant="default" tt="none">
        {state.sessionId
          ? `session ${state.sessionId.slice(0, 8)}`
          : 'no session: each request stands for itself'}
      </Badge>
    </Group>
  );
}

type LaneProps = {
  lane: Lane;
  state: State;
  routeId: string | undefined;
  onChange: (part: Partial<Pick<Lane, 'name' | 'token'>>) => void;
  onConnect: () => void;
  onRemove?: () => void;
};

function LaneView({ lane, state, routeId, onChange, onConnect, onRemove }: LaneProps) {
  const isIdle = state.phase === 'idle';
  return (
    <Stack gap="xs">
      {onRemove && (
        <Group gap="xs">
          <TextInput
            size="xs"
            aria-label="Name of the caller"
            value={lane.name}
            onChange={(event) => onChange({ name: event.currentTarget.value })}
          />
          <Button size="xs" variant="default" onClick={onRemove}>
            Remove
          </Button>
        </Group>
      )}
      <Token
        token={lane.token}
        isLocked={!isIdle}
        routeId={routeId}
        onChange={(token) => onChange({ token })}
      />
      <Group gap="xs">
        {isIdle ? (
          <Button onClick={onConnect} disabled={!routeId}>
            Connect
          </Button>
        ) : (
          <Button variant="default" onClick={() => void lane.session.disconnect()}>
            {state.phase === 'connecting' ? 'Cancel' : 'Disconnect'}
          </Button>
        )}
        <Text size="sm" component="div" role="status">
          {state.phase === 'connecting' ? 'Connecting' : <Status state={state} />}
        </Text>
      </Group>
      {state.error && <ErrorBox error={state.error} />}
    </Stack>
  );
}

const eras = [
  { value: 'auto', label: 'Automatic' },
  { value: 'legacy', label: 'Up to 2025-11-25, with initialize' },
  { value: 'modern', label: '2026-07-28, stateless' },
];

/** The card with the connection: where to, as whom, by which way. */
export function Testing({
  endpoint,
  type,
  routeId,
  connection,
  lanes,
  states,
  onConnection,
  onChange,
  onConnect,
  onAdd,
  onRemove,
}: {
  endpoint: string;
  type: string;
  routeId: string | undefined;
  connection: Connection;
  lanes: Lane[];
  states: State[];
  onConnection: (connection: Connection) => void;
  onChange: (id: number, part: Partial<Pick<Lane, 'name' | 'token'>>) => void;
  onConnect: (lane: Lane) => void;
  onAdd: () => void;
  onRemove: (id: number) => void;
}) {
  const isBusy = states.some((state) => state.phase !== 'idle');
  return (
    <Card
      title="Testing"
      about="Use the backend of the route as a caller"
      right={
        <Button
          size="xs"
          variant="default"
          leftSection={<Plus size={14} aria-hidden />}
          disabled={lanes.length >= mostLanes}
          onClick={onAdd}
        >
          Compare
        </Button>
      }
    >
      <Stack gap="sm">
        <Text fw={600} size="sm" component="h3">
          Connection
        </Text>
        <Group gap="xl">
          <Group gap={6}>
            <Text size="sm">Endpoint:</Text>
            <Text size="sm" className="mono" data-endpoint>
              {endpoint}
            </Text>
            <Copy text={endpoint} what="endpoint" />
          </Group>
          <Group gap={6}>
            <Text size="sm">Type:</Text>
            <Badge variant="light" tt="none">
              {type}
            </Badge>
          </Group>
        </Group>
        <Group gap="md" align="flex-end">
          <SegmentedControl
            aria-label="Way"
            disabled={isBusy}
            value={connection.via}
            onChange={(via) => onConnection({ ...connection, via: via as Via })}
            data={[
              { value: 'relay', label: 'Gateway relay' },
              { value: 'browser', label: 'From this browser' },
            ]}
          />
          <Select
            label="Protocol"
            w={290}
            data={eras}
            value={connection.era}
            disabled={isBusy}
            allowDeselect={false}
            onChange={(era) => onConnection({ ...connection, era: (era ?? 'auto') as Era })}
          />
        </Group>
        <Text size="xs" c="dimmed">
          {connection.via === 'relay'
            ? "Through the gateway's own address to the listener, with every policy in force; needs no cors policy."
            : 'Straight to the endpoint, as a page elsewhere would: the route needs a cors policy.'}
        </Text>
        <Grid>
          {lanes.map((lane, index) => (
            <Grid.Col key={lane.id} span={{ base: 12, lg: lanes.length === 1 ? 12 : 6 }}>
              <LaneView
                lane={lane}
                state={states[index] ?? lane.session.snapshot()}
                routeId={routeId}
                onChange={(part) => onChange(lane.id, part)}
                onConnect={() => onConnect(lane)}
                onRemove={lanes.length > 1 && index > 0 ? () => onRemove(lane.id) : undefined}
              />
            </Grid.Col>
          ))}
        </Grid>
      </Stack>
    </Card>
  );
}
