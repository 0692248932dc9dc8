// Requests to the admin interface.
import { request } from 'node:http';
import { until } from './gateway.mjs';
import { EventStream } from './sse.mjs';

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

/** Follows an event stream. `next` waits for an event that comes after those it gave. */
export class Followed {
  static async open(base, path = '/api/v1/events', headers = {}) {
    const followed = new Followed();
    const url = new URL(base);
    await new Promise((done, fail) => {
      followed.request = request({ host: '127.0.0.1', port: url.port, path, agent: false, headers: { host: url.host, ...headers } }, (answer) => {
        followed.status = answer.statusCode;
        followed.headers = answer.headers;
        followed.stream = new EventStream(answer);
        done();
      });
      followed.request.once('error', fail);
      followed.request.end();
    });
    followed.request.on('error', () => {});
    return followed;
  }

  given = 0;
  get text() { return this.stream.text; }
  get isClosed() { return this.stream.isClosed; }

  /** The next event for which `claim` holds; those before it are passed over. */
  async next(claim, what) {
    return until(() => {
      while (this.given < this.stream.events.length) {
        const { event: name, id, data } = this.stream.events[this.given++];
        if (!data) continue; // how long to wait before coming back
        const event = { name, id, data: JSON.parse(data) };
        if (claim(event)) return event;
      }
      return undefined;
    }, what, 15000);
  }

  close() { this.request.destroy(); }
}
