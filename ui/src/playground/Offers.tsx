// What the server offers, by kind, and the form for what is picked.
import {
  Badge,
  Grid,
  Group,
  Stack,
  Switch,
  Table,
  Tabs,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { useState } from 'react';
import { Card } from '../parts/feedback';
import { Head } from '../parts/tables';
import { Call } from './Call';
import { differs, type Lane, united } from './lanes';
import type { Schema } from './schema';
import type { Prompt, Resource, State, Template, Tool } from './session';

type Entry<T> = { one: T; name: string; has: boolean[] };
export type Refused = { name: string; description?: string; why: string };

function Offered<T>({
  title,
  hint,
  entries,
  lanes,
  describe,
  picked,
  onPick,
  refused,
  children,
}: {
  title: string;
  hint: string;
  entries: Entry<T>[];
  lanes: Lane[];
  describe: (one: T) => string | undefined;
  picked: string | null;
  onPick: (name: string) => void;
  refused: Refused[];
  children?: React.ReactNode;
}) {
  const [filter, setFilter] = useState('');
  const matches = (name: string, about = '') =>
    `${name} ${about}`.toLowerCase().includes(filter.toLowerCase());
  const shown = entries.filter((entry) => matches(entry.name, describe(entry.one)));
  const isCompared = lanes.length > 1;
  return (
    <Card
      title={title}
      about={hint}
      right={
        <Text size="sm" c="dimmed" data-count>
          {entries.length}
        </Text>
      }
    >
      <Stack gap="xs">
        <Group gap="md">
          <TextInput
            size="xs"
            data-search
            aria-label={`Filter ${title}`}
            placeholder="Filter"
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          {children}
        </Group>
        <Table.ScrollContainer minWidth={200} maxHeight={520}>
          <Table aria-label={title} stickyHeader>
            <Head names={['Name', ...(isCompared ? lanes.map((lane) => lane.name) : ['Description'])]} />
            <Table.Tbody>
              {shown.map((entry) => (
                <Table.Tr key={entry.name} data-name={entry.name} data-differs={differs(entry.has)}>
                  <Table.Td>
                    <UnstyledButton
                      className="pick"
                      aria-pressed={picked === entry.name}
                      onClick={() => onPick(entry.name)}
                    >
                      <Text size="sm" fw={600} span className="words">
                        {entry.name}
                      </Text>
                    </UnstyledButton>
                    {isCompared && differs(entry.has) && (
                      <Badge size="xs" color="orange" variant="light" tt="none">
                        differs
                      </Badge>
                    )}
                  </Table.Td>
                  {isCompared ? (
                    entry.has.map((has, lane) => <Table.Td key={lane}>{has ? '✓ yes' : '– no'}</Table.Td>)
                  ) : (
                    <Table.Td>
                      <Text size="sm" c="dimmed" lineClamp={3}>
                        {describe(entry.one)}
                      </Text>
                    </Table.Td>
                  )}
                </Table.Tr>
              ))}
              {refused
                .filter((one) => matches(one.name, one.description))
                .map((one) => (
                  <Table.Tr key={`refused ${one.name}`} data-refused={one.name}>
                    <Table.Td>
                      <Text size="sm" c="dimmed" px={10} className="words">
                        {one.name}
                      </Text>
                    </Table.Td>
                    <Table.Td colSpan={Math.max(1, lanes.length)}>
                      <Text size="sm" c="dimmed">
                        refused: {one.why}
                      </Text>
                    </Table.Td>
                  </Table.Tr>
                ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
        {entries.length === 0 && (
          <Text size="sm" c="dimmed">
            None that this caller may use.
          </Text>
        )}
      </Stack>
    </Card>
  );
}

const nothingPicked = (what: string) => (
  <Card>
    <Text size="sm" c="dimmed">
      Pick a {what} on the left.
    </Text>
  </Card>
);

function Two({ list, detail }: { list: React.ReactNode; detail: React.ReactNode }) {
  return (
    <Grid>
      <Grid.Col span={{ base: 12, md: 5 }}>{list}</Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }}>{detail}</Grid.Col>
    </Grid>
  );
}

type Props = { lanes: Lane[]; states: State[]; endpoint: string };

function Tools({
  lanes,
  states,
  endpoint,
  refused,
  isRefusedShown,
  onRefusedShown,
  canShowRefused,
  wanted,
}: Props & {
  refused: Refused[];
  isRefusedShown: boolean;
  onRefusedShown: (isShown: boolean) => void;
  canShowRefused: boolean;
  wanted: string | undefined;
}) {
  const [picked, pick] = useState<string | null>(wanted ?? null);
  const entries = united<Tool>(
    states.map((state) => state.tools),
    (tool) => tool.name,
  );
  const current = entries.find((entry) => entry.name === picked);
  return (
    <Two
      list={
        <Offered
          title="Available Tools"
          hint="Select a tool to use"
          entries={entries}
          lanes={lanes}
          describe={(tool) => tool.description ?? tool.title}
          picked={picked}
          onPick={pick}
          refused={refused}
        >
          {canShowRefused && (
            <Switch
              size="xs"
              label="show refused"
              checked={isRefusedShown}
              onChange={(event) => onRefusedShown(event.currentTarget.checked)}
            />
          )}
        </Offered>
      }
      detail={
        current ? (
          <Call
            key={current.name}
            title={current.name}
            description={current.one.description}
            annotations={current.one.annotations}
            schema={current.one.inputSchema as Schema}
            asked={{ method: 'tools/call', params: (values) => ({ name: current.name, arguments: values }) }}
            button="Run Tool"
            lanes={lanes}
            endpoint={endpoint}
          />
        ) : (
          nothingPicked('tool')
        )
      }
    />
  );
}

function Prompts({ lanes, states, endpoint }: Props) {
  const [picked, pick] = useState<string | null>(null);
  const entries = united<Prompt>(
    states.map((state) => state.prompts),
    (prompt) => prompt.name,
  );
  const current = entries.find((entry) => entry.name === picked);
  const given = current?.one.arguments ?? [];
  const schema: Schema = {
    properties: Object.fromEntries(
      given.map((one) => [one.name, { type: 'string', description: one.description }]),
    ),
    required: given.filter((one) => one.required).map((one) => one.name),
  };
  return (
    <Two
      list={
        <Offered
          title="Available Prompts"
          hint="Select a prompt"
          entries={entries}
          lanes={lanes}
          describe={(prompt) => prompt.description ?? prompt.title}
          picked={picked}
          onPick={pick}
          refused={[]}
        />
      }
      detail={
        current ? (
          <Call
            key={current.name}
            title={current.name}
            description={current.one.description}
            schema={schema}
            asked={{ method: 'prompts/get', params: (values) => ({ name: current.name, arguments: values }) }}
            button="Get Prompt"
            lanes={lanes}
            endpoint={endpoint}
          />
        ) : (
          nothingPicked('prompt')
        )
      }
    />
  );
}

/** The variables of a URI template; only the simple form is filled in here. */
const variablesOf = (template: string) =>
  [...template.matchAll(/\{[+#./;?&]?([^}]+)\}/g)]
    .flatMap((match) => (match[1] ?? '').split(','))
    .map((name) => name.replace(/[*:].*$/, ''));

const filled = (template: string, values: Record<string, unknown>) =>
  template.replace(/\{([+]?)([^}]+)\}/g, (_, raw: string, name: string) => {
    const value = String(values[name.replace(/[*:].*$/, '')] ?? '');
    return raw ? value : encodeURIComponent(value);
  });

function Resources({ lanes, states, endpoint }: Props) {
  const [picked, pick] = useState<string | null>(null);
  const resources = united<Resource>(
    states.map((state) => state.resources),
    (resource) => resource.uri,
  );
  const templates = united<Template>(
    states.map((state) => state.templates),
    (template) => template.uriTemplate,
  );
  const resource = resources.find((entry) => entry.name === picked);
  const template = templates.find((entry) => entry.name === picked);
  const names = variablesOf(template?.name ?? '');
  const schema: Schema | undefined = template && {
    properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    required: names,
  };
  const uriOf = (values: Record<string, unknown>) =>
    template ? filled(template.name, values) : (picked ?? '');
  return (
    <Two
      list={
        <Stack>
          <Offered
            title="Available Resources"
            hint="Select a resource"
            entries={resources}
            lanes={lanes}
            describe={(one) => one.description ?? one.name}
            picked={picked}
            onPick={pick}
            refused={[]}
          />
          {templates.length > 0 && (
            <Offered
              title="Templates"
              hint="Resources with a variable part"
              entries={templates}
              lanes={lanes}
              describe={(one) => one.description ?? one.name}
              picked={picked}
              onPick={pick}
              refused={[]}
            />
          )}
        </Stack>
      }
      detail={
        resource || template ? (
          <Call
            key={picked}
            title={picked ?? ''}
            description={resource?.one.description ?? template?.one.description}
            schema={schema}
            asked={{ method: 'resources/read', params: (values) => ({ uri: uriOf(values) }) }}
            button="Read Resource"
            lanes={lanes}
            endpoint={endpoint}
          />
        ) : (
          nothingPicked('resource')
        )
      }
    />
  );
}

/** The tabs of what is offered. */
export function Offers(
  props: Props & {
    refused: Refused[];
    isRefusedShown: boolean;
    onRefusedShown: (isShown: boolean) => void;
    canShowRefused: boolean;
    wanted: string | undefined;
  },
) {
  const namesIn = (state: State) => ({
    tools: state.tools.map((one) => one.name),
    prompts: state.prompts.map((one) => one.name),
    resources: state.resources.map((one) => one.uri),
  });
  const countOf = (kind: 'tools' | 'prompts' | 'resources') =>
    new Set(props.states.flatMap((state) => namesIn(state)[kind])).size;
  return (
    <Tabs defaultValue="tools" keepMounted={false}>
      <Tabs.List mb="md">
        {(['tools', 'prompts', 'resources'] as const).map((kind) => (
          <Tabs.Tab key={kind} value={kind}>
            {kind.charAt(0).toUpperCase() + kind.slice(1)} {countOf(kind)}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="tools">
        <Tools {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="prompts">
        <Prompts {...props} />
      </Tabs.Panel>
      <Tabs.Panel value="resources">
        <Resources {...props} />
      </Tabs.Panel>
    </Tabs>
  );
}
