// Buttons that open the forms for lists and added members; the forms, which read YAML, are loaded when wanted.
import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { lazy, Suspense, useState } from 'react';
import { useCan, useConfigFile } from '../api/queries';
import type { ConfigFile, Position } from '../api/types';
import { Waiting } from './feedback';

/** What is edited: its path in the model, where it is written, and the key it is written under. */
export type Part = {
  path: string;
  name: string;
  at: Position;
  /** If it is a member of what has the path. */
  within?: string;
};
export type PartForm = { part: Part; file: ConfigFile; onDone: () => void };

const forms = {
  rules: lazy(() => import('./RulesForm')),
  members: lazy(() => import('./MembersForm')),
};

export function EditPart({ part, form, of }: { part: Part; form: keyof typeof forms; of?: string }) {
  const file = useConfigFile().data;
  const canWrite = useCan('config.write');
  const [isOpen, { open, close }] = useDisclosure();
  // As it was when the form was opened.
  const [opened, setOpened] = useState<Omit<PartForm, 'onDone'> | null>(null);
  if (!file || !canWrite || file.readOnly.is || file.file.state !== 'ok') return null;
  const Form = forms[form];
  const title =
    form === 'rules' ? `Edit the rules of ${part.name}` : `Edit ${part.name}${of ? ` of ${of}` : ''}`;
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => {
          setOpened({ part, file });
          open();
        }}
      >
        {title}
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        size="xl"
        title={title}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Suspense fallback={<Waiting />}>{opened && <Form {...opened} onDone={close} />}</Suspense>
      </Modal>
    </>
  );
}

export const hasRules = (kind: string) => kind === 'authorization' || kind === 'mcpAuthorization';
