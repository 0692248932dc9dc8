import { Anchor, Badge, Button, Popover, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleX, Lock } from 'lucide-react';
import { useConfigFile } from '../api/queries';
import { Problems } from './Problems';

/** What runs, and whether the file is that: in the header of every page. */
export function StateChip() {
  const config = useConfigFile().data;
  if (!config) return null;
  const revision = config.running.revision.slice(0, 7);
  const isGood = config.file.state === 'ok';
  const words = {
    ok: `running ${revision}`,
    rejected: `file has errors - still running ${revision}`,
    missing: `file is missing - still running ${revision}`,
  }[config.file.state];
  return (
    <Popover width={460} position="bottom-end" withArrow shadow="md">
      <Popover.Target>
        <Button
          variant="light"
          color={isGood ? 'teal' : 'red'}
          size="xs"
          h={34}
          data-state={config.file.state}
          leftSection={isGood ? <CircleCheck size={15} aria-hidden /> : <CircleX size={15} aria-hidden />}
          rightSection={config.readOnly.is ? <Lock size={14} aria-label="read-only" /> : null}
        >
          <span aria-live="polite">{words}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Text size="sm">
            Revision <span className="mono">{config.running.revision}</span> runs since{' '}
            {new Date(config.running.since).toLocaleString()}.
          </Text>
          {config.readOnly.is && (
            <Badge variant="light" color="gray">
              read-only: {config.readOnly.why}
            </Badge>
          )}
          {!isGood && <Problems problems={config.file.errors ?? []} />}
          <Anchor renderRoot={(props) => <Link to="/config" {...props} />} size="sm">
            Open the configuration
          </Anchor>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
