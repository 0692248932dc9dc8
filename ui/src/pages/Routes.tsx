import { Badge, Button, Stack, Table, Text } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useModel } from '../api/queries';
import { matchesText, portOf, routesOf } from '../model';
import { Card, PageHead, Waiting } from '../parts/feedback';
import { backendTitle, RouteDetail } from '../parts/RouteDetail';
import { Head } from '../parts/tables';

export function Routes() {
  const model = useModel();
  const [picked, pick] = useState(useSearch({ strict: false }).route ?? '');
  if (!model.data) return <Waiting error={model.error} />;
  const places = routesOf(model.data);
  const current = places.find((place) => place.route.id === picked) ?? places[0];
  return (
    <>
      <PageHead title="Routes" about="What is matched, and where it goes" />
      <Stack>
        <Card>
          <Table.ScrollContainer minWidth={640}>
            <Table highlightOnHover aria-label="Routes">
              <Head names={['Route', 'Port', 'Listener', 'Host names', 'Matches', 'Policies', 'Backends']} />
              <Table.Tbody>
                {places.map(({ bind, listener, route }) => (
                  <Table.Tr key={route.id} aria-current={route === current?.route}>
                    <Table.Td>
                      <Button
                        size="compact-sm"
                        variant={route === current?.route ? 'filled' : 'default'}
                        onClick={() => pick(route.id)}
                      >
                        {route.name}
                      </Button>
                    </Table.Td>
                    <Table.Td className="number">{portOf(bind)}</Table.Td>
                    <Table.Td>{listener.name}</Table.Td>
                    <Table.Td>{route.hostnames.join(', ') || 'any'}</Table.Td>
                    <Table.Td className="mono">{matchesText(route)}</Table.Td>
                    <Table.Td>{route.policies.map((policy) => policy.kind).join(', ') || 'none'}</Table.Td>
                    <Table.Td>
                      {route.backends.map((backend) => (
                        <Badge
                          key={backend.path}
                          variant="light"
                          tt="none"
                          mr={4}
                        >{`${backend.kind} ${backendTitle(backend)}`}</Badge>
                      ))}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Card>
        {current ? <RouteDetail place={current} /> : <Text>No route is configured.</Text>}
      </Stack>
    </>
  );
}
