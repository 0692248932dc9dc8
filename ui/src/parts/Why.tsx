import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import type { Cell, ExplainAsk, Explained, Identity, Rule, Subject } from '../api/types';
import { explain } from '../explain';
import { numberOf } from '../playground/Token';
import { Failed, Waiting } from './feedback';
import { Line } from './Line';
import { reasonText } from './reasons';
import { Steps } from './Steps';

export type Who = Identity & { id: number };

export const asked = (who: Who[]): Identity[] => who.map(({ id: _, ...identity }) => identity);
export const keyOf = (who: Who[]) =>
  who.map(
    (one) =>
      `${one.name} ${numberOf(one.token ?? '')} ${JSON.stringify(one.claims ?? null)} ${one.traffic ?? ''}`,
  );

export const useExplained = (what: string, ask: ExplainAsk | null, key: unknown[]) =>
  useQuery<Explained>({
    queryKey: ['explain', what, ...key],
    enabled: ask !== null,
    refetchInterval: false,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => explain(ask as ExplainAsk, signal),
  });

const outcomes: Record<string, { color: string; word: string }> = {
  true: { color: 'teal', word: '✓ true' },
  false: { color: 'gray', word: '– false' },
  error: { color: 'orange', word: '! error' },
};

function RuleView({
  rule,
  detail,
  outcome,
  onCel,
}: {
  rule: Rule;
  detail: NonNullable<Cell['rules']>[number] | undefined;
  outcome: string;
  onCel: () => void;
}) {
  const shown = outcomes[outcome] ?? { color: 'gray', word: outcome };
  return (
    <Stack gap={4} component="li">
      <Group gap="xs">
        <Text size="sm" fw={600}>
          r{rule.index + 1} {rule.mode}
        </Text>
        <Badge variant="light" color={shown.color} tt="none">
          {shown.word}
        </Badge>
        <Line at={rule} />
        <Button size="compact-xs" variant="default" onClick={onCel}>
          Try in CEL
        </Button>
      </Group>
      {detail ? (
        <Steps expression={rule.expression} steps={detail.steps} />
      ) : (
        <Text size="sm" className="mono">
          {rule.expression}
        </Text>
      )}
      {detail?.message && (
        <Text size="sm">
          {detail.message}
          {outcome === 'error' ? ' (an error never allows)' : ''}
        </Text>
      )}
    </Stack>
  );
}

/** Why a cell is as it is: each rule with the values of its parts, and what is missing. */
export function Why({
  route,
  who,
  subject,
}: {
  route: string;
  who: Who;
  subject: { kind: Subject['kind']; name: string };
}) {
  const navigate = useNavigate();
  const resources = { tools: [] as string[], prompts: [] as string[], resources: [] as string[] };
  resources[`${subject.kind}s`].push(subject.name);
  const ask: ExplainAsk = { route, identities: asked([who]), resources, details: true };
  const answer = useExplained('cell', ask, [route, ...keyOf([who]), subject.kind, subject.name]);
  // The answer to another question must not stand beside this one, however shortly.
  if (!answer.data || answer.isPlaceholderData) return <Waiting error={answer.error} />;
  const index = answer.data.subjects.findIndex((one) => one.name === subject.name);
  const cell = answer.data.cells[0]?.[Math.max(0, index)];
  const judged = answer.data.identities[0];
  if (!cell) return <Text size="sm">The gateway has no answer for it.</Text>;
  return (
    <Stack gap="sm">
      <Text size="sm" aria-live="polite">
        <b>{who.name}</b> and {subject.kind} <b>{subject.name}</b>:{' '}
        <b>{cell.decision === 'allow' ? 'allowed' : 'denied'}</b>, because {reasonText(cell.reason)}.
      </Text>
      {cell.isUndecided && (
        <Text size="sm">A rule looks at the arguments of the call, which are not known here.</Text>
      )}
      {judged && !judged.accepted && (
        <Failed title={`The caller is refused (${judged.status})`} message={judged.reason ?? ''} />
      )}
      <Stack gap="md" component="ol" p={0} m={0} style={{ listStyle: 'none' }}>
        {answer.data.rules.map((rule) => (
          <RuleView
            key={rule.index}
            rule={rule}
            outcome={cell.outcomes[rule.index] ?? ''}
            detail={cell.rules?.find((one) => one.index === rule.index)}
            onCel={() => void navigate({ to: '/cel', search: { expression: rule.expression } })}
          />
        ))}
      </Stack>
      {cell.nearest && (
        <Text size="sm">
          Nearest: rule {cell.nearest.rule + 1} needs{' '}
          {cell.nearest.missing
            .map(
              (one) =>
                `${one.what} = ${one.wants}${one.has === null || one.has === undefined ? ' (missing)' : ` (it is ${one.has})`}`,
            )
            .join(' and ')}
          .
        </Text>
      )}
      <Group gap="xs">
        {subject.kind === 'tool' && (
          <Button
            size="compact-sm"
            variant="default"
            renderRoot={(props) => (
              <Link to="/playground" search={{ route, tool: subject.name }} {...props} />
            )}
          >
            Open in the Playground
          </Button>
        )}
        <Text size="xs" c="dimmed">
          Revision {answer.data.revision.slice(0, 7)}
        </Text>
      </Group>
    </Stack>
  );
}
