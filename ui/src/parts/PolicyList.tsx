import { Accordion, Badge, Group, Text } from '@mantine/core';
import type { Policy } from '../api/types';
import { summaryOf } from '../model';
import { EditPart, hasRules } from './EditParts';
import { Line } from './Line';
import { SettingsTable } from './Settings';

/** Policies as they are in force, each with its values and where they come from. */
export function PolicyList({ policies }: { policies: Policy[] }) {
  if (policies.length === 0)
    return (
      <Text size="sm" c="dimmed">
        No policies.
      </Text>
    );
  return (
    <Accordion variant="separated" multiple chevronPosition="left" order={3}>
      {policies.map((policy) => (
        <Accordion.Item key={policy.path} value={policy.path}>
          <Accordion.Control>
            <Group gap="xs">
              <Text fw={600} size="sm">
                {policy.kind}
              </Text>
              <Text size="sm" c="dimmed">
                {summaryOf(policy)}
              </Text>
              <Badge size="sm" variant="light" color="gray" tt="none">
                of the {policy.from}
              </Badge>
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <Group justify="space-between" mb="xs">
              <Text size="sm" className="wrap">
                <span className="mono">{policy.path}</span> <Line at={policy} />
              </Text>
              <EditPart
                part={{ path: policy.path, name: policy.kind, at: policy }}
                form={hasRules(policy.kind) ? 'rules' : 'members'}
              />
            </Group>
            <SettingsTable
              value={policy.value}
              origins={policy.origins ?? {}}
              label={`Values of ${policy.kind}`}
              path={policy.path}
            />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
