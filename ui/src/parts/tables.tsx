// What many tables have: the head with its names, and a row with a fact.
import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** The first row; a column whose name is empty has none. `rowIndex` is for tables that do not hold all their rows. */
export function Head({ names, rowIndex }: { names: ReactNode[]; rowIndex?: number }) {
  return (
    <Table.Thead>
      <Table.Tr aria-rowindex={rowIndex}>
        {names.map((name, column) =>
          name === '' ? (
            <Table.Td key={column} />
          ) : (
            <Table.Th key={column} scope="col">
              {name}
            </Table.Th>
          ),
        )}
      </Table.Tr>
    </Table.Thead>
  );
}

export function Fact({
  name,
  children,
  className,
}: {
  name: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <Table.Tr>
      <Table.Th scope="row">{name}</Table.Th>
      <Table.Td className={className}>{children}</Table.Td>
    </Table.Tr>
  );
}
