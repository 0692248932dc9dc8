import { Group, Table, Text } from '@mantine/core';
import { EditValue } from './EditValue';
import { Line } from './Line';
import { Head } from './tables';
import { leavesOf, originOf, plain } from './values';

/** Each effective value and where it comes from. */
export function SettingsTable({
  value,
  origins,
  label,
  isBrief,
  path,
}: {
  value: unknown;
  origins: Record<string, { line: number; column: number }>;
  label: string;
  isBrief?: boolean;
  /** Of what the values belong to, if they may be edited here. */
  path?: string;
}) {
  const rows = leavesOf(value).filter((row) => !isBrief || originOf(origins, row.key) || row.value !== null);
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        Nothing is set.
      </Text>
    );
  return (
    <Table aria-label={label} verticalSpacing={4} withRowBorders={false}>
      <Head names={['Setting', 'Value', 'From']} />
      <Table.Tbody>
        {rows.map((row) => {
          const at = originOf(origins, row.key);
          return (
            <Table.Tr key={row.key}>
              <Table.Td className="mono">{row.key}</Table.Td>
              <Table.Td className="mono">
                {at || row.value !== '<redacted>' ? plain(row.value) : 'none'}
              </Table.Td>
              <Table.Td>
                {at ? (
                  <Group gap="xs" wrap="nowrap">
                    <Line at={at} />
                    {path !== undefined && row.value !== '<redacted>' && (
                      <EditValue path={path} name={row.key} at={at} />
                    )}
                  </Group>
                ) : (
                  <Text size="sm" c="dimmed">
                    default
                  </Text>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}
