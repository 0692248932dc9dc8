import {
  Anchor,
  Badge,
  Button,
  FileButton,
  Group,
  Select,
  Stack,
  Switch,
  Table,
  Tabs,
  Text,
  Textarea,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../api/client';
import { useCan, useModel } from '../api/queries';
import type { Imported } from '../api/types';
import { letsAnonymousIn, routesOf, titleOf } from '../model';
import { Card, Code, Copy, Failed, PageHead, Waiting, wordsOf } from '../parts/feedback';
import { Head } from '../parts/tables';
import { nameOf, snippetsOf } from '../snippets';

const colors: Record<string, string> = { error: 'red', warning: 'yellow', info: 'gray' };

function Translation({ answer }: { answer: Imported }) {
  return (
    <Stack gap="sm">
      {answer.yaml === '' ? (
        <Failed title="Nothing was taken over" message="The findings below say why." />
      ) : (
        <>
          <Group gap={4}>
            <Text size="sm" fw={600}>
              Configuration
            </Text>
            <Copy text={answer.yaml} what="the configuration" />
          </Group>
          <Code label="Translated configuration" text={answer.yaml} />
          <Text size="sm">
            Nothing has been changed. To use it, paste it on the page{' '}
            <Anchor renderRoot={(props) => <Link to="/config" {...props} />} size="sm" underline="always">
              Config
            </Anchor>
            .
          </Text>
        </>
      )}
      {answer.findings.length > 0 && (
        <Table.ScrollContainer minWidth={480}>
          <Table aria-label="Findings" verticalSpacing={4}>
            <Head names={['Finding', 'Where', 'What']} />
            <Table.Tbody>
              {answer.findings.map((one, index) => (
                <Table.Tr key={index}>
                  <Table.Td>
                    <Badge variant="light" color={colors[one.severity] ?? 'gray'} tt="none">
                      {one.severity}
                    </Badge>
                  </Table.Td>
                  <Table.Td className="mono wrap">{one.path || 'all of it'}</Table.Td>
                  <Table.Td>{one.message}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Stack>
  );
}

function Import() {
  const [text, setText] = useState('');
  const answer = useMutation({
    mutationFn: () => api<Imported>('/api/v1/import', { body: { text, from: 'auto' } }),
  });
  return (
    <Card
      title="Import"
      about="Bring the servers of an existing mcp.json: of Claude Desktop, Claude Code, VS Code or Cursor"
    >
      <Stack gap="sm">
        <Textarea
          label="mcp.json"
          classNames={{ input: 'mono' }}
          spellCheck={false}
          autosize
          minRows={6}
          maxRows={18}
          value={text}
          placeholder='{"mcpServers": {...}}'
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group gap="xs">
          <FileButton
            accept=".json,.jsonc,application/json"
            onChange={(file) => void file?.text().then(setText)}
          >
            {(props) => (
              <Button variant="default" {...props}>
                From file
              </Button>
            )}
          </FileButton>
          <Button disabled={text.trim() === ''} loading={answer.isPending} onClick={() => answer.mutate()}>
            Translate
          </Button>
        </Group>
        <div aria-live="polite">
          {answer.error && <Failed title="Not translated" message={wordsOf(answer.error)} />}
          {answer.data && <Translation answer={answer.data} />}
        </div>
      </Stack>
    </Card>
  );
}

export function Connect() {
  const model = useModel();
  const navigate = useNavigate();
  const wanted = useSearch({ strict: false }).route;
  const canImport = useCan('import');
  const [isTokenWanted, setTokenWanted] = useState<boolean | null>(null);
  if (!model.data) return <Waiting error={model.error} />;
  const places = routesOf(model.data).filter((place) => place.route.kind === 'mcp' && place.route.endpoint);
  const place = places.find((one) => one.route.id === wanted) ?? places[0];
  const asks =
    place?.route.policies.some((policy) =>
      ['jwtAuth', 'mcpAuthentication', 'tokenIntrospection', 'apiKey'].includes(policy.kind),
    ) ?? false;
  const withToken = isTokenWanted ?? asks;
  const snippets = place?.route.endpoint
    ? snippetsOf(nameOf(place.route.name), place.route.endpoint, withToken)
    : [];
  return (
    <>
      <PageHead
        title="Connect"
        about="Set up a client for a route, or bring the servers that you already use"
      />
      <Stack>
        {!place && <Text>No route leads to an MCP backend.</Text>}
        {place && (
          <Card title="Connect a client">
            <Stack gap="sm">
              <Group align="flex-end">
                <Select
                  label="Route"
                  w={280}
                  allowDeselect={false}
                  value={place.route.id}
                  data={places.map((one) => ({ value: one.route.id, label: titleOf(one) }))}
                  onChange={(route) =>
                    void navigate({ to: '/connect', search: { route: route ?? undefined } })
                  }
                />
                <Switch
                  label="with a token"
                  checked={withToken}
                  onChange={(event) => setTokenWanted(event.currentTarget.checked)}
                  mb={8}
                />
              </Group>
              {place.route.policies.some(letsAnonymousIn) && (
                <Text size="sm" c="dimmed">
                  This route also takes callers without a token, as anonymous.
                </Text>
              )}
              <Tabs defaultValue="claude-code" keepMounted={false}>
                <Tabs.List mb="sm">
                  {snippets.map((one) => (
                    <Tabs.Tab key={one.id} value={one.id}>
                      {one.name}
                    </Tabs.Tab>
                  ))}
                </Tabs.List>
                {snippets.map((one) => (
                  <Tabs.Panel key={one.id} value={one.id}>
                    <Group gap={4} mb="xs">
                      <Text size="sm">{one.where}</Text>
                      <Copy text={one.text} what="the snippet" />
                    </Group>
                    <Code label={`Snippet for ${one.name}`} text={one.text} />
                  </Tabs.Panel>
                ))}
              </Tabs>
            </Stack>
          </Card>
        )}
        {canImport && <Import />}
      </Stack>
    </>
  );
}
