// An identity provider that does what a test tells it: it makes any token, good or bad, publishes the keys it is told to
// publish, answers late, wrongly or not at all, and counts who asks. Signs with node:crypto and not with a library for
// tokens, which would refuse to make most of the bad ones.
import { createServer } from 'node:http';
import { constants, createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto';
import { freePort, secret, sleep } from './gateway.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1000);

const kinds = {
  ES256: { type: 'ec', options: { namedCurve: 'P-256' }, hash: 'sha256', how: { dsaEncoding: 'ieee-p1363' } },
  ES384: { type: 'ec', options: { namedCurve: 'P-384' }, hash: 'sha384', how: { dsaEncoding: 'ieee-p1363' } },
  RS256: { type: 'rsa', options: { modulusLength: 2048 }, hash: 'sha256', how: {} },
  PS256: { type: 'rsa', options: { modulusLength: 2048 }, hash: 'sha256', how: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } },
  EdDSA: { type: 'ed25519', options: {}, hash: null, how: {} },
};
export const algorithms = Object.keys(kinds);

/** A key pair with its public JWK. */
export function makeKey(kid, alg = 'ES256') {
  const { publicKey, privateKey } = generateKeyPairSync(kinds[alg].type, kinds[alg].options);
  return { kid, alg, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), ...(kid === undefined ? {} : { kid }), alg, use: 'sig' } };
}

/** A compact JWS over any header and payload (objects or text), `key` as `alg` needs it: a key, bytes for HS*, nothing for none. */
export function sign(header, payload, key, alg = header.alg) {
  const input = `${encode(header)}.${encode(payload)}`;
  let signature = Buffer.alloc(0);
  if (/^HS/.test(alg)) signature = createHmac(`sha${alg.slice(2)}`, key).update(input).digest();
  else if (kinds[alg]) signature = signBytes(kinds[alg].hash, Buffer.from(input), { key, ...kinds[alg].how });
  return secret(`${input}.${signature.toString('base64url')}`);
}

export class Issuer {
  /** `name` is the `iss` of its tokens; without one it is its address. */
  static async start({ name, audience = 'test.agentgateway.dev', alg = 'ES256' } = {}) {
    const issuer = new Issuer();
    issuer.port = await freePort();
    issuer.url = `http://127.0.0.1:${issuer.port}`;
    Object.assign(issuer, { name: name ?? issuer.url, audience, sockets: new Set(), fetches: 0, documents: 0, places: new Map(), received: [] });
    issuer.keys = [makeKey('key-1', alg)];
    issuer.published = [issuer.keys[0]];
    issuer.behave();
    await issuer.comeUp();
    return issuer;
  }

  get jwksUrl() { return `${this.url}/jwks`; }
  get key() { return this.keys.at(-1); }
  get jwks() { return JSON.stringify({ keys: this.published.map(({ jwk }) => jwk) }); }

  /**
   * How the key set is answered from now on: { status, cacheControl, delay (ms), body, padding (bytes), redirect (an address),
   * hang, reset }; whatever is left out is ordinary.
   */
  behave(behaviour = {}) { this.behaviour = behaviour; return this; }

  /** A new signing key; `publish` says whether the key set has it already, `retire` whether the former ones leave it. */
  rotate({ kid = `key-${this.keys.length + 1}`, alg = this.key.alg, publish = true, retire = true } = {}) {
    const key = makeKey(kid, alg);
    this.keys.push(key);
    if (retire) this.published = [];
    if (publish) this.published.push(key);
    return key;
  }

  /** The claims of a good token; undefined removes one. */
  claims(changes = {}) {
    const until = Number.isInteger(changes.exp) ? changes.exp : seconds() + 600;
    return { iss: this.name, aud: this.audience, sub: 'alice', iat: until - 900, nbf: until - 900, exp: until, jti: Math.random().toString(36).slice(2), ...changes };
  }

  /** A token: good unless told otherwise. */
  token(changes = {}, { key = this.key, header = {} } = {}) {
    return sign({ alg: key.alg, typ: 'JWT', kid: key.kid, ...header }, this.claims(changes), key.privateKey, key.alg);
  }

  async comeUp() {
    this.server = createServer((request, response) => this.#answer(request, response));
    this.server.on('connection', (socket) => { this.sockets.add(socket); socket.on('close', () => this.sockets.delete(socket)); });
    await new Promise((done, fail) => this.server.once('error', fail).listen(this.port, '127.0.0.1', done));
  }

  /** Connections are refused from now on. */
  async goDown() {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
  stop() { return this.goDown(); }

  /** Answers requests for `path` with that JSON; what was sent there is in `received`. */
  serve(path, json) { this.places.set(path, json); return this; }

  async #answer(request, response) {
    const { pathname } = new URL(request.url, this.url);
    if (this.places.has(pathname)) {
      let body = '';
      for await (const piece of request.setEncoding('utf8')) body += piece;
      this.received.push({ method: request.method, url: request.url, headers: request.headers, body });
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(this.places.get(pathname)));
    }
    if (request.url !== '/jwks') return this.#document(request, response);
    this.fetches++;
    const { status = 200, cacheControl, delay = 0, body = this.jwks, padding = 0, redirect, hang, reset } = this.behaviour;
    if (delay) await sleep(delay);
    if (reset) return request.socket.destroy();
    if (hang) return undefined;
    if (redirect) return response.writeHead(302, { location: redirect }).end();
    response.writeHead(status, { 'content-type': 'application/json', ...(cacheControl ? { 'cache-control': cacheControl } : {}) });
    return response.end(body + ' '.repeat(padding));
  }

