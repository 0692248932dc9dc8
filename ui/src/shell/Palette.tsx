import { Spotlight, type SpotlightActionData } from '@mantine/spotlight';
import { useNavigate } from '@tanstack/react-router';
import { Boxes, Route, Search } from 'lucide-react';
import { useModel } from '../api/queries';
import { routesOf, targetsOf, titleOf } from '../model';
import { entries } from './pages';

/** Ctrl+K: pages, routes and targets by name. */
export function Palette() {
  const navigate = useNavigate();
  const model = useModel().data;
  const actions: SpotlightActionData[] = entries.map((entry) => ({
    id: entry.to,
    label: entry.label,
    description: entry.about,
    leftSection: <entry.icon size={18} aria-hidden />,
    onClick: () => void navigate({ to: entry.to }),
  }));
  for (const place of routesOf(model)) {
    actions.push({
      id: `route ${place.route.id}`,
      label: `Try ${titleOf(place)}`,
      description: place.route.endpoint ?? undefined,
      leftSection: <Route size={18} aria-hidden />,
      onClick: () => void navigate({ to: '/playground', search: { route: place.route.id } }),
    });
  }
  for (const target of targetsOf(model)) {
    actions.push({
      id: `target ${target.target.id} ${target.place.route.id}`,
      label: `Target ${target.target.name}`,
      description: target.target.transport,
      leftSection: <Boxes size={18} aria-hidden />,
      onClick: () => void navigate({ to: '/backends' }),
    });
  }
  return (
    <Spotlight
      actions={actions}
      shortcut="mod + K"
      highlightQuery
      nothingFound="Nothing of that name"
      searchProps={{
        leftSection: <Search size={18} aria-hidden />,
        placeholder: 'Pages, routes, targets',
        'aria-label': 'Search',
      }}
    />
  );
}
