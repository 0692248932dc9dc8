import { Badge, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useModel } from '../api/queries';
import { routesOf, titleOf } from '../model';
import { Card, PageHead, Waiting } from '../parts/feedback';
import { Line } from '../parts/Line';
import { backendTitle } from '../parts/RouteDetail';
import { TargetCard } from '../parts/TargetCard';

export function Backends() {
  const model = useModel();
  if (!model.data) return <Waiting error={model.error} />;
  const places = routesOf(model.data).flatMap((place) =>
    place.route.backends.map((backend) => ({ place, backend })),
  );
  return (
    <>
      <PageHead
        title="Backends"
        about="Backends & Targets: where requests go, and how the servers there are"
      />
      <Stack>
        {places.length === 0 && <Text>No backend is configured.</Text>}
        {places.map(({ place, backend }) => (
          <Card
            key={backend.path}
            title={`Backend ${backendTitle(backend)}`}
            label={`Backend ${backendTitle(backend)} of ${titleOf(place)}`}
            right={
              <Badge variant="light" tt="none">
                {backend.kind}
              </Badge>
            }
          >
            <Stack gap="sm">
              <Group gap="lg">
                <Text size="sm">
                  Of route <b>{titleOf(place)}</b>
                </Text>
                {backend.host && (
                  <Text size="sm">
                    Host <b className="mono">{backend.host}</b>
                  </Text>
                )}
                <Text size="sm">
                  Targets <b>{backend.targets.length}</b>
                </Text>
                <Line at={backend} />
              </Group>
              {backend.targets.length > 0 && (
                <SimpleGrid cols={{ base: 1, lg: backend.targets.length > 1 ? 2 : 1 }}>
                  {backend.targets.map((target) => (
                    <TargetCard key={target.path} target={target} place={place} />
                  ))}
                </SimpleGrid>
              )}
            </Stack>
          </Card>
        ))}
      </Stack>
    </>
  );
}
