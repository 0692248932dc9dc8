import { Anchor, Badge, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Code, Copy } from '../parts/feedback';
import type { Told } from './errors';

export type Answer = { ms: number; result?: unknown; error?: Told };

type Part = {
  type: string;
  text?: string;
  data?: string;
  mimeType?: string;
  uri?: string;
  name?: string;
  resource?: { uri?: string; text?: string; blob?: string; mimeType?: string };
};

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Pictures and sounds by an address of this page only; nothing of the server is ever run as HTML. */
function Media({ data, type }: { data: string; type: string }) {
  const [url, setUrl] = useState('');
  useEffect(() => {
    let made = '';
    try {
      made = URL.createObjectURL(new Blob([bytesOf(data)], { type }));
    } catch {
      // Not base64: nothing is shown.
    }
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [data, type]);
  if (!url) return null;
  if (/^image\/(png|jpeg|gif|webp|avif)$/.test(type))
    return <img src={url} alt="Sent by the server" style={{ maxWidth: '100%', maxHeight: 400 }} />;
  return (
    <Anchor href={url} download underline="always">
      Save ({type || 'bytes'})
    </Anchor>
  );
}

function PartView({ part }: { part: Part }) {
  if (part.type === 'text') return <Code label="Text" text={part.text ?? ''} />;
  if ((part.type === 'image' || part.type === 'audio') && part.data)
    return <Media data={part.data} type={part.mimeType ?? ''} />;
  const resource = part.type === 'resource' ? part.resource : undefined;
  if (resource?.text !== undefined) return <Code label={resource.uri ?? 'Resource'} text={resource.text} />;
  if (resource?.blob) return <Media data={resource.blob} type={resource.mimeType ?? ''} />;
  if (part.type === 'resource_link')
    return (
      <Text size="sm" className="wrap">
        Resource {part.name} <span className="mono">{part.uri}</span>
      </Text>
    );
  return <Code label={part.type} text={JSON.stringify(part, null, 2)} />;
}

type Shown = {
  content?: Part[];
  messages?: { role: string; content: Part | Part[] }[];
  contents?: { uri?: string; text?: string; blob?: string; mimeType?: string }[];
  structuredContent?: unknown;
  isError?: boolean;
};

function Rendered({ result }: { result: Shown }) {
  const parts = result.content ?? [];
  return (
    <Stack gap="xs">
      {parts.map((part, index) => (
        <PartView key={index} part={part} />
      ))}
      {result.messages?.map((message, index) => (
        <div key={index}>
          <Text size="sm" fw={600}>
            {message.role}
          </Text>
          {[message.content].flat().map((part, at) => (
            <PartView key={at} part={part} />
          ))}
        </div>
      ))}
      {result.contents?.map((one, index) => (
        <PartView key={index} part={{ type: 'resource', resource: one }} />
      ))}
      {!result.content && !result.messages && !result.contents && (
        <Code label="Result" text={JSON.stringify(result, null, 2)} />
      )}
    </Stack>
  );
}

/** The answer to a call: as text and pictures, as structured content, or as it came. */
export function Response({ answer, label = 'Response' }: { answer: Answer; label?: string }) {
  const [view, setView] = useState('rendered');
  const result = (answer.result ?? {}) as Shown;
  const raw = JSON.stringify(answer.result, null, 2) ?? '';
  const views = ['rendered', ...(result.structuredContent === undefined ? [] : ['structured']), 'raw'];
  const current = views.includes(view) ? view : 'rendered';
  if (answer.error) {
    return (
      <Stack gap="xs">
        <Group gap="xs">
          <Badge color="red" variant="light" tt="none">
            error
          </Badge>
          <Text size="sm" className="number">
            {answer.ms} ms
          </Text>
        </Group>
        <Text size="sm" fw={600}>
          {answer.error.title}
        </Text>
        <Code label={`${label}: error`} text={answer.error.message} />
        {answer.error.hints.map((hint) => (
          <Text key={hint} size="sm">
            {hint}
          </Text>
        ))}
      </Stack>
    );
  }
  return (
    <Stack gap="xs">
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <Badge color={result.isError ? 'red' : 'teal'} variant="light" tt="none">
            {result.isError ? 'the tool reports an error' : 'result'}
          </Badge>
          <Text size="sm" className="number">
            {answer.ms} ms
          </Text>
          <Copy text={raw} what="the response" />
        </Group>
        <SegmentedControl
          size="xs"
          aria-label="View"
          value={current}
          onChange={setView}
          data={views.map((one) => ({
            value: one,
            label: one === 'rendered' ? 'Rendered' : one === 'raw' ? 'Raw' : 'Structured',
          }))}
        />
      </Group>
      {current === 'rendered' && <Rendered result={result} />}
      {current === 'structured' && (
        <Code label="Structured content" text={JSON.stringify(result.structuredContent, null, 2)} />
      )}
      {current === 'raw' && <Code label="Raw response" text={raw} />}
    </Stack>
  );
}
