import { QueryObserver } from '@tanstack/react-query';
import { afterEach, expect, test } from 'vitest';
import { queryClient, recordedQuery, refreshConfiguration } from './queries';

afterEach(() => queryClient.clear());

test('what is kept of a request is asked for again when the configuration has changed', async () => {
  let kept = 'arguments';
  const shown = new QueryObserver<string>(queryClient, {
    queryKey: [...recordedQuery('1-1').queryKey],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => kept,
  });
  const seen: unknown[] = [];
  const leave = shown.subscribe(({ data }) => seen.push(data));
  await expect.poll(() => shown.getCurrentResult().data).toBe('arguments');
  queryClient.setQueryData(['recorded', '1-2'], 'arguments of a page that was left');

  kept = 'nothing';
  await refreshConfiguration();
  expect(queryClient.getQueryData(['recorded', '1-2'])).toBeUndefined();
  expect(shown.getCurrentResult().data).toBe('nothing');
  expect(seen).toContain(undefined);
  leave();
});
