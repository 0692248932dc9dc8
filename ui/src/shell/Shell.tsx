import {
  ActionIcon,
  AppShell,
  Badge,
  Burger,
  Button,
  Group,
  NavLink,
  ScrollArea,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { spotlight } from '@mantine/spotlight';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { Moon, Search, Sun } from 'lucide-react';
import { useEffect } from 'react';
import { ApiError } from '../api/client';
import { useEvents } from '../api/events';
import { useModel, useRuntime } from '../api/queries';
import { Failed } from '../parts/feedback';
import { StateChip } from '../parts/StateChip';
import { Keys } from './Keys';
import { Login } from './Login';
import { Palette } from './Palette';
import { type Entry, entries, groups } from './pages';
import { Restarted } from './Restarted';

function Theme() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const next = scheme === 'dark' ? 'light' : 'dark';
  return (
    <Tooltip label={`Use the ${next} theme`}>
      <ActionIcon variant="default" size="lg" aria-label="Toggle theme" onClick={() => setColorScheme(next)}>
        {scheme === 'dark' ? <Sun size={18} /> : <Moon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Navigation({ path, onPick }: { path: string; onPick: () => void }) {
  const model = useModel().data;
  const capabilities = useRuntime().data?.capabilities;
  const isThere = (entry: Entry) => !entry.needs || (capabilities?.includes(entry.needs) ?? false);
  return (
    <>
      {groups.map((group) => (
        <div key={group.title}>
          <Text size="xs" fw={600} c="dimmed" px="sm" pt="md" pb={4}>
            {group.title}
          </Text>
          {group.entries.filter(isThere).map((entry) => (
            <NavLink
              key={entry.to}
              renderRoot={(props) => <Link to={entry.to} {...props} />}
              label={entry.label}
              active={path === entry.to}
              aria-current={path === entry.to ? 'page' : undefined}
              leftSection={<entry.icon size={17} aria-hidden />}
              rightSection={
                entry.count && model ? (
                  <Badge size="sm" variant="default">
                    {entry.count(model)}
                  </Badge>
                ) : null
              }
              onClick={onPick}
            />
          ))}
        </div>
      ))}
    </>
  );
}

/** The page below `/ui`, without the slash at the end. */
function usePath() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  return path.replace(/^\/ui(?=\/|$)/, '').replace(/\/$/, '') || '/';
}

export function Shell() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const path = usePath();
  const runtime = useRuntime();
  useEvents(runtime.data?.capabilities.includes('events') ?? false);

  useEffect(() => {
    const label = entries.find((entry) => entry.to === path)?.label;
    document.title = label ? `${label} - agentgateway` : 'agentgateway';
  }, [path]);

  const error = runtime.error instanceof ApiError ? runtime.error : null;
  if (error?.code === 'login_required') return <Login />;
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 230, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <a className="skip" href="#content">
          Skip to the page
        </a>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
            <img src="/ui/favicon.svg" width={26} height={26} alt="" />
            <Text fw={700} visibleFrom="xs">
              agentgateway
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <StateChip />
            <Button
              variant="default"
              size="xs"
              h={34}
              leftSection={<Search size={15} />}
              onClick={spotlight.open}
              visibleFrom="sm"
            >
              Search{' '}
              <Text span size="xs" c="dimmed" ml={8}>
                Ctrl K
              </Text>
            </Button>
            <Theme />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar>
        <AppShell.Section grow component={ScrollArea} px={6} pb="md">
          <nav aria-label="Pages">
            <Navigation path={path} onPick={close} />
          </nav>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        <Restarted />
        {error && !runtime.data ? <Failed title="No answer" message={error.message} /> : <Outlet />}
      </AppShell.Main>
      <Palette />
      <Keys />
    </AppShell>
  );
}
