import {
  ActionIcon,
  Badge,
  Button,
  Group,
  Menu,
  Modal,
  Select,
  Stack,
  Table,
  Text,
  Textarea,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus, X } from 'lucide-react';
import { useState } from 'react';
import { useFeed } from '../api/events';
import { useModel, useRuntime } from '../api/queries';
import type { Cell, Explained, Identity, Subject } from '../api/types';
import { matrixCsv, matrixMarkdown } from '../explain';
import { routesOf, titleOf } from '../model';
import { Card, Copy, Failed, PageHead, Waiting, wordsOf } from '../parts/feedback';
import { Head } from '../parts/tables';
import { asked, keyOf, useExplained, type Who, Why } from '../parts/Why';

type Kind = Subject['kind'];

/** Identities are kept in memory only; their place in the list of queries is a number. */
function useIdentities() {
  const demo = useRuntime().data?.demoTokens;
  const [own, setOwn] = useState<Who[]>([]);
  const [hidden, setHidden] = useState<string[]>([]);
  const given: Who[] = [
    { id: -1, name: 'anonymous' },
    ...(demo ?? []).map((one, index) => ({ id: -2 - index, name: one.name, token: one.token })),
  ];
  const all = [...given.filter((one) => !hidden.includes(one.name)), ...own];
  const add = (who: Identity) =>
    setOwn((list) => [...list, { ...who, id: list.reduce((most, one) => Math.max(most, one.id), 0) + 1 }]);
  const remove = (who: Who) =>
    who.id < 0
      ? setHidden((list) => [...list, who.name])
      : setOwn((list) => list.filter((one) => one.id !== who.id));
  return { all, add, remove };
}

function AddIdentity({ onAdd, onClose }: { onAdd: (who: Identity) => void; onClose: () => void }) {
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const given = text.trim();
  let claims: Record<string, unknown> | undefined;
  let error = '';
  if (given.startsWith('{')) {
    try {
      claims = JSON.parse(given) as Record<string, unknown>;
    } catch (problem) {
      error = wordsOf(problem);
    }
  }
  const isToken = given !== '' && !given.startsWith('{');
  const add = () => {
    const called = name.trim() || (isToken ? 'pasted token' : 'written claims');
    onAdd(isToken ? { name: called, token: given } : { name: called, claims: claims ?? {} });
    onClose();
  };
  return (
    <Stack>
      <TextInput
        label="Name"
        placeholder="alice"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
      <Textarea
        label="Token, or claims as JSON"
        description={
          'A token is checked as always. Claims are taken as they are, for example {"sub": "alice"}.'
        }
        autosize
        minRows={4}
        maxRows={12}
        value={text}
        error={error}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Button onClick={add} disabled={given === '' || error !== ''}>
        Add
      </Button>
    </Stack>
  );
}

function CellView({
  cell,
  isPicked,
  label,
  onPick,
}: {
  cell: Cell;
  isPicked: boolean;
  label: string;
  onPick: () => void;
}) {
  const isAllowed = cell.decision === 'allow';
  return (
    <UnstyledButton
      className="pick"
      style={{ textAlign: 'center' }}
      aria-pressed={isPicked}
      aria-label={label}
      onClick={onPick}
      data-decision={cell.decision}
    >
      <Badge variant="light" color={isAllowed ? 'teal' : 'red'} tt="none">
        {isAllowed ? '✓ allow' : '✕ deny'}
      </Badge>{' '}
      <Text span size="xs" c="dimmed">
        {cell.rule === null ? '' : `r${cell.rule + 1}`}
        {cell.isUndecided ? ' depends on the arguments' : ''}
      </Text>
    </UnstyledButton>
  );
}

