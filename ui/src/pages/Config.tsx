import { Alert, Badge, Button, Group, Modal, Stack, Table, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { ApiError, api } from '../api/client';
import { refreshConfiguration, useCan, useConfigFile } from '../api/queries';
import type { ConfigFile, Problem } from '../api/types';
import { Editor, type Mark } from '../editor/Editor';
import { completionOf, type JsonSchema, wordsAt } from '../editor/schema';
import { Card, Failed, PageHead, Waiting, wordsOf } from '../parts/feedback';
import { Problems, problemText } from '../parts/Problems';
import { Review, useJudgement } from '../parts/Review';
import { Head } from '../parts/tables';

type Revision = { revision: string; since: string; bytes: number; isRunning: boolean };

/** Problems as marks in the text: to the end of their line. */
export function marksOf(text: string, problems: Problem[]): Mark[] {
  const begins = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) begins.push(at + 1);
  return problems
    .filter((problem) => problem.line >= 1 && problem.line <= begins.length)
    .map((problem) => {
      const begin = begins[problem.line - 1] ?? 0;
      const end = (begins[problem.line] ?? text.length + 1) - 1;
      return {
        from: Math.min(begin + Math.max(0, problem.column - 1), end),
        to: end,
        severity: problem.severity,
        message: problemText(problem),
      };
    });
}

