import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { Failed, wordsOf } from './parts/feedback';
import { Shell } from './shell/Shell';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Failed title="There is no such page" message="The navigation on the left has all pages." />
  ),
});

/** What addresses of pages may carry: plain texts, nothing secret. */
export type Search = {
  route?: string;
  tool?: string;
  q?: string;
  line?: number;
  expression?: string;
  as?: string;
};

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function searchOf(given: Record<string, unknown>): Search {
  const line = Number(given.line);
  return {
    route: text(given.route),
    tool: text(given.tool),
    q: text(given.q),
    as: text(given.as),
    expression: text(given.expression),
    line: Number.isInteger(line) && line > 0 ? line : undefined,
  };
}

const page = <Path extends string>(
  path: Path,
  load: Parameters<typeof lazyRouteComponent>[0],
  name: string,
) =>
  createRoute({
    getParentRoute: () => root,
    path,
    validateSearch: searchOf,
    component: lazyRouteComponent(load, name as never),
  });

const pages = [
  page('/', () => import('./pages/Overview'), 'Overview'),
  page('/listeners', () => import('./pages/Listeners'), 'Listeners'),
  page('/routes', () => import('./pages/Routes'), 'Routes'),
  page('/backends', () => import('./pages/Backends'), 'Backends'),
  page('/policies', () => import('./pages/Policies'), 'Policies'),
  page('/access', () => import('./pages/Access'), 'Access'),
  page('/playground', () => import('./pages/Playground'), 'Playground'),
  page('/cel', () => import('./pages/Cel'), 'Cel'),
  page('/traffic', () => import('./pages/TrafficPage'), 'TrafficPage'),
  page('/config', () => import('./pages/Config'), 'Config'),
  page('/connect', () => import('./pages/Connect'), 'Connect'),
  page('/about', () => import('./pages/About'), 'About'),
];

export const router = createRouter({
  routeTree: root.addChildren(pages),
  basepath: '/ui',
  defaultPreload: 'intent',
  defaultErrorComponent: ({ error }) => <Failed title="This page has failed" message={wordsOf(error)} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
