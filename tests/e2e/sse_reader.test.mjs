// The reader of event streams that the other tests rely on.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { EventStream, eventsIn, messagesIn } from './lib/sse.mjs';

const text = 'retry: 300\nid: 1-0\ndata: \n\n: a comment\n\nevent:x\r\ndata: one\r\ndata:  two\r\n\r\nid\rdata:é: 1\r\rdata: {"id":7}\n\nretry: soon\nid: a\0b\nother: x\n\ndata: cut off';
const events = [{ retry: '300', id: '1-0', data: '' }, { event: 'x', data: 'one\n two' }, { id: '', data: 'é: 1' }, { data: '{"id":7}' }];

test('fields, line ends, comments; what is not complete is no event', () => {
  assert.deepEqual(eventsIn(text), events);
  assert.deepEqual(messagesIn('\uFEFFevent: endpoint\ndata: /x\n\ndata: {"id":7}\n\n'), [{ id: 7 }]);
});

test('wherever the bytes are cut', async () => {
  const bytes = Buffer.from(text.replace('data:é: 1', 'event: é\rdata: x'));
  for (let at = 1; at < bytes.length; at++) {
    const stream = new EventStream(Readable.from([bytes.subarray(0, at), bytes.subarray(at)]));
    await stream.closed;
    assert.deepEqual(stream.events, events.with(2, { id: '', event: 'é', data: 'x' }), `cut at ${at}`);
    assert.deepEqual([stream.messages, stream.lastId, stream.isOver], [[{ id: 7 }], '1-0', true]);
  }
});
