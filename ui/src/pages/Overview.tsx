import { Anchor, Button, Grid, Group, SimpleGrid, Stack, Table, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useFeed } from '../api/events';
import { useCan, useConfigFile, useModel, useRuntime, useTargets } from '../api/queries';
import type { Metrics, Model, Problem } from '../api/types';
import { letsAnonymousIn, routesOf, titleOf } from '../model';
import { Card, Copy, PageHead, Waiting } from '../parts/feedback';
import { Line } from '../parts/Line';
import { problemText } from '../parts/Problems';
import { Spark } from '../parts/Spark';
import { Fact } from '../parts/tables';
import { agoText } from '../parts/time';

const sourceText = {
  file: 'the file',
  stdin: 'standard input',
  text: 'the command line',
  demo: 'the built-in demo',
};

function Count({ to, label, count }: { to: string; label: string; count: number }) {
  return (
    <Anchor renderRoot={(props) => <Link to={to} {...props} />} underline="never" c="inherit">
      <Card>
        <Text size="xl" fw={700} className="number">
          {count}
        </Text>
        <Text size="sm" c="dimmed">
          {label}
        </Text>
      </Card>
    </Anchor>
  );
}

type Notice = { text: ReactNode; line?: number; key: string };

function noticesOf(model: Model | undefined, warnings: Problem[]): Notice[] {
  const notices: Notice[] = warnings.map((problem) => ({
    key: `${problem.line} ${problem.message}`,
    text: problemText(problem),
    line: problem.line,
  }));
  for (const place of routesOf(model)) {
    const open = place.route.policies.find(letsAnonymousIn);
    const isSaid = warnings.some((problem) => problem.path.startsWith(open?.path ?? '?'));
    if (open && !isSaid)
      notices.push({
        key: open.path,
        line: open.line,
        text: `${open.kind} of ${titleOf(place)} lets callers without a token in as anonymous.`,
      });
  }
  return notices;
}

function Attention() {
  const model = useModel().data;
  const config = useConfigFile().data;
  const warnings = config?.file.state === 'ok' ? (config.warnings ?? []) : [];
  const failing = (useTargets().data ?? []).filter((target) => target.state === 'failing');
  const notices = noticesOf(model, warnings);
  if (useRuntime().data?.recordsArguments)
    notices.push({
      key: 'recording',
      text: 'Live traffic has the arguments of tool calls: config.admin.recordArguments is on.',
    });
  if (config && config.file.state !== 'ok')
    notices.unshift(
      ...(config.file.errors ?? []).map((problem) => ({
        key: `error ${problem.line} ${problem.message}`,
        text: `The file is not in force, what ran before goes on: ${problemText(problem)}`,
        line: problem.line,
      })),
    );
  for (const target of failing)
    notices.push({
      key: target.id,
      text: `Target ${target.name} fails${target.lastError ? `: ${target.lastError}` : '.'}`,
    });
  return (
    <Card title="Needs attention">
      {notices.length === 0 ? (
        <Group gap="xs">
          <CircleCheck size={18} aria-hidden />
          <Text size="sm">Nothing.</Text>
        </Group>
      ) : (
        <Stack gap="xs" component="ul" p={0} m={0}>
          {notices.map((notice) => (
            <Group key={notice.key} gap="xs" wrap="nowrap" align="flex-start" component="li">
              <TriangleAlert size={17} aria-label="Warning" style={{ flex: 'none', marginTop: 3 }} />
              <Text size="sm" className="wrap">
                {notice.text} <Line at={notice.line ? { line: notice.line } : undefined} />
              </Text>
            </Group>
          ))}
        </Stack>
      )}
    </Card>
  );
}

/** Requests a second between one tick and the next. */
function ratesOf(ticks: Metrics[]): number[] {
  return ticks.slice(1).map((tick, index) => {
    const before = ticks[index];
    const seconds = before ? (Date.parse(tick.time) - Date.parse(before.time)) / 1000 : 0;
    return before && seconds > 0 ? Math.max(0, tick.requests - before.requests) / seconds : 0;
  });
}

