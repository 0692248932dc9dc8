import { Kbd, Modal, Table } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { entries } from './pages';

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** `g` and a letter goes to a page, `/` to the page's own search, `?` shows all. */
export function Keys() {
  const [isOpen, { open, close }] = useDisclosure();
  const navigate = useNavigate();
  useHotkeys([
    ['shift+?', open],
    ['/', () => document.querySelector<HTMLInputElement>('input[data-search]')?.focus()],
  ]);

  useEffect(() => {
    let until = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const entry = entries.find((one) => one.key === event.key);
      if (entry && Date.now() < until) {
        event.preventDefault();
        until = 0;
        void navigate({ to: entry.to });
        return;
      }
      until = event.key === 'g' ? Date.now() + 1500 : 0;
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [navigate]);

  return (
    <Modal opened={isOpen} onClose={close} title="Keys" closeButtonProps={{ 'aria-label': 'Close' }}>
      <Table withRowBorders={false}>
        <Table.Tbody>
          <Table.Tr>
            <Table.Td>
              <Kbd>Ctrl</Kbd> <Kbd>K</Kbd>
            </Table.Td>
            <Table.Td>Search</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Td>
              <Kbd>Ctrl</Kbd> <Kbd>Enter</Kbd>
            </Table.Td>
            <Table.Td>Run, evaluate</Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Td>
              <Kbd>/</Kbd>
            </Table.Td>
            <Table.Td>The page's filter</Table.Td>
          </Table.Tr>
          {entries.map((entry) => (
            <Table.Tr key={entry.to}>
              <Table.Td>
                <Kbd>g</Kbd> <Kbd>{entry.key}</Kbd>
              </Table.Td>
              <Table.Td>{entry.label}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
