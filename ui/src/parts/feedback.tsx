import { ActionIcon, Alert, CopyButton, Loader, Paper, Stack, Text, Title, Tooltip } from '@mantine/core';
import { Check, Copy as CopyIcon, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client';

export function Failed({ title, message }: { title: string; message: string }) {
  return (
    <Alert color="red" variant="light" title={title} icon={<TriangleAlert size={18} />} role="alert">
      <Text size="sm" className="wrap">
        {message}
      </Text>
    </Alert>
  );
}

export const wordsOf = (error: unknown) =>
  error instanceof ApiError || error instanceof Error ? error.message : String(error);

/** What there is to say while a query has nothing to show. */
export function Waiting({ error }: { error?: unknown }) {
  if (error) return <Failed title="No answer" message={wordsOf(error)} />;
  return <Loader aria-label="Loading" size="sm" />;
}

export function PageHead({
  title,
  about,
  children,
}: {
  title: string;
  about: ReactNode;
  children?: ReactNode;
}) {
  return (
    <Stack gap={2} mb="md">
      <Title order={1} size="h2">
        {title}
      </Title>
      <Text c="dimmed" size="sm" component="div">
        {about}
      </Text>
      {children}
    </Stack>
  );
}

export function Card({
  title,
  children,
  about,
  right,
  level = 2,
  label = title,
}: {
  title?: string;
  /** What tells it from others of the same title. */
  label?: string;
  children: ReactNode;
  about?: string;
  right?: ReactNode;
  level?: 2 | 3;
}) {
  return (
    <Paper withBorder p="md" component="section" aria-label={label}>
      {title && (
        <Stack gap={0} mb="sm">
          <div style={{ display: 'flex', justifyContent: 'space-between', alignItems: 'center', gap: 12 }}>
            <Title order={level} size="h4">
              {title}
            </Title>
            {right}
          </div>
          {about && (
            <Text size="sm" c="dimmed">
              {about}
            </Text>
          )}
        </Stack>
      )}
      {children}
    </Paper>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${what}`}>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={`Copy ${what}`}>
            {copied ? <Check size={14} /> : <CopyIcon size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** Text with lines as they are; keyboards can scroll it. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <pre className="code" tabIndex={0} role="region" aria-label={label}>
      {text}
    </pre>
  );
}
