import { Grid, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useModel } from '../api/queries';
import type { BackendNode, BindNode, ListenerNode, Model, TargetNode } from '../api/types';
import { matchesText, type Place, portOf } from '../model';
import { Card, PageHead, Waiting } from '../parts/feedback';
import { Line } from '../parts/Line';
import { PolicyList } from '../parts/PolicyList';
import { backendTitle, RouteDetail } from '../parts/RouteDetail';
import { TargetCard } from '../parts/TargetCard';

type Node =
  | { kind: 'bind'; bind: BindNode }
  | { kind: 'listener'; bind: BindNode; listener: ListenerNode }
  | { kind: 'route'; place: Place }
  | { kind: 'backend'; place: Place; backend: BackendNode }
  | { kind: 'target'; place: Place; target: TargetNode };

type Row = { key: string; depth: number; title: string; about: string; node: Node };

function rowsOfRoute(place: Place): Row[] {
  const { route } = place;
  const policies = `${route.policies.length} ${route.policies.length === 1 ? 'policy' : 'policies'}`;
  const rows: Row[] = [
    {
      key: route.path,
      depth: 2,
      title: `Route ${route.isNamed ? route.name : matchesText(route)}`,
      about: policies,
      node: { kind: 'route', place },
    },
  ];
  for (const backend of route.backends) {
    rows.push({
      key: backend.path,
      depth: 3,
      title: `Backend ${backendTitle(backend)}`,
      about: backend.kind,
      node: { kind: 'backend', place, backend },
    });
    for (const target of backend.targets)
      rows.push({
        key: target.path,
        depth: 4,
        title: `Target ${target.name}`,
        about: target.transport,
        node: { kind: 'target', place, target },
      });
  }
  return rows;
}

export function rowsOf(model: Model): Row[] {
  const rows: Row[] = [];
  for (const bind of model.binds) {
    rows.push({
      key: bind.path,
      depth: 0,
      title: `Port ${portOf(bind)}`,
      about: '',
      node: { kind: 'bind', bind },
    });
    for (const listener of bind.listeners) {
      const title = listener.isNamed ? `Listener ${listener.name}` : 'Listener';
      const about = [listener.protocol, listener.hostname].filter(Boolean).join(' ');
      rows.push({ key: listener.path, depth: 1, title, about, node: { kind: 'listener', bind, listener } });
      for (const route of listener.routes) rows.push(...rowsOfRoute({ bind, listener, route }));
    }
  }
  return rows;
}

function ListenerDetail({ bind, listener }: { bind: BindNode; listener: ListenerNode }) {
  return (
    <Stack>
      <Card title={`Listener ${listener.name}`}>
        <Group gap="lg">
          <Text size="sm">
            Port <b>{portOf(bind)}</b>
          </Text>
          <Text size="sm">
            Protocol <b>{listener.protocol}</b>
          </Text>
          <Text size="sm">
            Host name <b>{listener.hostname ?? 'any'}</b>
          </Text>
          <Text size="sm">
            Routes <b>{listener.routes.length}</b>
          </Text>
          <Line at={listener} />
        </Group>
      </Card>
      <Card title="Policies" about="Of the listener: they hold for all its routes">
        <PolicyList policies={listener.policies} />
      </Card>
    </Stack>
  );
}

function Detail({ node, onPick }: { node: Node; onPick: (key: string) => void }) {
  switch (node.kind) {
    case 'bind':
      return (
        <Stack>
          {node.bind.listeners.map((listener) => (
            <ListenerDetail key={listener.path} bind={node.bind} listener={listener} />
          ))}
        </Stack>
      );
    case 'listener':
      return <ListenerDetail bind={node.bind} listener={node.listener} />;
    case 'route':
      return <RouteDetail place={node.place} onPick={onPick} />;
    case 'backend':
      return (
        <Stack>
          <Card title={`Backend ${backendTitle(node.backend)}`}>
            <Group gap="lg">
              <Text size="sm">
                Kind <b>{node.backend.kind}</b>
              </Text>
              {node.backend.host && (
                <Text size="sm">
                  Host <b>{node.backend.host}</b>
                </Text>
              )}
              <Text size="sm">
                Targets <b>{node.backend.targets.length}</b>
              </Text>
              <Line at={node.backend} />
            </Group>
          </Card>
          {node.backend.targets.map((target) => (
            <TargetCard key={target.path} target={target} place={node.place} level={2} />
          ))}
        </Stack>
      );
    case 'target':
      return <TargetCard target={node.target} place={node.place} level={2} />;
  }
}

export function Listeners() {
  const model = useModel();
  const [picked, pick] = useState('');
  if (!model.data) return <Waiting error={model.error} />;
  const rows = rowsOf(model.data);
  const current =
    rows.find((row) => row.key === picked) ?? rows.find((row) => row.node.kind === 'route') ?? rows[0];
  return (
    <>
      <PageHead title="Listeners" about="Port Binds & Listeners: everything that runs, as one tree" />
      {!current ? (
        <Text>No port is configured.</Text>
      ) : (
        <Grid>
          <Grid.Col span={{ base: 12, md: 4 }}>
            <Card title="Port Binds & Listeners">
              <Stack gap={2} component="ul" p={0} m={0} style={{ listStyle: 'none' }}>
                {rows.map((row) => (
                  <li key={row.key} style={{ paddingLeft: row.depth * 16 }}>
                    <UnstyledButton
                      className="pick"
                      aria-current={row.key === current.key}
                      onClick={() => pick(row.key)}
                    >
                      <Text size="sm" span fw={row.depth === 0 ? 700 : 500}>
                        {row.title}
                      </Text>{' '}
                      <Text size="xs" span c="dimmed">
                        {row.about}
                      </Text>
                    </UnstyledButton>
                  </li>
                ))}
              </Stack>
            </Card>
          </Grid.Col>
          <Grid.Col span={{ base: 12, md: 8 }}>
            <Detail node={current.node} onPick={pick} />
          </Grid.Col>
        </Grid>
      )}
    </>
  );
}
