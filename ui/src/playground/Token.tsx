import { Alert, Badge, Button, FileButton, Group, Menu, PasswordInput, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import { api } from '../api/client';
import { useCan, useRuntime } from '../api/queries';
import type { Explained, Judged } from '../api/types';
import { wordsOf } from '../parts/feedback';
import { decoded, expiryText } from './jwt';

// Tokens are no part of keys of queries, which tools for developers show.
const numbers = new Map<string, number>();
export function numberOf(token: string): number {
  if (!numbers.has(token)) numbers.set(token, numbers.size);
  return numbers.get(token) ?? 0;
}

/** What the gateway itself says about a token for a route; nothing is called. */
export function useVerdict(routeId: string | undefined, token: string) {
  const canExplain = useCan('explain');
  const [settled] = useDebouncedValue(token.trim(), 250);
  return useQuery({
    queryKey: ['explain', 'verdict', routeId, numberOf(settled)],
    enabled: canExplain && settled !== '' && routeId !== undefined,
    refetchInterval: false,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<Judged | null> => {
      const body = { route: routeId, identities: [{ name: 'token', token: settled }], resources: {} };
      return (await api<Explained>('/api/v1/authz/explain', { body, signal })).identities[0] ?? null;
    },
  });
}

function Verdict({ judged }: { judged: Judged | null | undefined }) {
  if (!judged) return null;
  return (
    <Alert
      color={judged.accepted ? 'teal' : 'red'}
      variant="light"
      p="xs"
      icon={judged.accepted ? <CircleCheck size={18} /> : <CircleX size={18} />}
      title={judged.accepted ? 'Valid here' : 'This gateway refuses it'}
    >
      {!judged.accepted && (
        <Text size="sm" className="wrap">
          {judged.reason ?? `status ${judged.status}`}
        </Text>
      )}
    </Alert>
  );
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function Claims({ token }: { token: string }) {
  const parts = decoded(token);
  if (!parts)
    return (
      <Text size="sm" c="dimmed">
        Not a JSON Web Token; it is sent as it is.
      </Text>
    );
  const { header, claims } = parts;
  const named = Object.entries(claims).filter(([name]) => !['exp', 'iat', 'nbf'].includes(name));
  return (
    <Group gap={6}>
      <Badge variant="default" tt="none">
        {textOf(header.alg)}
      </Badge>
      {named.map(([name, value]) => (
        <Badge key={name} variant="default" tt="none" maw={420}>{`${name} ${textOf(value)}`}</Badge>
      ))}
      <Badge variant="default" tt="none">
        {expiryText(claims)}
      </Badge>
    </Group>
  );
}

/** The bearer token: pasted, from a file, or one of the demo's. */
export function Token({
  token,
  onChange,
  isLocked,
  routeId,
  label = 'Bearer Token (Optional)',
}: {
  token: string;
  onChange: (token: string) => void;
  isLocked: boolean;
  routeId: string | undefined;
  label?: string;
}) {
  const demo = useRuntime().data?.demoTokens ?? [];
  const verdict = useVerdict(routeId, token);
  const read = async (file: File | null) => file && onChange((await file.text()).trim());
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-end">
        <PasswordInput
          flex={1}
          miw={220}
          label={label}
          placeholder="Enter token if required"
          value={token}
          disabled={isLocked}
          autoComplete="off"
          onChange={(event) => onChange(event.currentTarget.value.trim())}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the token' }}
        />
        <FileButton onChange={(file) => void read(file)} disabled={isLocked}>
          {(props) => (
            <Button variant="default" {...props} disabled={isLocked}>
              From file
            </Button>
          )}
        </FileButton>
        {demo.length > 0 && (
          <Menu disabled={isLocked}>
            <Menu.Target>
              <Button variant="default" disabled={isLocked}>
                Demo tokens
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onChange('')}>none (anonymous)</Menu.Item>
              {demo.map((one) => (
                <Menu.Item key={one.name} onClick={() => onChange(one.token)}>
                  {one.name}{' '}
                  <Text span size="xs" c="dimmed">
                    {one.about}
                  </Text>
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
      </Group>
      {token !== '' && <Claims token={token} />}
      {token !== '' && (
        <div aria-live="polite">
          <Verdict judged={verdict.data} />
          {verdict.error && (
            <Text size="sm" c="dimmed">
              {wordsOf(verdict.error)}
            </Text>
          )}
        </div>
      )}
    </Stack>
  );
}
