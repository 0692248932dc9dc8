import { Badge, Button, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { BackendNode } from '../api/types';
import { matchesText, type Place, portOf, titleOf } from '../model';
import { Card, Copy } from './feedback';
import { Line } from './Line';
import { PolicyList } from './PolicyList';

export const backendTitle = (backend: BackendNode) => backend.name ?? backend.host ?? backend.kind;

/** A route: what it matches, what is in force, where it leads. */
export function RouteDetail({ place, onPick }: { place: Place; onPick?: (key: string) => void }) {
  const { route, listener, bind } = place;
  return (
    <Stack>
      <Card title={`Route ${titleOf(place)}`}>
        <Stack gap="xs">
          <Group gap="lg">
            <Text size="sm">
              Matches <b className="mono">{matchesText(route)}</b>
            </Text>
            <Text size="sm">
              Host names <b>{route.hostnames.join(', ') || 'any'}</b>
            </Text>
            <Text size="sm">
              Listener <b>{listener.name}</b> on port <b>{portOf(bind)}</b>
            </Text>
            <Line at={route} />
          </Group>
          {route.endpoint && (
            <Group gap="xs">
              <Text size="sm">
                Endpoint <span className="mono">{route.endpoint}</span>
              </Text>
              <Copy text={route.endpoint} what="endpoint" />
              {route.kind === 'mcp' && (
                <Button
                  size="compact-sm"
                  renderRoot={(props) => <Link to="/playground" search={{ route: route.id }} {...props} />}
                >
                  Open Playground
                </Button>
              )}
            </Group>
          )}
        </Stack>
      </Card>
      <Card title="Policies" about="In the order in which they run">
        <PolicyList
          policies={[...route.policies, ...route.backends.flatMap((backend) => backend.policies)]}
        />
      </Card>
      <Card title="Backends">
        <Stack gap="xs">
          {route.backends.length === 0 && (
            <Text size="sm" c="dimmed">
              None: the route answers by itself.
            </Text>
          )}
          {route.backends.map((backend) => (
            <Group key={backend.path} gap="xs">
              <Badge variant="light" tt="none">
                {backend.kind}
              </Badge>
              <Title order={3} size="sm">
                {backendTitle(backend)}
              </Title>
              {backend.targets.map((target) =>
                onPick ? (
                  <Button
                    key={target.id}
                    size="compact-sm"
                    variant="default"
                    onClick={() => onPick(target.path)}
                  >
                    Target {target.name}
                  </Button>
                ) : (
                  <Text key={target.id} size="sm">
                    Target {target.name}
                  </Text>
                ),
              )}
              <Line at={backend} />
            </Group>
          ))}
        </Stack>
      </Card>
    </Stack>
  );
}
