// One value of the file, edited where it is seen: what is written around it stays as it is.
import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useCan, useConfigFile } from '../api/queries';
import type { ConfigFile, Position } from '../api/types';
import { type Scalar, scalarAt, withScalar } from '../editor/scalar';
import { Draft } from './Draft';
import { isMisread } from './values';

type Edited = { path: string; name: string; at: Position };

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
  const [base] = useState({ text: file.text, etag: file.etag, scalar });
  const [value, setValue] = useState(scalar.value);
  const text = value === base.scalar.value ? base.text : withScalar(base.text, base.scalar, value);
  return (
    <Stack>
      <TextInput
        label={edited.name}
        description={edited.path}
        value={value}
        data-autofocus
        onChange={(event) => setValue(event.currentTarget.value)}
      />
      <Draft
        base={base}
        text={text}
        path={edited.path}
        isMisread={(before, after) => isMisread(before, after, edited.name)}
        onDone={onDone}
      />
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
