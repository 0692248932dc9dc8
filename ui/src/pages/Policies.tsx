import { Stack, Table, Text } from '@mantine/core';
import { useModel } from '../api/queries';
import type { Policy } from '../api/types';
import { type Place, routesOf, summaryOf, titleOf } from '../model';
import { Card, PageHead, Waiting } from '../parts/feedback';
import { Line } from '../parts/Line';
import { PolicyList } from '../parts/PolicyList';
import { Head } from '../parts/tables';

const policiesOf = ({ route }: Place) => [
  ...route.policies,
  ...route.backends.flatMap((backend) => backend.policies),
];

function CellOf({ policies }: { policies: Policy[] }) {
  if (policies.length === 0)
    return (
      <Text size="sm" c="dimmed">
        none
      </Text>
    );
  return policies.map((policy) => (
    <Text key={policy.path} size="sm">
      {summaryOf(policy)}{' '}
      <Text span size="sm" c="dimmed">
        {policy.from === 'route' ? '' : `of the ${policy.from}, `}
      </Text>
      <Line at={policy} />
    </Text>
  ));
}

export function Policies() {
  const model = useModel();
  if (!model.data) return <Waiting error={model.error} />;
  const places = routesOf(model.data);
  const kinds = [...new Set(places.flatMap((place) => policiesOf(place).map((policy) => policy.kind)))];
  return (
    <>
      <PageHead
        title="Policies"
        about="What is in force where: the effective value of each policy, and the line where it is written"
      />
      <Stack>
        {kinds.length === 0 ? (
          <Text>No policy is configured: everybody may use everything.</Text>
        ) : (
          <Card title="By route">
            <Table.ScrollContainer minWidth={500}>
              <Table aria-label="Policies by route">
                <Head names={['Policy', ...places.map(titleOf)]} />
                <Table.Tbody>
                  {kinds.map((kind) => (
                    <Table.Tr key={kind}>
                      <Table.Th scope="row">{kind}</Table.Th>
                      {places.map((place) => (
                        <Table.Td key={place.route.id}>
                          <CellOf policies={policiesOf(place).filter((policy) => policy.kind === kind)} />
                        </Table.Td>
                      ))}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Card>
        )}
        {places
          .filter((place) => policiesOf(place).length > 0)
          .map((place) => (
            <Card key={place.route.id} title={titleOf(place)}>
              <PolicyList policies={policiesOf(place)} />
            </Card>
          ))}
      </Stack>
    </>
  );
}
