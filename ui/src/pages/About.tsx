import { Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useModel, useRuntime } from '../api/queries';
import { Card, PageHead, Waiting } from '../parts/feedback';
import { SettingsTable } from '../parts/Settings';
import { Fact } from '../parts/tables';
import { agoText } from '../parts/time';

const Row = (fact: { name: string; children: ReactNode }) => <Fact className="wrap" {...fact} />;

export function About() {
  const runtime = useRuntime();
  const model = useModel().data;
  const one = runtime.data;
  if (!one) return <Waiting error={runtime.error} />;
  return (
    <>
      <PageHead title="About" about="This process" />
      <Stack>
        <Card title="Process">
          <Table aria-label="Process" withRowBorders={false}>
            <Table.Tbody>
              <Row name="Version">{one.version}</Row>
              {one.build && (
                <Row name="Build">
                  {one.build.type}, {one.build.compiler}
                </Row>
              )}
              {one.pid && <Row name="Process">{one.pid}</Row>}
              <Row name="Started">
                {new Date(one.startedAt).toLocaleString()} ({agoText(one.uptimeSeconds)})
              </Row>
              {one.workers && <Row name="Workers">{one.workers}</Row>}
              <Row name="Configuration">{one.config.path ?? one.config.source}</Row>
              <Row name="Admin address">{one.admin.url}</Row>
              <Row name="Listening on">{one.listeners.map((listener) => listener.boundPort).join(', ')}</Row>
              <Row name="Open sessions">{one.sessions?.open ?? 'not known'}</Row>
              <Row name="Read-only">{one.readOnly.is ? one.readOnly.why : 'no'}</Row>
            </Table.Tbody>
          </Table>
        </Card>
        {model?.config && (
          <Card title="Settings of the process">
            <Table.ScrollContainer minWidth={400}>
              <SettingsTable
                value={model.config.value}
                origins={model.config.origins}
                label="Settings of the process"
              />
            </Table.ScrollContainer>
          </Card>
        )}
        <Card title="Licences">
          <Text size="sm">
            agentgateway is under the Apache License 2.0. This page is made with React, Mantine, TanStack
            Router and Query, CodeMirror, the MCP TypeScript client (all MIT), lucide (ISC) and the typeface
            Inter (OFL).
          </Text>
        </Card>
      </Stack>
    </>
  );
}
