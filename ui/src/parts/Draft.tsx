import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import { refreshConfiguration, useModel } from '../api/queries';
import { Review, useJudgement } from './Review';
import { valuesIn } from './values';

/** What a form was opened with: a change underneath is noticed against it. */
export type Base = { text: string; etag: string };

/** What a form would write: judged by the gateway, compared, and saved if nobody has saved in between. */
export function Draft({
  base,
  text,
  path,
  isMisread,
  onDone,
}: {
  base: Base;
  text: string;
  /** Of the policy or target that is edited. */
  path: string;
  /** Whether the gateway reads something else there than was meant. */
  isMisread: (before: Map<string, string>, after: Map<string, string> | undefined) => boolean;
  onDone: () => void;
}) {
  const isChanged = text !== base.text;
  const judged = useJudgement(text, isChanged);
  const save = useMutation({
    mutationFn: () =>
      api('/api/v1/config', { method: 'PUT', body: { text }, headers: { 'if-match': `"${base.etag}"` } }),
    onSuccess: async () => {
      onDone();
      notifications.show({ message: 'Saved. The gateway loads it now.' });
      await refreshConfiguration();
    },
  });
  const before = valuesIn(useModel().data, path);
  const isSettled = !judged.isFetching && !judged.isPlaceholderData;
  if (!isChanged)
    return (
      <Text size="sm" c="dimmed">
        Nothing is changed yet.
      </Text>
    );
  return (
    <Review
      before={base.text}
      text={text}
      judged={judged.data}
      isSaving={save.isPending}
      error={save.error}
      objection={
        isSettled && judged.data?.valid && before && isMisread(before, valuesIn(judged.data.model, path))
          ? 'The gateway would read something else there than was typed: edit it on the page Config.'
          : undefined
      }
      onSave={() => isSettled && save.mutate()}
    />
  );
}
