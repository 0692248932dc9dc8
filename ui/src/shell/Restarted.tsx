import { Alert, Button, Group, Text } from '@mantine/core';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';
import { useRuntime } from '../api/queries';

/** A page of an ended process has the wrong token: it can look, and change nothing. */
export function Restarted() {
  const started = useRuntime().data?.startedAt;
  const [first, setFirst] = useState(started);
  if (started && !first) setFirst(started);
  if (!started || !first || started === first) return null;
  return (
    <Alert
      variant="light"
      color="yellow"
      mb="md"
      icon={<RotateCw size={18} />}
      title="The gateway has been restarted"
    >
      <Group gap="sm">
        <Text size="sm">
          This page belongs to the process before. What is written in it is lost when it is loaded anew.
        </Text>
        <Button size="xs" onClick={() => window.location.reload()}>
          Reload
        </Button>
      </Group>
    </Alert>
  );
}
