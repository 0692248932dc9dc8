// Requests to the admin interface.
import { request } from 'node:http';

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
