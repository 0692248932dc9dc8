import { Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { logIn } from '../api/client';
import { queryClient } from '../api/queries';

/** Only where the admin address is not on loopback. */
export function Login() {
  const [token, setToken] = useState('');
  const entry = useMutation({
    mutationFn: () => logIn(token.trim()),
    onSuccess: () => queryClient.invalidateQueries(),
  });
  return (
    <Center mih="100vh" component="main" p="md">
      <Paper withBorder p="xl" w={420}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            entry.mutate();
          }}
        >
          <Stack>
            <Title order={1} size="h3">
              agentgateway
            </Title>
            <Text size="sm">
              The gateway has written an address with a token to its log when it started. Open that address,
              or paste the token here.
            </Text>
            <PasswordInput
              label="Token"
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              error={entry.error?.message}
              autoComplete="off"
            />
            <Button type="submit" loading={entry.isPending} disabled={token.trim() === ''}>
              Log in
            </Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
