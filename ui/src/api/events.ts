// One stream of events for all pages. Without it (an older build, a broken connection) the queries ask.
import { useEffect, useSyncExternalStore } from 'react';
import { events, queryClient, refreshConfiguration } from './queries';
import type { Metrics, Traffic } from './types';

const keptTraffic = 2000;
const keptMetrics = 180;

export type TrafficRow = Traffic & { id: number };

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

  add(row: Traffic) {
    this.traffic.push({ ...row, id: this.counted++ });
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

/** Keeps the stream open while the page is there. */
export function useEvents(isWanted: boolean) {
  useEffect(() => {
    if (!isWanted || typeof EventSource === 'undefined') return;
    const source = new EventSource('/api/v1/events');
    source.addEventListener('open', () => {
      events.isLive = true;
    });
    source.addEventListener('error', () => {
      events.isLive = false;
    });
    source.addEventListener('hello', (event) => {
      if (parsed<{ resumed?: boolean }>(event)?.resumed !== true) void refreshConfiguration();
    });
    source.addEventListener('config', () => void refreshConfiguration());
    source.addEventListener('targets', () => void queryClient.invalidateQueries({ queryKey: ['targets'] }));
    source.addEventListener('traffic', (event) => {
      const row = parsed<Traffic>(event);
      if (row) feed.add(row);
    });
    source.addEventListener('lost', (event) => feed.lose(parsed<{ count?: number }>(event)?.count ?? 0));
    source.addEventListener('metrics', (event) => {
      const row = parsed<Metrics>(event);
      if (row) feed.measure(row);
    });
    return () => {
      events.isLive = false;
      source.close();
    };
  }, [isWanted]);
}
