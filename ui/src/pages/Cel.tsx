import { Alert, Badge, Button, Grid, Group, Select, Stack, Switch, Table, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useMemo, useState } from 'react';
import { api } from '../api/client';
import { useFeed } from '../api/events';
import { queryClient, recordedQuery, useModel } from '../api/queries';
import type { CelAnswer } from '../api/types';
import { Editor } from '../editor/Editor';
import { routesOf } from '../model';
import { Card, Failed, PageHead, wordsOf } from '../parts/feedback';
import { Line } from '../parts/Line';
import { Scroll } from '../parts/Scroll';
import { Steps } from '../parts/Steps';

type Variables = {
  variables: { path: string; type: string; phase?: string; doc?: string }[];
  functions: string[];
};

const call = (name: string, jwt?: Record<string, unknown>) => ({
  ...(jwt ? { jwt } : {}),
  mcp: { methodName: 'tools/call', tool: { name, target: 'everything' } },
});

const samples: Record<string, { label: string; data: unknown }> = {
  anonymous: { label: 'Anonymous calls echo', data: call('echo') },
  user: { label: 'test-user calls add', data: call('add', { iss: 'agentgateway.dev', sub: 'test-user' }) },
  claim: {
    label: 'test-user with nested.key calls printEnv',
    data: call('printEnv', { iss: 'agentgateway.dev', sub: 'test-user', nested: { key: 'value' } }),
  },
};

function useEvaluation(expression: string, text: string, asRule: boolean) {
  const [[code, context]] = useDebouncedValue([expression, text] as const, 150);
  let data: unknown;
  try {
    data = JSON.parse(context);
  } catch {
    // Being written.
  }
  return useQuery<CelAnswer>({
    queryKey: ['cel', code, context, asRule],
    enabled: code.trim() !== '' && data !== undefined,
    refetchInterval: false,
    gcTime: 0,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      api<CelAnswer>('/api/v1/cel/eval', { body: { expression: code, data, asRule }, signal }),
  });
}

const isObject = (text: string) => {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
};

function rulesOf(model: ReturnType<typeof useModel>['data']) {
  return routesOf(model).flatMap(({ route }) =>
    route.policies.flatMap((policy) => {
      const rules = (policy.value as { rules?: unknown[] } | null)?.rules;
      if (!Array.isArray(rules)) return [];
      return rules.flatMap((rule, index) => {
        const text =
          typeof rule === 'string'
            ? rule
            : Object.values((rule ?? {}) as Record<string, unknown>).find((one) => typeof one === 'string');
        const at = policy.origins[`rules[${index}]`] ?? policy.origins.rules ?? policy;
        return typeof text === 'string'
          ? [{ text, kind: policy.kind, at, key: `${policy.path} ${index}` }]
          : [];
      });
    }),
  );
}

function Result({ answer, expression }: { answer: CelAnswer; expression: string }) {
  return (
    <Stack gap="sm">
      <Group gap="xs">
        <Badge variant="light" color={answer.error ? 'red' : 'teal'} tt="none">
          {answer.error ? 'error' : 'result'}
        </Badge>
        <Text className="mono" fw={600} data-result>
          {answer.error ?? answer.text}
        </Text>
      </Group>
      {answer.problems.map((problem, index) => (
        <Alert
          key={index}
          variant="light"
          color={problem.severity === 'error' ? 'red' : 'yellow'}
          icon={<TriangleAlert size={16} />}
          p="xs"
        >
          <Text size="sm">
            {problem.severity}: {problem.message}
            {problem.suggestion ? `, did you mean \`${problem.suggestion}\`?` : ''}
          </Text>
        </Alert>
      ))}
      <Steps expression={expression} steps={answer.steps} />
    </Stack>
  );
}

