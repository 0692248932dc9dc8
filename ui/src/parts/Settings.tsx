import { Table, Text } from '@mantine/core';
import { Line } from './Line';

type Row = { key: string; value: unknown };

/** Leaves of a value by the path of their keys, as the gateway names them in `origins`. */
export function leavesOf(value: unknown, prefix = ''): Row[] {
  if (value === null || typeof value !== 'object') return [{ key: prefix, value }];
  if (Array.isArray(value)) {
    if (value.every((one) => one === null || typeof one !== 'object')) return [{ key: prefix, value }];
    return value.flatMap((one, index) => leavesOf(one, `${prefix}[${index}]`));
  }
  return Object.entries(value).flatMap(([key, one]) =>
    leavesOf(one, prefix === '' ? key : `${prefix}.${key}`),
  );
}

export function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join(', ');
  if (value === null || value === undefined) return 'none';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/**
 * Where a value is written: itself, or what holds it and was written as a whole, as a list is. What others of the
 * same object are written beside is a default.
 */
export function originOf(origins: Record<string, { line: number; column: number }>, key: string) {
  for (let path = key; path !== ''; path = path.replace(/(\[\d+\]|\.?[^.[\]]+)$/, '')) {
    const found = origins[path];
    if (!found) continue;
    const isWhole =
      path === key ||
      !Object.keys(origins).some((one) => one.startsWith(path) && /^[.[]/.test(one.slice(path.length)));
    return isWhole ? found : undefined;
  }
  return undefined;
}

/** Each effective value and where it comes from. */
export function SettingsTable({
  value,
  origins,
  label,
  isBrief,
}: {
  value: unknown;
  origins: Record<string, { line: number; column: number }>;
  label: string;
  isBrief?: boolean;
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
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Setting</Table.Th>
          <Table.Th scope="col">Value</Table.Th>
          <Table.Th scope="col">From</Table.Th>
        </Table.Tr>
      </Table.Thead>
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
                  <Line at={at} />
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
