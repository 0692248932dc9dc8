// One value of the file, edited where it is seen: what is written around it stays as it is.
import { Button, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client';
import { refreshConfiguration, useCan, useConfigFile, useModel } from '../api/queries';
import type { ConfigFile, Position } from '../api/types';
import { type Scalar, scalarAt, withScalar } from '../editor/scalar';
import { Review, useJudgement } from './Review';
import { leavesOf, plain } from './values';

type Edited = { path: string; name: string; at: Position };

/** The values of the policy or target that stands there in a model. */
export function valuesIn(node: unknown, path: string): Map<string, string> | undefined {
  if (node === null || typeof node !== 'object') return undefined;
  const own = node as { path?: string; value?: unknown; settings?: { value?: unknown } };
  if (own.path === path && (own.settings !== undefined || own.value !== undefined))
    return new Map(leavesOf(own.settings?.value ?? own.value).map((leaf) => [leaf.key, plain(leaf.value)]));
  for (const child of Object.values(node)) {
    const found = valuesIn(child, path);
    if (found) return found;
  }
  return undefined;
}

/** Whether an edit of that one value changes others beside it, or removes it: what is typed was not what is read. */
export function isMisread(before: Map<string, string>, after: Map<string, string> | undefined, name: string) {
  if (!after?.has(name)) return true;
  return [...new Set([...before.keys(), ...after.keys()])].some(
    (key) => key !== name && before.get(key) !== after.get(key),
  );
}

function Form({
  file,
  edited,
  scalar,
  onDone,
}: {
  file: ConfigFile;
  edited: Edited;
  scalar: Scalar;
  onDone: () => void;
}) {
  // A change underneath is noticed against what the form was opened with.
  const [base] = useState({ text: file.text, etag: file.etag, scalar });
  const [value, setValue] = useState(scalar.value);
  const isChanged = value !== base.scalar.value;
  const text = isChanged ? withScalar(base.text, base.scalar, value) : base.text;
  const judged = useJudgement(text, isChanged);
  const save = useMutation({
    mutationFn: () =>
      api('/api/v1/config', {
        method: 'PUT',
        body: { text },
        headers: { 'if-match': `"${base.etag}"` },
      }),
    onSuccess: async () => {
      onDone();
      notifications.show({ message: 'Saved. The gateway loads it now.' });
      await refreshConfiguration();
    },
  });
  const before = valuesIn(useModel().data, edited.path);
  const isSettled = !judged.isFetching && !judged.isPlaceholderData;
  return (
    <Stack>
      <TextInput
        label={edited.name}
        description={edited.path}
        value={value}
        data-autofocus
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      {isChanged ? (
        <Review
          before={base.text}
          text={text}
          judged={judged.data}
          isSaving={save.isPending}
          error={save.error}
          objection={
            isSettled &&
            judged.data?.valid &&
            before &&
            isMisread(before, valuesIn(judged.data.model, edited.path), edited.name)
              ? 'The gateway would read something else there than was typed: edit it on the page Config.'
              : undefined
          }
          onSave={() => isSettled && save.mutate()}
        />
      ) : (
        <Text size="sm" c="dimmed">
          Nothing is changed yet.
        </Text>
      )}
    </Stack>
  );
}

/** A button for a value that is written as one scalar on one line of the file that runs. */
export function EditValue({ path, name, at }: Edited) {
  const file = useConfigFile().data;
  const canWrite = useCan('config.write');
  const [isOpen, { open, close }] = useDisclosure();
  if (!file || !canWrite || file.readOnly.is || file.file.state !== 'ok') return null;
  const scalar = scalarAt(file.text, at, name);
  if (!scalar && !isOpen) return null;
  return (
    <>
      <Button size="compact-xs" variant="default" onClick={open} aria-label={`Edit ${name}`}>
        Edit
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        size="xl"
        title={`Edit ${name}`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {scalar && <Form file={file} edited={{ path, name, at }} scalar={scalar} onDone={close} />}
      </Modal>
    </>
  );
}
