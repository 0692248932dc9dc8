import { Alert, Badge, Button, Group, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { TriangleAlert } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { feed, type TrafficRow, useFeed } from '../api/events';
import { recordedQuery, useCan, useModel, useRuntime } from '../api/queries';
import type { RouteNode } from '../api/types';
import { routesOf } from '../model';
import { Card, Code, PageHead, wordsOf } from '../parts/feedback';
import { reasonText } from '../parts/reasons';
import { Fact, Head } from '../parts/tables';
import { clockText } from '../parts/time';
import { Why } from '../parts/Why';
import { filterOf } from '../traffic';

const labels: Record<string, string> = {
  time: 'Time',
  method: 'HTTP method',
  path: 'Path',
  status: 'Status',
  durationMs: 'Milliseconds',
  listener: 'Listener',
  route: 'Route',
  source: 'From',
  subject: 'Who',
  mcpMethod: 'Method',
  kind: 'Kind',
  name: 'Name',
  target: 'Target',
  session: 'Session',
  decision: 'Decision',
  rule: 'Rule',
  expression: 'It says',
  reason: 'Reason',
  error: 'Error',
};

const columns = ['Time', 'Who', 'Method', 'Name', 'Target', 'Decision', 'Status', 'ms'];

function Decision({ row }: { row: TrafficRow }) {
  if (!row.decision) return null;
  const isAllowed = row.decision === 'allow';
  return (
    <Badge variant="light" color={isAllowed ? 'teal' : 'red'} tt="none">
      {isAllowed ? '✓ allow' : '✕ deny'}
    </Badge>
  );
}

const kinds = ['tool', 'prompt', 'resource'] as const;

/** The rules one by one, asked now: the running rules, and the caller as the policies found it then. */
function Reasons({ row, route }: { row: TrafficRow; route: RouteNode }) {
  const kind = kinds.find((one) => one === row.kind);
  if (!kind || !row.name) return null;
  const who = { id: 0, name: row.subject ?? 'anonymous', traffic: row.event };
  return (
    <Card
      title="Why?"
      about="Judged again by the rules that run now, for the caller of then. The request's header fields are not kept."
    >
      <Why route={route.id} who={who} subject={{ kind, name: row.name }} />
    </Card>
  );
}

/** What the gateway keeps of it in its memory: who the caller was, and the arguments if they are recorded. */
function Kept({ row }: { row: TrafficRow }) {
  const [isShown, show] = useState(false);
  const { data: kept, error } = useQuery(recordedQuery(row.event));
  if (error)
    return (
      <Text size="sm" c="dimmed">
        {wordsOf(error)}
      </Text>
    );
  if (!kept) return null;
  const sent = kept.arguments;
  return (
    <Stack gap="sm">
      {sent && (
        <div>
          <Text size="sm" fw={600}>
            Arguments
          </Text>
          <Code label="Arguments of the call" text={JSON.stringify(sent.value, null, 2)} />
          {(sent.isCut || sent.isRedacted) && (
            <Text size="sm">
              {[sent.isRedacted && 'What looks like a secret is left out.', sent.isCut && 'The rest is cut.']
                .filter(Boolean)
                .join(' ')}
            </Text>
          )}
        </div>
      )}
      <Group>
        <Button size="compact-sm" variant="default" aria-expanded={isShown} onClick={() => show(!isShown)}>
          What the rules saw
        </Button>
      </Group>
      {isShown && <Code label="What the rules saw" text={JSON.stringify(kept.data, null, 2)} />}
    </Stack>
  );
}

/** So that nobody overlooks it: what people send is being kept. */
function Recording() {
  return (
    <Alert
      color="yellow"
      variant="light"
      title="Arguments of tool calls are recorded"
      icon={<TriangleAlert size={18} aria-hidden />}
      role="alert"
    >
      <Text size="sm">
        Everybody who may use this interface can read them. What is named like a secret or looks like one is
        left out, and nothing is written to disk. <code>config.admin.recordArguments</code> switches it off.
      </Text>
    </Alert>
  );
}

function Detail({ row }: { row: TrafficRow }) {
  const route = routesOf(useModel().data).find((place) => place.route.name === row.route)?.route;
  const facts = Object.entries(row).flatMap(([key, value]) =>
    key === 'id' || key === 'event' || value === undefined || value === '' || value === null
      ? []
      : [{ key, label: labels[key] ?? key, value: String(value) }],
  );
  const canExplain = useCan('explain');
  const [isAsked, ask] = useState(row.decision === 'deny');
  const hasReasons =
    canExplain && route !== undefined && row.decision !== undefined && row.name !== undefined;
  return (
    <>
      <Card title="Request">
        <Stack gap="sm">
          <Table withRowBorders={false} verticalSpacing={2} aria-label="Facts of the request">
            <Table.Tbody>
              {facts.map(({ key, label, value }) => (
                <Fact key={key} name={label} className="mono">
                  {value}
                </Fact>
              ))}
            </Table.Tbody>
          </Table>
          {row.decision && (
            <Text size="sm">
              It was <b>{row.decision === 'allow' ? 'allowed' : 'denied'}</b>
              {row.reason ? `: ${reasonText(row.reason)}` : ''}.
            </Text>
          )}
          {row.mcpMethod && <Kept row={row} />}
          <Group gap="xs">
            {hasReasons && (
              <Button
                size="compact-sm"
                variant="default"
                aria-expanded={isAsked}
                onClick={() => ask(!isAsked)}
              >
                Why?
              </Button>
            )}
            {row.decision && route && (
              <Button
                size="compact-sm"
                variant="default"
                renderRoot={(props) => <Link to="/access" search={{ route: route.id }} {...props} />}
              >
                Who can call what
              </Button>
            )}
            {row.kind === 'tool' && route && (
              <Button
                size="compact-sm"
                variant="default"
                renderRoot={(props) => (
                  <Link to="/playground" search={{ route: route.id, tool: row.name }} {...props} />
                )}
              >
                Try it in the Playground
              </Button>
            )}
          </Group>
        </Stack>
      </Card>
      {hasReasons && isAsked && <Reasons row={row} route={route} />}
    </>
  );
}

function Rows({
  rows,
  picked,
  onPick,
}: {
  rows: TrafficRow[];
  picked: number | null;
  onPick: (id: number | null) => void;
}) {
  const holder = useRef<HTMLDivElement>(null);
  const height = 37;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => holder.current,
    estimateSize: () => height,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <div
      ref={holder}
      style={{ maxHeight: '55vh', overflow: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label="Requests"
    >
      <Table stickyHeader aria-label="Requests" aria-rowcount={rows.length + 1}>
        <Head names={columns} rowIndex={1} />
        <Table.Tbody>
          {before > 0 && <tr style={{ height: before }} aria-hidden />}
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <Table.Tr
                key={row.id}
                aria-rowindex={item.index + 2}
                style={{ height }}
                bg={row.id === picked ? 'var(--mantine-color-indigo-light)' : undefined}
                data-decision={row.decision}
              >
                <Table.Td>
                  <Button
                    size="compact-xs"
                    variant="default"
                    className="number"
                    aria-pressed={row.id === picked}
                    onClick={() => onPick(row.id === picked ? null : row.id)}
                  >
                    {clockText(row.time)}
                  </Button>
                </Table.Td>
                <Table.Td>
                  {row.subject ?? (
                    <Text span size="sm" c="dimmed">
                      anonymous
                    </Text>
                  )}
                </Table.Td>
                <Table.Td className="mono">{row.mcpMethod ?? row.method}</Table.Td>
                <Table.Td className="mono">{row.name ?? row.path}</Table.Td>
                <Table.Td>{row.target}</Table.Td>
                <Table.Td>
                  <Decision row={row} />
                </Table.Td>
                <Table.Td className="number">{row.status}</Table.Td>
                <Table.Td className="number">
                  {row.durationMs === undefined ? '' : row.durationMs.toFixed(1)}
                </Table.Td>
              </Table.Tr>
            );
          })}
          {after > 0 && <tr style={{ height: after }} aria-hidden />}
        </Table.Tbody>
      </Table>
    </div>
  );
}

