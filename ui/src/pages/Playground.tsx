import { Alert, Badge, Grid, Stack, Text, UnstyledButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useCan, useModel } from '../api/queries';
import type { Model } from '../api/types';
import { explain } from '../explain';
import { matchesText, type Place, portOf, routesOf } from '../model';
import { Card, Code, PageHead, Waiting } from '../parts/feedback';
import { reasonText } from '../parts/reasons';
import { type Lane, useLanes, useStates } from '../playground/lanes';
import { Messages } from '../playground/Messages';
import { Offers, type Refused } from '../playground/Offers';
import { Questions } from '../playground/Questions';
import { type Connection, Testing } from '../playground/Testing';
import { numberOf } from '../playground/Token';

function RouteList({
  model,
  current,
  onPick,
}: {
  model: Model;
  current: Place | undefined;
  onPick: (place: Place) => void;
}) {
  const places = routesOf(model);
  return (
    <Card title="Routes" about={`${places.length} ${places.length === 1 ? 'route' : 'routes'} available`}>
      <Stack gap={4}>
        {places.map((place) => (
          <UnstyledButton
            key={place.route.id}
            className="pick"
            aria-current={place.route.id === current?.route.id}
            disabled={place.route.kind !== 'mcp'}
            onClick={() => onPick(place)}
          >
            <Text size="xs" c="dimmed">
              {place.listener.name}, port {portOf(place.bind)}
            </Text>
            <Text size="sm" fw={600} className="wrap">
              {place.route.name} <span className="mono">{matchesText(place.route)}</span>
            </Text>
            <Badge size="sm" variant="light" tt="none">
              {place.route.kind === 'mcp'
                ? 'MCP'
                : place.route.kind === 'http'
                  ? 'HTTP: no tools to try'
                  : 'no backend'}
            </Badge>
          </UnstyledButton>
        ))}
      </Stack>
    </Card>
  );
}

/** The tools that the caller of this lane does not see, and why: known to the gateway, not to the caller. */
function useRefused(routeId: string | undefined, lane: Lane | undefined, isWanted: boolean) {
  return useQuery({
    queryKey: ['explain', 'refused', routeId, numberOf(lane?.token ?? '')],
    enabled: isWanted && routeId !== undefined && lane !== undefined,
    refetchInterval: false,
    queryFn: async ({ signal }): Promise<Refused[]> => {
      const identity = lane?.token ? { name: 'caller', token: lane.token } : { name: 'anonymous' };
      const found = await explain({ route: routeId, identities: [identity], resources: 'all' }, signal);
      return found.subjects.flatMap((subject, index) => {
        const cell = found.cells[0]?.[index];
        return subject.kind === 'tool' && cell?.decision === 'deny'
          ? [
              {
                name: subject.name,
                description: subject.description,
                why: reasonText(cell.reason),
              },
            ]
          : [];
      });
    },
  });
}

function Bench({ model, place }: { model: Model; place: Place | undefined }) {
  const navigate = useNavigate();
  const wantedTool = useSearch({ strict: false }).tool;
  const [connection, setConnection] = useState<Connection>({ via: 'relay', era: 'auto' });
  const [isRefusedShown, setRefusedShown] = useState(false);
  const { lanes, add, change, remove } = useLanes();
  const states = useStates(lanes);
  const canExplain = useCan('explain');
  const route = place?.route;
  const endpoint = route?.endpoint ?? '';
  const connected = lanes.filter((_, index) => states[index]?.phase === 'connected');
  const connectedStates = states.filter((state) => state.phase === 'connected');
  const refused = useRefused(route?.id, connected[0], isRefusedShown && connected.length === 1);

  // Leaving the page ends what it has begun.
  const begun = useRef(lanes);
  begun.current = lanes;
  useEffect(
    () => () => {
      for (const lane of begun.current) void lane.session.disconnect();
    },
    [],
  );

  const connect = async (lane: Lane) => {
    if (!route) return;
    const isConnected = await lane.session.connect({
      ...connection,
      routeId: route.id,
      endpoint,
      token: lane.token,
    });
    if (isConnected) notifications.show({ id: 'connected', message: 'Connected to MCP endpoint' });
  };
  const pickRoute = async (next: Place) => {
    await Promise.all(lanes.map((lane) => lane.session.disconnect()));
    void navigate({ to: '/playground', search: { route: next.route.id } });
  };
  const questions = states.flatMap((state) => state.questions);
  const first = lanes[0];
  return (
    <Grid>
      <Grid.Col span={{ base: 12, lg: 3 }}>
        <RouteList model={model} current={place} onPick={(next) => void pickRoute(next)} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 9 }}>
        <Stack>
          {!route && (
            <Alert variant="light" color="indigo" title="No MCP route">
              No route of the configuration leads to an MCP backend.
            </Alert>
          )}
          <Testing
            endpoint={endpoint}
            type={route ? 'MCP' : 'none'}
            routeId={route?.id}
            connection={connection}
            lanes={lanes}
            states={states}
            onConnection={setConnection}
            onChange={change}
            onConnect={(lane) => void connect(lane)}
            onAdd={add}
            onRemove={remove}
          />
          <Questions questions={questions} />
          {connected.length > 0 && (
            <Offers
              lanes={connected}
              states={connectedStates}
              endpoint={endpoint}
              refused={isRefusedShown && connected.length === 1 ? (refused.data ?? []) : []}
              isRefusedShown={isRefusedShown}
              onRefusedShown={setRefusedShown}
              canShowRefused={canExplain && connected.length === 1}
              wanted={wantedTool}
            />
          )}
          {first && (states[0]?.messages.length ?? 0) > 0 && (
            <Messages session={first.session} messages={states[0]?.messages ?? []} />
          )}
          {connectedStates[0]?.instructions && (
            <Card title="Instructions of the server">
              <Code label="Instructions" text={connectedStates[0].instructions} />
            </Card>
          )}
        </Stack>
      </Grid.Col>
    </Grid>
  );
}

export function Playground() {
  const model = useModel();
  const wanted = useSearch({ strict: false }).route;
  if (!model.data) return <Waiting error={model.error} />;
  const places = routesOf(model.data).filter((place) => place.route.kind === 'mcp');
  const place = places.find((one) => one.route.id === wanted) ?? places[0];
  return (
    <>
      <PageHead title="Playground" about="Test your configured routes and backends" />
      <Bench model={model.data} place={place} />
    </>
  );
}
