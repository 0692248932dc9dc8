import { Group, Text } from '@mantine/core';

/** A line of figures, with its last value in words: the picture is no more than that. */
export function Spark({ values, label, unit }: { values: number[]; label: string; unit: string }) {
  const last = values.at(-1);
  if (last === undefined || values.length < 2) return null;
  const [wide, high, most] = [240, 40, Math.max(...values, 1)];
  const points = values.map(
    (value, index) =>
      `${((index / (values.length - 1)) * wide).toFixed(1)},${(high - 2 - (value / most) * (high - 4)).toFixed(1)}`,
  );
  return (
    <Group gap="sm" wrap="nowrap" justify="space-between">
      <div>
        <Text size="sm">{label}</Text>
        <Text size="sm" fw={600} className="number">
          {Number(last.toFixed(1))} {unit}
        </Text>
      </div>
      <svg
        viewBox={`0 0 ${wide} ${high}`}
        width="60%"
        height={high}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <polyline
          points={points.join(' ')}
          fill="none"
          stroke="var(--mantine-color-indigo-filled)"
          strokeWidth={2}
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </Group>
  );
}
