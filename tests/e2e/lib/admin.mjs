// Requests to the admin interface.
import { request } from 'node:http';
import { until } from './gateway.mjs';

/** One request as it is, with whatever header fields: fetch() does not let one say Host or Origin. */
export const ask = (base, path, { method = 'GET', headers = {}, body } = {}) => new Promise((done, fail) => {
  const url = new URL(base);
  const sent = request({ host: '127.0.0.1', port: url.port, path, method, headers: { host: url.host, ...headers } }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => { text += part; });
    answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text, get json() { return JSON.parse(text); } }));
  });
  sent.once('error', fail);
  sent.end(body);
});

export const pageToken = async (base) => /name="agentgateway-token" content="([^"]+)"/.exec((await ask(base, '/ui')).text)[1];

/** Follows an event stream: all events so far, and how it ended. `next` waits for one that comes after those it gave. */
export class Followed {
  static async open(base, path = '/api/v1/events', headers = {}) {
    const followed = new Followed();
    const url = new URL(base);
    await new Promise((done, fail) => {
      followed.request = request({ host: '127.0.0.1', port: url.port, path, agent: false, headers: { host: url.host, ...headers } }, (answer) => {
        followed.status = answer.statusCode;
        followed.headers = answer.headers;
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => {
          text += part;
          followed.text += part;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            followed.take(text.slice(0, end));
            text = text.slice(end + 2);
          }
        });
        answer.on('error', () => {}).on('close', () => { followed.isOver = true; });
        done();
      });
      followed.request.once('error', fail);
      followed.request.end();
    });
    followed.request.on('error', () => {});
    return followed;
  }

  events = [];
  text = '';
  given = 0;
  isOver = false;

  take(block) {
    const event = { name: 'message', data: '', id: '' };
    for (const line of block.split('\n')) {
      const [, field, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (field === 'event') event.name = value;
      if (field === 'data') event.data += value;
      if (field === 'id') event.id = value;
    }
    if (event.data) this.events.push({ ...event, data: JSON.parse(event.data) });
  }

  /** The next event for which `claim` holds; those before it are passed over. */
  async next(claim, what) {
    return until(() => {
      while (this.given < this.events.length) {
        const event = this.events[this.given++];
        if (claim(event)) return event;
      }
      return undefined;
    }, what, 15000);
  }

  close() { this.request.destroy(); }
}
