// What an edit changes for whom, by the gateway's own judgement of the draft.
import { Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../api/client';
import { useModel, useRuntime } from '../api/queries';
import type { Identity, Model } from '../api/types';
import { type AccessChange, accessChanges, explain } from '../explain';
import { type Place, routesOf, titleOf } from '../model';
import { Waiting } from './feedback';
import { Head } from './tables';

type RouteChange = AccessChange & { route: string };

async function changesOf(text: string, place: Place, identities: Identity[]): Promise<RouteChange[]> {
  const route = place.route.id;
  const before = await explain({ route, identities, resources: 'all' });
  const named = (kind: string) =>
    before.subjects.filter((subject) => subject.kind === kind).map((subject) => subject.name);
  const resources = { tools: named('tool'), prompts: named('prompt'), resources: named('resource') };
  const after = await explain({ route, identities, resources, config: text }).catch((error: unknown) => {
    // The draft has no such route: what it gave is given no more.
    if (error instanceof ApiError && error.status === 404) return { ...before, subjects: [] };
    throw error;
  });
  return accessChanges(before, after).map((change) => ({ ...change, route: titleOf(place) }));
}

async function changesOfAll(text: string, places: Place[], identities: Identity[]): Promise<RouteChange[]> {
  const changes: RouteChange[] = [];
  for (const place of places) changes.push(...(await changesOf(text, place, identities)));
  return changes;
}

/** Who gains or loses what by a draft, on every route that leads to an MCP backend. */
export function AccessDiff({ text, draft }: { text: string; draft: Model | null | undefined }) {
  const model = useModel().data;
  const demo = useRuntime().data?.demoTokens ?? [];
  const mcpRoutes = (of: Model | undefined) => routesOf(of).filter((place) => place.route.kind === 'mcp');
  const places = mcpRoutes(model);
  const known = new Set(places.map((place) => place.route.id));
  const added = mcpRoutes(draft ?? undefined).filter((place) => !known.has(place.route.id));
  const identities: Identity[] = [{ name: 'anonymous' }, ...demo.map(({ name, token }) => ({ name, token }))];
  const changes = useQuery({
    queryKey: ['explain', 'changes', [...known], text],
    enabled: places.length > 0,
    refetchInterval: false,
    gcTime: 0,
    queryFn: () => changesOfAll(text, places, identities),
  });
  if (places.length === 0) return <Text size="sm">No route leads to an MCP backend.</Text>;
  if (!changes.data) return <Waiting error={changes.error} />;
  return (
    <Stack>
      {changes.data.length === 0 ? (
        <Text size="sm">
          Of {identities.map((one) => one.name).join(', ')}: nobody gains or loses anything.
        </Text>
      ) : (
        <Changes changes={changes.data} hasRoutes={places.length > 1} />
      )}
      {added.map((place) => (
        <Text key={place.route.id} size="sm">
          {titleOf(place)} is new, or takes other requests than before: who may use what there is known when
          it runs.
        </Text>
      ))}
    </Stack>
  );
}

function Changes({ changes, hasRoutes }: { changes: RouteChange[]; hasRoutes: boolean }) {
  return (
    <Table aria-label="What changes for whom">
      <Head names={[...(hasRoutes ? ['Route'] : []), 'Identity', 'What', 'Before', 'After']} />
      <Table.Tbody>
        {changes.map((one) => (
          <Table.Tr key={`${one.route} ${one.identity} ${one.kind} ${one.name}`}>
            {hasRoutes && <Table.Td>{one.route}</Table.Td>}
            <Table.Td>{one.identity}</Table.Td>
            <Table.Td className="mono">
              {one.kind} {one.name}
            </Table.Td>
            <Table.Td>{one.before}</Table.Td>
            <Table.Td>
              <b>{one.after}</b>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