  #document(request, response) {
    this.documents++;
    const isMetadata = /^\/\.well-known\/(openid-configuration|oauth-authorization-server)$/.test(request.url);
    response.writeHead(isMetadata ? 200 : 404, { 'content-type': 'application/json' });
    response.end(isMetadata ? JSON.stringify({ issuer: this.name, jwks_uri: this.jwksUrl, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`,
      response_types_supported: ['code'], code_challenge_methods_supported: ['S256'] }) : '{}');
  }
}

/** Everything that must not be accepted as a token of `issuer`: name -> the text behind `Bearer `. */
export function badTokens(issuer) {
  const { key } = issuer;
  const now = seconds();
  const header = { alg: key.alg, typ: 'JWT', kid: key.kid };
  const pem = key.publicKey.export({ format: 'pem', type: 'spki' });
  const stranger = makeKey(key.kid, key.alg);
  const other = makeKey(key.kid, key.alg === 'RS256' ? 'ES256' : 'RS256');
  const good = issuer.token();
  const [head, body, signature] = good.split('.');
  const flipped = Buffer.from(signature, 'base64url');
  flipped[9] ^= 1;
  const claims = (changes) => issuer.token(changes);
  return {
    'garbage': 'garbage',
    'three parts of garbage': 'abc.def.ghi',
    'no signature': secret(`${head}.${body}.`),
    'two parts': secret(`${head}.${body}`),
    'alg none': sign({ alg: 'none', typ: 'JWT' }, issuer.claims()),
    'alg none with our kid': sign({ ...header, alg: 'none' }, issuer.claims()),
    'alg None with the signature of a good token': secret(`${encode({ ...header, alg: 'None' })}.${body}.${signature}`),
    'HS256 signed with the public key as PEM': sign({ ...header, alg: 'HS256' }, issuer.claims(), pem),
    'HS256 signed with the public key as JWK': sign({ ...header, alg: 'HS256' }, issuer.claims(), JSON.stringify(key.jwk)),
    'HS256 signed with an empty secret': sign({ ...header, alg: 'HS256' }, issuer.claims(), ''),
    'an unknown kid': issuer.token({}, { header: { kid: 'nobody-has-this' } }),
    'a kid that is a path': issuer.token({}, { header: { kid: '../../../../dev/null' } }),
    'a kid that is a number': issuer.token({}, { header: { kid: 1 } }),
    'another key under our kid': sign(header, issuer.claims(), stranger.privateKey),
    'another algorithm under our kid': sign({ ...header, alg: other.alg }, issuer.claims(), other.privateKey),
    'its own key in the header (jwk)': sign({ ...header, jwk: stranger.jwk }, issuer.claims(), stranger.privateKey),
    'a key set of its own (jku)': sign({ ...header, jku: `${issuer.url}/jku` }, issuer.claims(), stranger.privateKey),
    'a certificate of its own (x5u)': sign({ ...header, x5u: `${issuer.url}/x5u` }, issuer.claims(), stranger.privateKey),
    'a changed signature': secret(`${head}.${body}.${flipped.toString('base64url')}`),
    'changed claims': secret(`${head}.${encode(issuer.claims({ sub: 'mallory' }))}.${signature}`),
    'an unknown crit': sign({ ...header, crit: ['exp-2'], 'exp-2': 1 }, issuer.claims(), key.privateKey),
    'b64 false': sign({ ...header, crit: ['b64'], b64: false }, issuer.claims(), key.privateKey),
    'five parts': secret(`${head}.${body}.${signature}.${body}.${signature}`),
    'padding': secret(`${head}.${body}.${signature}==`),
    'claims that are no object': sign(header, '["iss"]', key.privateKey),
    'claims that are named twice': sign(header, `{"sub":"a",${JSON.stringify(issuer.claims()).slice(1)}`, key.privateKey),
    'the wrong issuer': claims({ iss: 'https://evil.test' }),
    'the issuer with a slash': claims({ iss: `${issuer.name}/` }),
    'no issuer': claims({ iss: undefined }),
    'the wrong audience': claims({ aud: 'https://other.test/mcp' }),
    'wrong audiences': claims({ aud: ['https://other.test/mcp', `${issuer.audience}/more`] }),
    'no audience': claims({ aud: undefined }),
    'an empty list of audiences': claims({ aud: [] }),
    'an audience that is an object': claims({ aud: { [issuer.audience]: true } }),
    'expired': claims({ exp: now - 300 }),
    'no expiry': claims({ exp: undefined }),
    'an expiry that is text': claims({ exp: String(now + 600) }),
    'an expiry that is null': claims({ exp: null }),
    'not yet valid': claims({ nbf: now + 600 }),
  };
}