function Decisions() {
  const feed = useFeed();
  const last = feed.metrics.at(-1);
  const denied = new Map<string, number>();
  for (const row of feed.traffic) {
    if (row.decision === 'deny' && row.name) denied.set(row.name, (denied.get(row.name) ?? 0) + 1);
  }
  const top = [...denied].sort((a, b) => b[1] - a[1]).slice(0, 5);
  return (
    <Card title="Traffic" about="Since the gateway has started">
      {!last ? (
        <Text size="sm" c="dimmed">
          No figures yet.
        </Text>
      ) : (
        <Stack gap="xs">
          <Table withRowBorders={false} verticalSpacing={2} aria-label="Figures">
            <Table.Tbody className="number">
              <Fact name="Requests">{last.requests}</Fact>
              <Fact name="Allowed, denied">
                {last.allowed}, {last.denied}
              </Fact>
              <Fact name="Errors">{last.errors}</Fact>
              <Fact name="Sessions, connections">
                {last.sessions}, {last.connections}
              </Fact>
              {last.latencyMs && (
                <Fact name="Latency p50, p99">
                  {last.latencyMs.p50} ms, {last.latencyMs.p99} ms
                </Fact>
              )}
            </Table.Tbody>
          </Table>
          <Spark values={ratesOf(feed.metrics)} label="Requests a second" unit="/s" />
          <Spark
            values={feed.metrics.map((tick) => tick.latencyMs?.p99 ?? 0)}
            label="Latency p99"
            unit="ms"
          />
          {top.length > 0 && (
            <Text size="sm">
              Most denied here and now: {top.map(([name, times]) => `${name} (${times})`).join(', ')}
            </Text>
          )}
        </Stack>
      )}
    </Card>
  );
}

function TryIt({ model }: { model: Model }) {
  const endpoints = routesOf(model).filter((place) => place.route.kind === 'mcp' && place.route.endpoint);
  return (
    <Card title="Try it">
      <Stack gap="xs">
        {endpoints.length === 0 && (
          <Text size="sm" c="dimmed">
            No route leads to an MCP backend.
          </Text>
        )}
        {endpoints.map(({ route }) => (
          <Group key={route.id} gap="xs">
            <Text size="sm" className="mono">
              {route.endpoint}
            </Text>
            <Copy text={route.endpoint ?? ''} what="endpoint" />
            <Button
              size="compact-sm"
              renderRoot={(props) => <Link to="/playground" search={{ route: route.id }} {...props} />}
            >
              Open Playground
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              renderRoot={(props) => <Link to="/connect" search={{ route: route.id }} {...props} />}
            >
              Connect a client
            </Button>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}

export function Overview() {
  const model = useModel();
  const runtime = useRuntime().data;
  const hasFigures = useCan('events');
  const targets = useTargets().data ?? [];
  if (!model.data) return <Waiting error={model.error} />;
  const { counts } = model.data;
  const up = targets.filter((target) => target.state === 'up').length;
  return (
    <>
      <PageHead
        title="Overview"
        about={
          runtime
            ? `Version ${runtime.version}, up ${agoText(runtime.uptimeSeconds)}, configured by ${runtime.config.path ?? sourceText[runtime.config.source]}`
            : ' '
        }
      />
      <Stack>
        <SimpleGrid cols={{ base: 2, sm: 3, lg: 5 }}>
          <Count
            to="/listeners"
            label={counts.listeners === 1 ? 'Listener' : 'Listeners'}
            count={counts.listeners}
          />
          <Count to="/routes" label={counts.routes === 1 ? 'Route' : 'Routes'} count={counts.routes} />
          <Count
            to="/backends"
            label={counts.backends === 1 ? 'Backend' : 'Backends'}
            count={counts.backends}
          />
          <Count
            to="/backends"
            label={`${counts.targets === 1 ? 'Target' : 'Targets'}${targets.length ? `, ${up} in use` : ''}`}
            count={counts.targets}
          />
          <Count
            to="/policies"
            label={counts.policies === 1 ? 'Policy' : 'Policies'}
            count={counts.policies}
          />
        </SimpleGrid>
        <Grid>
          <Grid.Col span={{ base: 12, lg: hasFigures ? 7 : 12 }}>
            <Attention />
          </Grid.Col>
          {hasFigures && (
            <Grid.Col span={{ base: 12, lg: 5 }}>
              <Decisions />
            </Grid.Col>
          )}
        </Grid>
        <TryIt model={model.data} />
      </Stack>
    </>
  );
}
