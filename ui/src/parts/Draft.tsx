import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import { refreshConfiguration, useModel } from '../api/queries';
import { Failed } from './feedback';
import { Review, useJudgement } from './Review';
import { differenceOf, valuesBeside, valuesIn } from './values';

/** What a form was opened with: a change underneath is noticed against it. */
export type Base = { text: string; etag: string };

/** Instead of a draft: what it would take is for the editor. */
export const Unwritable = () => (
  <Failed
    title="Not here"
    message="The file is written so that only the page Config can change this: with an anchor that is used elsewhere, or with comments or line breaks that would come to mean something else."
  />
);

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
  const model = useModel().data;
  const before = valuesIn(model, path);
  const isSettled = !judged.isFetching && !judged.isPlaceholderData;
  const objectionTo = (draft: unknown) => {
    if (before && isMisread(before, valuesIn(draft, path)))
      return 'The gateway would read something else there than was typed: edit it on the page Config.';
    const place = differenceOf(valuesBeside(model, path), valuesBeside(draft, path));
    return place === null ? undefined : `This would change ${place}, too: edit it on the page Config.`;
  };
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
      objection={isSettled && judged.data?.valid ? objectionTo(judged.data.model) : undefined}
      onSave={() => isSettled && save.mutate()}
    />
  );
}
