import {
  Activity,
  Boxes,
  FlaskConical,
  Gauge,
  Info,
  type LucideIcon,
  PencilLine,
  Plug,
  Route,
  ShieldCheck,
  SquareTerminal,
  Table2,
  Unplug,
} from 'lucide-react';
import type { Model } from '../api/types';

export type Entry = {
  to: string;
  label: string;
  icon: LucideIcon;
  key: string;
  about: string;
  count?: (model: Model) => number;
  /** The capability of the gateway that the page needs. */
  needs?: string;
};

export const groups: { title: string; entries: Entry[] }[] = [
  {
    title: 'What runs',
    entries: [
      { to: '/', label: 'Overview', icon: Gauge, key: 'o', about: 'What runs, and what needs attention' },
      {
        to: '/listeners',
        label: 'Listeners',
        icon: Unplug,
        key: 'l',
        about: 'Ports, listeners, routes, backends and targets',
        count: (model) => model.counts.listeners,
      },
      {
        to: '/routes',
        label: 'Routes',
        icon: Route,
        key: 'r',
        about: 'What is matched, and where it goes',
        count: (model) => model.counts.routes,
      },
      {
        to: '/backends',
        label: 'Backends',
        icon: Boxes,
        key: 'b',
        about: 'Backends and their targets',
        count: (model) => model.counts.backends,
      },
      {
        to: '/policies',
        label: 'Policies',
        icon: ShieldCheck,
        key: 's',
        about: 'What is in force where, and where it is written',
        count: (model) => model.counts.policies,
      },
    ],
  },
  {
    title: 'Try and understand',
    entries: [
      {
        to: '/playground',
        label: 'Playground',
        icon: SquareTerminal,
        key: 'p',
        about: 'Use the tools as a caller',
      },
      {
        to: '/access',
        label: 'Who can call what',
        icon: Table2,
        key: 'a',
        about: 'Identities and tools, with the rule that decides',
        needs: 'explain',
      },
      { to: '/cel', label: 'CEL', icon: FlaskConical, key: 'e', about: 'Try an expression', needs: 'cel' },
      {
        to: '/traffic',
        label: 'Live traffic',
        icon: Activity,
        key: 't',
        about: 'Requests as they come',
        needs: 'events',
      },
    ],
  },
  {
    title: 'Change',
    entries: [
      { to: '/config', label: 'Config', icon: PencilLine, key: 'c', about: 'The configuration as YAML' },
      {
        to: '/connect',
        label: 'Connect',
        icon: Plug,
        key: 'n',
        about: 'Set up a client; bring servers along',
      },
      { to: '/about', label: 'About', icon: Info, key: 'i', about: 'Version, build, addresses' },
    ],
  },
];

export const entries = groups.flatMap((group) => group.entries);