export function TrafficPage() {
  const isRecording = useRuntime().data?.recordsArguments ?? false;
  const live = useFeed();
  const navigate = useNavigate();
  const text = useSearch({ strict: false }).q ?? '';
  const [paused, setPaused] = useState<TrafficRow[] | null>(null);
  const [picked, pick] = useState<number | null>(null);
  const { test, error } = useMemo(() => filterOf(text), [text]);
  const all = paused ?? live.traffic;
  const rows = all.filter(test).reverse();
  const current = all.find((row) => row.id === picked);
  return (
    <>
      <PageHead
        title="Live traffic"
        about={`Requests as they come, newest first. ${isRecording ? 'Results' : 'Arguments and results'} are not recorded.`}
      />
      <Stack>
        {isRecording && <Recording />}
        <Card>
          <Stack gap="sm">
            <Group gap="xs" align="flex-start">
              <TextInput
                flex={1}
                miw={240}
                data-search
                aria-label="Filter"
                placeholder="decision:deny tool:printEnv sub:alice ms>100"
                value={text}
                error={error}
                onChange={(event) =>
                  void navigate({
                    to: '/traffic',
                    search: { q: event.currentTarget.value || undefined },
                    replace: true,
                  })
                }
              />
              <Button
                variant="default"
                aria-pressed={paused !== null}
                onClick={() => setPaused(paused ? null : [...live.traffic])}
              >
                {paused ? 'Resume' : 'Pause'}
              </Button>
              <Button
                variant="default"
                onClick={() => {
                  feed.clearTraffic();
                  setPaused(null);
                  pick(null);
                }}
              >
                Clear
              </Button>
            </Group>
            <Text size="sm" c="dimmed">
              {rows.length} of {all.length} shown{paused ? ', paused' : ''}
              {live.lost > 0 ? `; ${live.lost} came faster than they could be shown` : ''}
            </Text>
            {all.length === 0 ? (
              <Text size="sm">Nothing yet since this page was opened.</Text>
            ) : (
              <Rows rows={rows} picked={picked} onPick={pick} />
            )}
          </Stack>
        </Card>
        {current && <Detail key={current.id} row={current} />}
      </Stack>
    </>
  );
}