function Matrix({
  found,
  indexes,
  who,
  picked,
  onPick,
  onRemove,
}: {
  found: Explained;
  indexes: number[];
  who: Who[];
  picked: { row: number; column: number } | null;
  onPick: (row: number, column: number) => void;
  onRemove: (who: Who) => void;
}) {
  // Arrows go through the cells, as in any table of buttons.
  const onKey = (event: React.KeyboardEvent) => {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    const from = (event.target as HTMLElement).closest<HTMLElement>('td[data-row]');
    if (!step || !from) return;
    event.preventDefault();
    const [row, column] = [Number(from.dataset.row) + step[0], Number(from.dataset.column) + step[1]];
    event.currentTarget
      .querySelector<HTMLElement>(`td[data-row="${row}"][data-column="${column}"] button`)
      ?.focus();
  };
  // Many things stand below each other, as there is more room that way.
  const isTall = indexes.length > 6;
  const heads = {
    identity: (row: number) => {
      const identity = found.identities[row];
      const one = who[row];
      return (
        <Group gap={4} wrap="nowrap" justify={isTall ? 'center' : undefined}>
          {identity?.name}
          {identity?.subject && identity.subject !== identity.name && (
            <Text span size="xs" c="dimmed">
              {identity.subject}
            </Text>
          )}
          {identity && !identity.accepted && (
            <Badge size="sm" color="red" variant="light" tt="none">
              refused {identity.status}
            </Badge>
          )}
          {one && who.length > 1 && (
            <ActionIcon
              size="xs"
              variant="subtle"
              color="gray"
              aria-label={`Remove ${identity?.name}`}
              onClick={() => onRemove(one)}
            >
              <X size={12} />
            </ActionIcon>
          )}
        </Group>
      );
    },
    thing: (index: number) => <span className="mono">{found.subjects[index]?.name}</span>,
  };
  const rows = found.identities.map((_, row) => row);
  const cell = (row: number, index: number) => {
    const one = found.cells[row]?.[index];
    const name = found.identities[row]?.name;
    return (
      one && (
        <CellView
          cell={one}
          isPicked={picked?.row === row && picked.column === index}
          onPick={() => onPick(row, index)}
          label={`${name}, ${found.subjects[index]?.name}: ${one.decision}${one.rule === null ? '' : `, rule ${one.rule + 1}`}`}
        />
      )
    );
  };
  const [down, across] = isTall ? [indexes, rows] : [rows, indexes];
  return (
    <Table.ScrollContainer minWidth={400}>
      <Table className="access" aria-label="Who can call what" onKeyDown={onKey} withColumnBorders>
        <Head
          names={[
            isTall ? 'Name' : 'Identity',
            ...across.map((index) => (isTall ? heads.identity(index) : heads.thing(index))),
          ]}
        />
        <Table.Tbody>
          {down.map((index, row) => (
            <Table.Tr key={index}>
              <Table.Th scope="row">{isTall ? heads.thing(index) : heads.identity(index)}</Table.Th>
              {across.map((other, column) => (
                <Table.Td key={other} data-row={row} data-column={column}>
                  {isTall ? cell(other, index) : cell(index, other)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function RecentSubjects({ onAdd, have }: { onAdd: (who: Identity) => void; have: Who[] }) {
  const subjects = [
    ...new Set(
      useFeed()
        .traffic.map((row) => row.subject)
        .filter((one): one is string => Boolean(one)),
    ),
  ]
    .filter((one) => !have.some((who) => who.name === one))
    .slice(0, 10);
  if (subjects.length === 0) return null;
  return (
    <Menu>
      <Menu.Target>
        <Button size="xs" variant="default">
          From recent traffic
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {subjects.map((sub) => (
          <Menu.Item key={sub} onClick={() => onAdd({ name: sub, claims: { sub } })}>
            {sub}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const kinds: { value: Kind; label: string }[] = [
  { value: 'tool', label: 'Tools' },
  { value: 'prompt', label: 'Prompts' },
  { value: 'resource', label: 'Resources' },
];

export function Access() {
  const model = useModel();
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const { all, add, remove } = useIdentities();
  const [kind, setKind] = useState<Kind>('tool');
  const [picked, pick] = useState<{ row: number; column: number } | null>(null);
  const [isAdding, { open, close }] = useDisclosure();
  const places = routesOf(model.data).filter((place) => place.route.kind === 'mcp');
  const place = places.find((one) => one.route.id === search.route) ?? places[0];
  const route = place?.route.id;
  const answer = useExplained('matrix', route ? { route, identities: asked(all), resources: 'all' } : null, [
    route,
    ...keyOf(all),
  ]);
  if (!model.data) return <Waiting error={model.error} />;
  const found = answer.data;
  const indexes = found?.subjects.flatMap((subject, index) => (subject.kind === kind ? [index] : [])) ?? [];
  const who = picked ? all[picked.row] : undefined;
  const subject = picked ? found?.subjects[picked.column] : undefined;
  return (
    <>
      <PageHead
        title="Who can call what"
        about="Identities and what they may use, with the rule that decides: the gateway's own answer, not a guess"
      />
      <Stack>
        <Card>
          <Group gap="sm" align="flex-end">
            <Select
              label="Route"
              w={260}
              allowDeselect={false}
              value={route ?? null}
              data={places.map((one) => ({ value: one.route.id, label: titleOf(one) }))}
              onChange={(next) => {
                pick(null);
                void navigate({ to: '/access', search: { route: next ?? undefined } });
              }}
            />
            <Select
              label="Kind"
              w={140}
              allowDeselect={false}
              value={kind}
              data={kinds}
              onChange={(next) => {
                pick(null);
                setKind((next ?? 'tool') as Kind);
              }}
            />
            <Button variant="default" leftSection={<Plus size={14} aria-hidden />} onClick={open}>
              Identity
            </Button>
            <RecentSubjects have={all} onAdd={add} />
            {found && (
              <Group gap={4}>
                <Text size="sm" c="dimmed">
                  CSV
                </Text>
                <Copy text={matrixCsv(found, indexes)} what="as CSV" />
                <Text size="sm" c="dimmed">
                  Markdown
                </Text>
                <Copy text={matrixMarkdown(found, indexes)} what="as Markdown" />
              </Group>
            )}
          </Group>
        </Card>
        {places.length === 0 && <Text>No route leads to an MCP backend.</Text>}
        {answer.error && <Failed title="No answer" message={wordsOf(answer.error)} />}
        {answer.isLoading && <Waiting />}
        {found && (
          <Card title={kinds.find((one) => one.value === kind)?.label}>
            {found.targetErrors && found.targetErrors.length > 0 && (
              <Stack gap="xs" mb="sm">
                {found.targetErrors.map((one) => (
                  <Failed
                    key={one.target}
                    title={`Target ${one.target} did not answer`}
                    message={one.message}
                  />
                ))}
              </Stack>
            )}
            {indexes.length === 0 ? (
              <Text size="sm" c="dimmed">
                None.
              </Text>
            ) : (
              <Matrix
                found={found}
                indexes={indexes}
                who={all}
                picked={picked}
                onPick={(row, column) => pick({ row, column })}
                onRemove={(one) => {
                  pick(null);
                  remove(one);
                }}
              />
            )}
          </Card>
        )}
        {found && route && who && subject && (
          <Card title="Why">
            <Why route={route} who={who} subject={subject} />
          </Card>
        )}
      </Stack>
      <Modal
        opened={isAdding}
        onClose={close}
        title="Add an identity"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <AddIdentity onAdd={add} onClose={close} />
      </Modal>
    </>
  );
}
