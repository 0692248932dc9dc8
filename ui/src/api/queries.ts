import { QueryClient, queryOptions, useQuery } from '@tanstack/react-query';
import { api, tokenHeader } from './client';
import type { ConfigFile, Model, Recorded, Runtime, TargetState } from './types';

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: false,
      staleTime: 2_000,
      // The stream of events says when something has changed; asking is for when it is not there.
      refetchInterval: () => (events.isLive ? 30_000 : 2_000),
      refetchOnWindowFocus: true,
    },
  },
});

/** Whether the stream of events is open: the pages then need not ask again and again. */
export const events = { isLive: false };

const get = <T>(name: string, path: string) =>
  queryOptions({ queryKey: [name], queryFn: ({ signal }) => api<T>(path, { signal }) });

export const runtimeQuery = get<Runtime>('runtime', '/api/v1/runtime');
export const configQuery = get<ConfigFile>('config', '/api/v1/config');
export const modelQuery = get<Model>('model', '/api/v1/model');
export const targetsQuery = get<{ targets: TargetState[] }>('targets', '/api/v1/targets');

export const useRuntime = () => useQuery(runtimeQuery);
export const useConfigFile = () => useQuery(configQuery);
export const useModel = () => useQuery(modelQuery);
export const useCan = (what: string) => useRuntime().data?.capabilities.includes(what) ?? false;
/** What the gateway keeps of a request beside its row; it is not part of the stream, which many may read. */
export const recordedQuery = (event: string) =>
  queryOptions({
    queryKey: ['recorded', event],
    queryFn: ({ signal }) =>
      api<Recorded>(`/api/v1/traffic/${encodeURIComponent(event)}`, { headers: tokenHeader(), signal }),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    refetchInterval: false,
    refetchOnWindowFocus: false,
  });

/** States of targets, where the gateway tells them. */
export const useTargets = () =>
  useQuery({ ...targetsQuery, enabled: useCan('targets'), select: (all) => all.targets });

export const refreshConfiguration = () =>
  Promise.all([
    ...['runtime', 'config', 'model', 'targets', 'explain', 'history'].map((name) =>
      queryClient.invalidateQueries({ queryKey: [name] }),
    ),
    // A reload that switches the recording of arguments off forgets them: so does the page.
    queryClient.resetQueries({ queryKey: ['recorded'] }),
  ]);
