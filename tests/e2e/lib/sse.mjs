// Server-sent events, read as WHATWG HTML, 9.2.6 has it: whatever ends the lines, however the bytes are cut.
import { Readable } from 'node:stream';

/** Reads text piece by piece and gives each event as it is complete: { event, data, id, retry }, of these what it says. */
export class EventReader {
  constructor(take) { this.take = take; }

  line = ''; // What has come of a line that has not ended.
  hasReturn = false; // A line feed that comes next belongs to the end of the last line.
  fields = {};
  data = [];

  read(piece) {
    if (piece === '') return;
    const text = this.hasReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    this.hasReturn = piece.endsWith('\r');
    const [first, ...others] = text.split(/\r\n|\r|\n/);
    this.line += first;
    for (const next of others) {
      this.end(this.line);
      this.line = next;
    }
  }

  end(line) {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return undefined; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') this.data.push(value);
    else if (name === 'event' || (name === 'id' && !value.includes('\0')) || (name === 'retry' && /^\d+$/.test(value))) this.fields[name] = value;
    return undefined;
  }

  dispatch() {
    const event = { ...this.fields, ...(this.data.length > 0 ? { data: this.data.join('\n') } : {}) };
    [this.fields, this.data] = [{}, []];
    if (Object.keys(event).length > 0) this.take(event);
  }
}

/** The events of a text that has all of them. */
export function eventsIn(text) {
  const found = [];
  new EventReader((event) => found.push(event)).read(text.replace(/^\uFEFF/, ''));
  return found;
}

/** Whether it carries a JSON-RPC message, as MCP's transports have them. */
const isMessage = ({ event = 'message', data }) => event === 'message' && Boolean(data);

/** The JSON-RPC messages of a text that has all of them. */
export const messagesIn = (text) => eventsIn(text).filter(isMessage).map(({ data }) => JSON.parse(data));

/** What comes on a stream: its text, its events, the JSON-RPC messages in them; whether it has ended, or is closed in whatever way. */
export class EventStream {
  /** `body` is that of a fetch(), or an answer of node:http, which may be paused meanwhile. */
  constructor(body) {
    const source = body.getReader ? Readable.fromWeb(body) : body;
    const decoder = new TextDecoder();
    source.on('data', (piece) => this.take(decoder.decode(piece, { stream: true })));
    source.once('end', () => { this.isOver = true; });
    source.on('error', (error) => { this.error = error; });
    this.closed = new Promise((done) => source.once('close', done)).then(() => { this.isClosed = true; });
  }

  text = '';
  events = [];
  messages = [];
  isOver = false;
  isClosed = false;
  reader = new EventReader((event) => {
    this.events.push(event);
    if (isMessage(event)) this.messages.push(JSON.parse(event.data));
  });

  take(piece) {
    this.text += piece;
    this.reader.read(piece);
  }

  /** The last place that the client may say it has seen. */
  get lastId() { return this.events.filter(({ id }) => id).at(-1)?.id; }
}