function History({
  etag,
  canWrite,
  onRestored,
}: {
  etag: string;
  canWrite: boolean;
  onRestored: () => void;
}) {
  const history = useQuery({
    queryKey: ['history'],
    queryFn: ({ signal }) => api<{ revisions: Revision[] }>('/api/v1/config/history', { signal }),
  });
  const restore = useMutation({
    mutationFn: (revision: string) =>
      api(`/api/v1/config/history/${encodeURIComponent(revision)}/restore`, {
        method: 'POST',
        headers: { 'if-match': `"${etag}"` },
      }),
    onSuccess: onRestored,
    onError: (error) => notifications.show({ color: 'red', title: 'Not restored', message: wordsOf(error) }),
  });
  if (!history.data) return <Waiting error={history.error} />;
  return (
    <Table aria-label="Revisions">
      <Head names={['Revision', 'Since', 'Bytes', '']} />
      <Table.Tbody>
        {history.data.revisions.map((one) => (
          <Table.Tr key={`${one.revision} ${one.since}`}>
            <Table.Td className="mono">{one.revision.slice(0, 12)}</Table.Td>
            <Table.Td>{new Date(one.since).toLocaleString()}</Table.Td>
            <Table.Td className="number">{one.bytes}</Table.Td>
            <Table.Td>
              {one.isRunning ? (
                <Badge variant="light" color="teal" tt="none">
                  running
                </Badge>
              ) : (
                canWrite && (
                  <Button
                    size="compact-xs"
                    variant="default"
                    loading={restore.isPending}
                    onClick={() => restore.mutate(one.revision)}
                  >
                    Restore
                  </Button>
                )
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Bench({ file }: { file: ConfigFile }) {
  const wantedLine = useSearch({ strict: false }).line;
  const canWrite = useCan('config.write') && !file.readOnly.is;
  const canSeeHistory = useCan('config.history');
  // What the draft was made from: a change underneath is noticed against it.
  const [base, setBase] = useState({ text: file.text, etag: file.etag });
  const [text, setText] = useState(file.text);
  const [goTo, setGoTo] = useState<{ line: number } | null>(wantedLine ? { line: wantedLine } : null);
  const [isReviewing, { open, close }] = useDisclosure();
  const isChanged = text !== base.text;
  const schema = useQuery({
    queryKey: ['schema'],
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: false,
    queryFn: ({ signal }) => api<JsonSchema>('/api/v1/schema/config', { signal }),
  }).data;
  const judgement = useJudgement(text, isChanged);
  const problems = isChanged
    ? (judgement.data?.problems ?? [])
    : [...(file.file.errors ?? []), ...(file.warnings ?? [])];
  // biome-ignore lint/correctness/useExhaustiveDependencies: problems are a new array each time; their words tell
  const marks = useMemo(() => marksOf(text, problems), [text, JSON.stringify(problems)]);

  const take = (next: { text: string; etag: string }) => {
    setBase({ text: next.text, etag: next.etag });
    setText(next.text);
  };
  // An editor in which nothing was written follows the file.
  useEffect(() => {
    if (file.etag !== base.etag && text === base.text) {
      setBase({ text: file.text, etag: file.etag });
      setText(file.text);
    }
  }, [file, base, text]);
  useEffect(() => {
    if (wantedLine) setGoTo({ line: wantedLine });
  }, [wantedLine]);

  const save = useMutation({
    mutationFn: () =>
      api<{ etag: string }>('/api/v1/config', {
        method: 'PUT',
        body: { text },
        headers: { 'if-match': `"${base.etag}"` },
      }),
    onSuccess: async ({ etag }) => {
      setBase({ text, etag });
      close();
      notifications.show({ message: 'Saved. The gateway loads it now.' });
      await refreshConfiguration();
    },
  });
  const isConflict = save.error instanceof ApiError && save.error.status === 412;
  const isUnderneath = file.etag !== base.etag && isChanged && !save.isPending;
  return (
    <Stack>
      {file.file.state === 'rejected' && (
        <Alert
          color="red"
          variant="light"
          icon={<TriangleAlert size={18} />}
          title={`The file has errors; revision ${file.running.revision.slice(0, 7)} goes on running`}
        >
          <Problems problems={file.file.errors ?? []} onPick={(line) => setGoTo({ line })} />
        </Alert>
      )}
      {file.file.state === 'missing' && <Failed title="The file is missing" message="What runs goes on." />}
      {(isUnderneath || isConflict) && (
        <Alert
          color="yellow"
          variant="light"
          icon={<TriangleAlert size={18} />}
          title="The file has been changed by somebody else"
        >
          <Stack gap="xs" align="flex-start">
            <Text size="sm">
              Saving now would lose that change. Take the new file and make your edit again, or keep yours and
              review it against the new file.
            </Text>
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  save.reset();
                  take(file);
                }}
              >
                Take the new file
              </Button>
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  save.reset();
                  setBase({ text: file.text, etag: file.etag });
                }}
              >
                Keep my edit, on the new file
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      <Card
        title="YAML"
        right={
          <Group gap="xs">
            {file.readOnly.is && (
              <Badge variant="light" color="gray" tt="none">
                read-only: {file.readOnly.why}
              </Badge>
            )}
            {isChanged && (
              <Badge variant="light" color="orange" tt="none">
                not saved
              </Badge>
            )}
            <Button size="xs" variant="default" disabled={!isChanged} onClick={() => setText(base.text)}>
              Discard
            </Button>
            <Button
              size="xs"
              disabled={!isChanged || !canWrite || isUnderneath}
              onClick={() => {
                save.reset();
                open();
              }}
            >
              Review and save
            </Button>
          </Group>
        }
      >
        <Editor
          label="Configuration"
          language="yaml"
          value={text}
          isReadOnly={!canWrite}
          marks={marks}
          goTo={goTo}
          onChange={setText}
          onRun={() => isChanged && canWrite && open()}
          complete={completionSource(schema)}
          explain={(all, at) => wordsAt(schema, all, at)}
        />
      </Card>
      <Card
        title="Problems"
        right={
          <Text size="sm" c="dimmed" role="status">
            {isChanged ? (judgement.data?.valid === false ? 'not valid' : judgement.data ? 'valid' : '') : ''}
          </Text>
        }
      >
        {judgement.error && <Failed title="Not judged" message={wordsOf(judgement.error)} />}
        {problems.length === 0 ? (
          <Text size="sm" c="dimmed">
            None.
          </Text>
        ) : (
          <Problems problems={problems} onPick={(line) => setGoTo({ line })} />
        )}
      </Card>
      {canSeeHistory && (
        <Card title="History" about="Since this process has started">
          <History etag={file.etag} canWrite={canWrite} onRestored={() => void refreshConfiguration()} />
        </Card>
      )}
      <Modal
        opened={isReviewing}
        onClose={close}
        size="xl"
        title="Review and save"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Review
          before={base.text}
          text={text}
          judged={judgement.data}
          isSaving={save.isPending}
          error={save.error}
          onSave={() => save.mutate()}
        />
      </Modal>
    </Stack>
  );
}

// The schema comes after the editor is made: it is looked up at each completion.
let known: JsonSchema | undefined;
const complete = completionOf(() => known);
function completionSource(schema: JsonSchema | undefined) {
  known = schema;
  return complete;
}

export function Config() {
  const file = useConfigFile();
  return (
    <>
      <PageHead
        title="Config"
        about="The file as it is written: comments and layout stay, and nothing is saved that the gateway would not run"
      />
      {file.data ? <Bench file={file.data} /> : <Waiting error={file.error} />}
    </>
  );
}
