import { Table, Text } from '@mantine/core';
import type { Step } from '../api/types';

/** An expression and the value of each of its parts. */
export function Steps({ expression, steps }: { expression: string; steps: Step[] }) {
  const parts = steps.filter((step) => step.depth > 0 || steps.length === 1);
  return (
    <div>
      <Text size="sm" className="mono">
        {expression}
      </Text>
      {parts.length > 0 && (
        <Table withRowBorders={false} verticalSpacing={2} aria-label={`Values of the parts of ${expression}`}>
          <Table.Tbody>
            {parts.map((step, index) => (
              <Table.Tr key={index}>
                <Table.Td className="mono" style={{ paddingLeft: 8 + step.depth * 14 }}>
                  {step.text}
                </Table.Td>
                <Table.Td className="mono">
                  {step.isEvaluated ? `${step.isError ? 'error: ' : ''}${step.result}` : 'not evaluated'}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </div>
  );
}
