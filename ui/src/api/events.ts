// One stream of events for all pages. Without it (an older build, a broken connection) the queries ask.
import { useEffect, useSyncExternalStore } from 'react';
import { events, queryClient, refreshConfiguration } from './queries';
import type { Metrics, Traffic } from './types';

const keptTraffic = 2000;
const keptMetrics = 180;

/** `event` is what the gateway knows the request by. */
export type TrafficRow = Traffic & { id: number; event: string };

/** What the stream has brought since the page was opened, bounded. */
class Feed {
  traffic: TrafficRow[] = [];
  metrics: Metrics[] = [];
  /** Requests that came faster than they could be told of. */
  lost = 0;
  private listeners = new Set<() => void>();
  private counted = 0;
  private version = 0;
  private scheduled = false;

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  snapshot = () => this.version;

  add(row: Traffic, event: string) {
    this.traffic.push({ ...row, id: this.counted++, event });
    if (this.traffic.length > keptTraffic) this.traffic = this.traffic.slice(-keptTraffic);
    this.tell();
  }

  measure(row: Metrics) {
    this.metrics = [...this.metrics.slice(-keptMetrics + 1), row];
    this.tell();
  }

  lose(count: number) {
    this.lost += count;
    this.tell();
  }

  clearTraffic() {
    this.traffic = [];
    this.lost = 0;
    this.tell();
  }

  // Many rows a second must not be as many renderings.
  private tell() {
    if (this.scheduled) return;
    this.scheduled = true;
    setTimeout(() => {
      this.scheduled = false;
      this.version++;
      for (const listener of this.listeners) listener();
    }, 150);
  }
}

export const feed = new Feed();

export function useFeed() {
  useSyncExternalStore(feed.subscribe, feed.snapshot);
  return feed;
}

const parsed = <T>(event: Event): T | null => {
  try {
    return JSON.parse((event as MessageEvent<string>).data) as T;
  } catch {
    return null;
  }
};

// A browser opens few connections to one server: pages that nobody looks at must not take them all.
const keptWhenHidden = 10_000;
const refusedFor = 5_000;
const isOfTraffic = () => window.location.pathname.endsWith('/traffic');

/** The stream, which goes on behind the last event when it is opened again. */
class Stream {
  private source: EventSource | null = null;
  private last = '';
  private retry: ReturnType<typeof setTimeout> | undefined;

  open() {
    clearTimeout(this.retry);
    if (this.source) return;
    const source = new EventSource(
      this.last ? `/api/v1/events?since=${encodeURIComponent(this.last)}` : '/api/v1/events',
    );
    this.source = source;
    const on = <T>(name: string, take: (data: T | null, id: string) => void) =>
      source.addEventListener(name, (event) => {
        const id = (event as MessageEvent<string>).lastEventId;
        if (id) this.last = id;
        take(parsed<T>(event), id);
      });
    source.addEventListener('open', () => {
      events.isLive = true;
    });
    source.addEventListener('error', () => {
      events.isLive = false;
      // Browsers try again after a broken connection, and not after a refusal.
      if (source.readyState !== EventSource.CLOSED || this.source !== source) return;
      this.source = null;
      this.retry = setTimeout(() => this.open(), refusedFor);
    });
    on<{ resumed?: boolean }>('hello', (hello) => {
      if (hello?.resumed !== true) void refreshConfiguration();
    });
    on('config', () => void refreshConfiguration());
    on('targets', () => void queryClient.invalidateQueries({ queryKey: ['targets'] }));
    on<Traffic>('traffic', (row, id) => row && feed.add(row, id));
    on<{ count?: number }>('lost', (lost) => feed.lose(lost?.count ?? 0));
    on<Metrics>('metrics', (row) => row && feed.measure(row));
  }

  close() {
    clearTimeout(this.retry);
    events.isLive = false;
    this.source?.close();
    this.source = null;
  }
}

/** Keeps the stream open while the page is there and looked at, or shows traffic. */
export function useEvents(isWanted: boolean) {
  useEffect(() => {
    if (!isWanted || typeof EventSource === 'undefined') return;
    const stream = new Stream();
    let hidden: ReturnType<typeof setTimeout> | undefined;
    const follow = () => {
      clearTimeout(hidden);
      if (document.visibilityState !== 'hidden') stream.open();
      else if (!isOfTraffic()) hidden = setTimeout(() => stream.close(), keptWhenHidden);
    };
    stream.open();
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      clearTimeout(hidden);
      stream.close();
    };
  }, [isWanted]);
}
