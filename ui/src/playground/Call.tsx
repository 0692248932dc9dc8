import { Badge, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useRef, useState } from 'react';
import { Card, Copy } from '../parts/feedback';
import { told } from './errors';
import type { Lane } from './lanes';
import { type Answer, Response } from './Response';
import { type FormState, formError, SchemaForm, valuesOf } from './SchemaForm';
import { argumentsOf, initialOf, type Schema } from './schema';

type Asked = { method: string; params: (values: Record<string, unknown>) => Record<string, unknown> };

/** One request for each caller, at the same time; answers by caller. */
function useCalls(endpoint: string) {
  const [answers, setAnswers] = useState<Record<number, Answer>>({});
  const [isRunning, setRunning] = useState(false);
  const abort = useRef<AbortController | null>(null);
  const run = async (lanes: Lane[], method: string, params: Record<string, unknown>) => {
    const controller = new AbortController();
    abort.current = controller;
    setRunning(true);
    setAnswers({});
    await Promise.all(
      lanes.map(async (lane) => {
        const begin = performance.now();
        const done = (part: Omit<Answer, 'ms'>) =>
          setAnswers((all) => ({
            ...all,
            [lane.id]: { ms: Math.round(performance.now() - begin), ...part },
          }));
        try {
          done({ result: await lane.session.request(method, params, controller.signal) });
        } catch (error) {
          done({ error: told(error, 'relay', endpoint) });
        }
      }),
    );
    setRunning(false);
  };
  return {
    answers,
    isRunning,
    run,
    cancel: () => abort.current?.abort(new Error('You have cancelled the call.')),
  };
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same call without this page. The token is a variable: it is never written down. */
function curlText(
  endpoint: string,
  method: string,
  params: Record<string, unknown>,
  hasToken: boolean,
): string {
  const headers = [
    "-H 'content-type: application/json'",
    "-H 'accept: application/json, text/event-stream'",
    ...(hasToken ? ['-H "authorization: Bearer $TOKEN"'] : []),
  ].join(' ');
  const hello = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'curl', version: '1' } },
  };
  return [
    `session=$(curl -sD - -o /dev/null ${headers} ${endpoint} -d ${quoted(JSON.stringify(hello))} | tr -d '\\r' | sed -n 's/^mcp-session-id: //ip')`,
    `curl -s ${headers} -H "mcp-session-id: $session" ${endpoint} -d ${quoted(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }))}`,
    `curl -s ${headers} -H "mcp-session-id: $session" ${endpoint} -d ${quoted(JSON.stringify({ jsonrpc: '2.0', id: 2, method, params }))}`,
  ].join('\n');
}

const hintWords: Record<string, string> = {
  readOnlyHint: 'read-only',
  destructiveHint: 'destructive',
  idempotentHint: 'idempotent',
  openWorldHint: 'open world',
};

/** A form, the button, and what came back: for a tool, a prompt or a resource. */
export function Call({
  title,
  description,
  annotations,
  schema,
  asked,
  button,
  lanes,
  endpoint,
}: {
  title: string;
  description?: string;
  annotations?: Record<string, unknown>;
  schema: Schema | undefined;
  asked: Asked;
  button: string;
  /** The callers that are connected and may. */
  lanes: Lane[];
  endpoint: string;
}) {
  const [form, setForm] = useState<FormState>(() => ({ values: initialOf(schema), isJson: false, text: '' }));
  const { answers, isRunning, run, cancel } = useCalls(endpoint);
  const error = formError(schema, form);
  const params = () => asked.params(argumentsOf(schema, valuesOf(form)));
  const canRun = lanes.length > 0 && error === '' && !isRunning;
  const start = async () => {
    if (!canRun) return;
    await run(lanes, asked.method, params());
    notifications.show({
      id: 'answered',
      message: asked.method === 'tools/call' ? `Tool ${title} executed.` : `${title}: answered.`,
    });
  };
  useHotkeys([['mod+Enter', () => void start()]], []);
  const hints = Object.entries(annotations ?? {}).filter(
    ([name, value]) => value === true && hintWords[name],
  );
  const answered = lanes.filter((lane) => answers[lane.id]);
  return (
    <Stack>
      <Card
        title={title}
        right={
          <Group gap={4}>
            {hints.map(([name]) => (
              <Badge key={name} size="sm" variant="light" tt="none">
                {hintWords[name]}
              </Badge>
            ))}
          </Group>
        }
      >
        <Stack gap="sm">
          {description && (
            <Text size="sm" c="dimmed" className="wrap" style={{ whiteSpace: 'pre-wrap' }}>
              {description}
            </Text>
          )}
          <SchemaForm schema={schema} state={form} onChange={setForm} />
          <Group gap="xs">
            <Button onClick={() => void start()} disabled={!canRun} loading={isRunning} title="Ctrl+Enter">
              {button}
            </Button>
            {isRunning && (
              <Button variant="default" onClick={cancel}>
                Cancel
              </Button>
            )}
            {error === '' && (
              <Group gap={2}>
                <Text size="sm" c="dimmed">
                  curl
                </Text>
                <Copy
                  text={curlText(endpoint, asked.method, params(), lanes[0]?.token !== '')}
                  what="as curl"
                />
              </Group>
            )}
            <Text size="sm" c="dimmed">
              {error}
            </Text>
          </Group>
        </Stack>
      </Card>
      <div aria-live="polite">
        {answered.length > 0 && (
          <Card title="Response">
            <SimpleGrid cols={{ base: 1, lg: answered.length > 1 ? 2 : 1 }}>
              {answered.map((lane) => (
                <div key={lane.id}>
                  {lanes.length > 1 && (
                    <Text size="sm" fw={600} mb={4}>
                      {lane.name}
                    </Text>
                  )}
                  <Response answer={answers[lane.id] ?? { ms: 0 }} label={`Response of ${lane.name}`} />
                </div>
              ))}
            </SimpleGrid>
          </Card>
        )}
      </div>
    </Stack>
  );
}
