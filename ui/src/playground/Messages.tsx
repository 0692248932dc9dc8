import {
  Badge,
  Button,
  Group,
  JsonInput,
  ScrollArea,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { useState } from 'react';
import { Card, Code, wordsOf } from '../parts/feedback';
import { clockText } from '../parts/time';
import type { Message, Session } from './session';

function save(messages: Message[]) {
  const lines = messages.map((message) =>
    JSON.stringify({
      time: new Date(message.at).toISOString(),
      direction: message.direction,
      ms: message.ms,
      message: message.body,
    }),
  );
  const url = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'application/jsonl' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'mcp-messages.jsonl';
  link.click();
  URL.revokeObjectURL(url);
}

const wordOf = (message: Message) => {
  if (message.isError) return 'error';
  if (message.method && 'method' in message.body) return 'id' in message.body ? 'request' : 'notice';
  return 'result';
};

function Resend({
  session,
  text,
  onChange,
}: {
  session: Session;
  text: string;
  onChange: (text: string) => void;
}) {
  const [said, setSaid] = useState('');
  const send = async () => {
    setSaid('');
    try {
      const { method, params } = JSON.parse(text) as { method: string; params?: Record<string, unknown> };
      await session.request(method, params ?? {});
      setSaid('Answered; see the last message.');
    } catch (error) {
      setSaid(wordsOf(error));
    }
  };
  return (
    <Stack gap="xs">
      <JsonInput label="Request to send" autosize minRows={4} maxRows={16} value={text} onChange={onChange} />
      <Group gap="xs">
        <Button size="xs" onClick={() => void send()}>
          Send
        </Button>
        <Text size="sm" className="wrap" aria-live="polite">
          {said}
        </Text>
      </Group>
    </Stack>
  );
}

/** What of a request one would write oneself: the client fills in the rest. */
function requestText(message: Message): string {
  const { method, params } = message.body as { method: string; params?: Record<string, unknown> };
  const { _meta: _, ...own } = params ?? {};
  return JSON.stringify({ method, params: own }, null, 2);
}

/** Every message of the connection, with replay. */
export function Messages({ session, messages }: { session: Session; messages: Message[] }) {
  const [filter, setFilter] = useState('');
  const [picked, pick] = useState<number | null>(null);
  const [resend, setResend] = useState<string | null>(null);
  const shown = messages.filter(
    (message) => filter === '' || JSON.stringify(message.body).toLowerCase().includes(filter.toLowerCase()),
  );
  const current = messages.find((message) => message.id === picked);
  const isRequest = current?.direction === 'out' && 'method' in current.body && 'id' in current.body;
  return (
    <Card
      title="Messages"
      right={
        <Text size="sm" c="dimmed">
          {messages.length}
        </Text>
      }
    >
      <Stack gap="sm">
        <Group gap="xs">
          <TextInput
            size="xs"
            aria-label="Filter messages"
            placeholder="Filter"
            value={filter}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          <Button size="xs" variant="default" disabled={messages.length === 0} onClick={() => save(messages)}>
            Export
          </Button>
          <Button
            size="xs"
            variant="default"
            disabled={messages.length === 0}
            onClick={() => session.clearMessages()}
          >
            Clear
          </Button>
        </Group>
        <ScrollArea.Autosize
          mah={260}
          type="auto"
          viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'List of messages' }}
        >
          {shown.map((message) => (
            <UnstyledButton
              key={message.id}
              className="pick"
              aria-pressed={message.id === picked}
              onClick={() => {
                pick(message.id === picked ? null : message.id);
                setResend(null);
              }}
            >
              <Group gap="xs" wrap="nowrap">
                <Text size="xs" c="dimmed" className="number">
                  {clockText(new Date(message.at).toISOString())}
                </Text>
                <Text size="sm" span>
                  {message.direction === 'out' ? '→' : '←'}
                </Text>
                <Text size="sm" span className="mono">
                  {message.method || 'answer'}
                </Text>
                <Badge size="sm" variant="light" tt="none" color={message.isError ? 'red' : 'gray'}>
                  {wordOf(message)}
                </Badge>
                {message.ms !== undefined && (
                  <Text size="xs" c="dimmed" className="number">
                    {message.ms} ms
                  </Text>
                )}
              </Group>
            </UnstyledButton>
          ))}
        </ScrollArea.Autosize>
        {current && <Code label="Message" text={JSON.stringify(current.body, null, 2)} />}
        {current && isRequest && (
          <Group gap="xs">
            <Button
              size="xs"
              variant="default"
              onClick={() => {
                const { method, params } = JSON.parse(requestText(current));
                void session.request(method, params).catch(() => {});
              }}
            >
              Replay
            </Button>
            <Button size="xs" variant="default" onClick={() => setResend(requestText(current))}>
              Edit and send
            </Button>
          </Group>
        )}
        {resend !== null && <Resend session={session} text={resend} onChange={setResend} />}
      </Stack>
    </Card>
  );
}
