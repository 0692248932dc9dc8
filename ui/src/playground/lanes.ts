// The callers that are compared: the first is the one of the card Testing.
import { useMemo, useState, useSyncExternalStore } from 'react';
import { Session, type State } from './session';

export type Lane = { id: number; name: string; token: string; session: Session };
export const mostLanes = 4;

/** The states of several sessions as one; rendered anew when any of them changes. */
export function useStates(lanes: Lane[]): State[] {
  const store = useMemo(() => {
    let last: State[] = [];
    return {
      subscribe: (listener: () => void) => {
        const ends = lanes.map((lane) => lane.session.subscribe(listener));
        return () => {
          for (const end of ends) end();
        };
      },
      snapshot: () => {
        const now = lanes.map((lane) => lane.session.snapshot());
        if (now.length !== last.length || now.some((state, index) => state !== last[index])) last = now;
        return last;
      },
    };
  }, [lanes]);
  return useSyncExternalStore(store.subscribe, store.snapshot);
}

export function useLanes() {
  const [lanes, setLanes] = useState<Lane[]>(() => [
    { id: 0, name: 'Caller 1', token: '', session: new Session() },
  ]);
  const add = () =>
    setLanes((all) => {
      const id = Math.max(...all.map((lane) => lane.id)) + 1;
      return all.length < mostLanes
        ? [...all, { id, name: `Caller ${all.length + 1}`, token: '', session: new Session() }]
        : all;
    });
  const change = (id: number, part: Partial<Pick<Lane, 'name' | 'token'>>) =>
    setLanes((all) => all.map((lane) => (lane.id === id ? { ...lane, ...part } : lane)));
  const remove = (id: number) =>
    setLanes((all) => {
      void all.find((lane) => lane.id === id)?.session.disconnect();
      return all.filter((lane) => lane.id !== id);
    });
  return { lanes, add, change, remove };
}

/** Everything of one kind that any caller has, by name, and who has it. */
export function united<T>(
  lists: T[][],
  nameOf: (one: T) => string,
): { one: T; name: string; has: boolean[] }[] {
  const all = new Map<string, { one: T; name: string; has: boolean[] }>();
  lists.forEach((list, lane) => {
    for (const one of list) {
      const name = nameOf(one);
      const entry = all.get(name) ?? { one, name, has: lists.map(() => false) };
      entry.has[lane] = true;
      all.set(name, entry);
    }
  });
  return [...all.values()];
}

export const differs = (has: boolean[]) => has.some((one) => one !== has[0]);