export function Cel() {
  const search = useSearch({ strict: false });
  const model = useModel().data;
  const feed = useFeed();
  const [expression, setExpression] = useState(
    search.expression ?? 'jwt.sub == "test-user" && mcp.tool.name == "add"',
  );
  const [data, setData] = useState(JSON.stringify(samples.user?.data, null, 2));
  const [asRule, setAsRule] = useState(true);
  const known = useQuery({
    queryKey: ['schema', 'cel'],
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
    queryFn: ({ signal }) => api<Variables>('/api/v1/schema/cel', { signal }),
  }).data;
  const evaluation = useEvaluation(expression, data, asRule);
  const recorded = feed.traffic
    .filter((row) => row.name)
    .slice(-20)
    .reverse();
  const [notTaken, setNotTaken] = useState('');
  const takeRecorded = async (event: string) => {
    try {
      const kept = await queryClient.fetchQuery(recordedQuery(event));
      setData(JSON.stringify(kept.data, null, 2));
      setNotTaken('');
    } catch (error) {
      setNotTaken(wordsOf(error));
    }
  };
  const rules = rulesOf(model);
  const problems = evaluation.data?.problems;
  const marks = useMemo(
    () =>
      (problems ?? []).map((one) => ({
        from: one.begin,
        to: one.end,
        severity: one.severity === 'error' ? ('error' as const) : ('warning' as const),
        message: one.message,
      })),
    [problems],
  );
  const options = useMemo(
    () => [
      ...(known?.variables ?? []).map((one) => ({
        label: one.path,
        type: 'variable',
        detail: one.type,
        info: one.doc,
      })),
      ...(known?.functions ?? []).map((name) => ({ label: name, type: 'function' })),
    ],
    [known],
  );
  return (
    <>
      <PageHead title="CEL" about="Try an expression as a rule sees it" />
      <Grid>
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack>
            <Card
              title="Expression"
              right={
                <Switch
                  size="sm"
                  label="judge as a rule for MCP"
                  checked={asRule}
                  onChange={(event) => setAsRule(event.currentTarget.checked)}
                />
              }
            >
              <Editor
                label="Expression"
                value={expression}
                onChange={setExpression}
                marks={marks}
                onRun={() => void evaluation.refetch()}
                complete={completeFrom(options)}
              />
            </Card>
            <Card title="Result">
              <div aria-live="polite">
                {evaluation.error && <Failed title="Not evaluated" message={wordsOf(evaluation.error)} />}
                {evaluation.data && !evaluation.error && (
                  <Result answer={evaluation.data} expression={expression} />
                )}
                {!isObject(data) && <Text size="sm">The data below is no JSON object yet.</Text>}
              </div>
            </Card>
            <Card
              title="Data"
              right={
                <Group gap="xs">
                  <Select
                    size="xs"
                    aria-label="Sample"
                    placeholder="Sample"
                    w={270}
                    data={Object.entries(samples).map(([value, { label }]) => ({ value, label }))}
                    value={null}
                    onChange={(key) => key && setData(JSON.stringify(samples[key]?.data, null, 2))}
                  />
                  {recorded.length > 0 && (
                    <Select
                      size="xs"
                      aria-label="Recorded call"
                      placeholder="Recorded call"
                      w={220}
                      value={null}
                      data={recorded.map((row) => ({
                        value: row.event,
                        label: `${row.subject ?? 'anonymous'}: ${row.name} ${row.decision ?? ''}`,
                      }))}
                      onChange={(event) => event && void takeRecorded(event)}
                    />
                  )}
                </Group>
              }
            >
              {notTaken && <Failed title="The recorded call cannot be taken" message={notTaken} />}
              <Editor label="Data" language="json" value={data} onChange={setData} />
            </Card>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack>
            <Card title="Rules of the configuration">
              {rules.length === 0 && (
                <Text size="sm" c="dimmed">
                  None.
                </Text>
              )}
              <Stack gap={6}>
                {rules.map((rule) => (
                  <Group key={rule.key} gap="xs" wrap="nowrap" align="flex-start">
                    <Button
                      size="compact-xs"
                      variant="default"
                      onClick={() => setExpression(rule.text)}
                      style={{ flex: 'none' }}
                    >
                      Try
                    </Button>
                    <Text size="sm" className="mono">
                      {rule.text} <Line at={rule.at} />
                    </Text>
                  </Group>
                ))}
              </Stack>
            </Card>
            {known && (
              <Card title="Variables">
                <Scroll label="List of variables" minWidth={260} maxHeight={420}>
                  <Table aria-label="Variables" verticalSpacing={4}>
                    <Table.Tbody>
                      {known.variables.map((one) => (
                        <Table.Tr key={one.path}>
                          <Table.Th scope="row" style={{ verticalAlign: 'top' }}>
                            <Text size="sm" className="mono words">
                              {one.path}
                            </Text>
                            <Text size="xs" c="dimmed">
                              {one.type}
                            </Text>
                          </Table.Th>
                          <Table.Td>
                            <Text size="sm">{one.doc}</Text>
                          </Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </Scroll>
              </Card>
            )}
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

type Option = { label: string; type: string; detail?: string; info?: string };
let offered: Option[] = [];
const complete = (context: {
  matchBefore: (pattern: RegExp) => { from: number; to: number } | null;
  explicit: boolean;
}) => {
  const word = context.matchBefore(/[\w.]*/);
  if (!word || (word.from === word.to && !context.explicit)) return null;
  return { from: word.from, options: offered };
};
function completeFrom(options: Option[]) {
  offered = options;
  return complete;
}
