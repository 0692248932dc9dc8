// A real identity provider, oidc-provider from npm, on a free port of this machine: it hands out JWT access tokens for the
// resource that a client asks for (RFC 8707), to registered machines (client_credentials) and to users who log in
// (authorization_code with PKCE; clients register themselves, RFC 7591). And a user who clicks through its pages.
import { createServer } from 'node:http';
import { createHash, randomUUID, verify } from 'node:crypto';
import assert from 'node:assert/strict';
import Provider, { errors } from 'oidc-provider';
import { freePort, secret } from './gateway.mjs';
import { makeKey, sign } from './issuer.mjs';

export const machine = { clientId: 'machine', clientSecret: secret('client-secret-canary-4b1f90c27d') };

/** A proof that `holder` makes this request (RFC 9449), with that token. */
export function proof(holder, method, address, token) {
  const { kty, crv, x, y, n, e } = holder.jwk;
  return sign({ typ: 'dpop+jwt', alg: holder.alg, jwk: { kty, crv, x, y, n, e } }, {
    jti: randomUUID(), htm: method, htu: address, iat: Math.floor(Date.now() / 1000),
    ...(token ? { ath: createHash('sha256').update(token).digest('base64url') } : {}),
  }, holder.privateKey);
}

const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** A client that was registered before, for any scope; one that registers itself gets those that it asks for then. */
export const desktop = { client_id: 'desktop' };
const callback = 'http://127.0.0.1:9/callback';

export class OidcProvider {
  /** `scopes` are what it may grant for any resource below `http://127.0.0.1`; clients register at the path `registration`. */
  static async start({ scopes = 'tools:read tools:write', lifetime = 600, registration = '/reg' } = {}) {
    const self = Object.assign(new OidcProvider(), { scopes, lifetime, registration, port: await freePort(), sockets: new Set(), requests: [] });
    self.url = `http://127.0.0.1:${self.port}`;
    self.rotate();
    await self.comeUp();
    return self;
  }

  get jwksUrl() { return `${this.url}/jwks`; }
  count(path) { return this.requests.filter((url) => url.split('?')[0] === path).length; }

  /** Signs with a new key from now on and publishes only that one. */
  rotate() {
    this.generation = (this.generation ?? 0) + 1;
    const key = makeKey(`oidc-${this.generation}`, 'ES256');
    const { kid, alg, use } = key.jwk;
    const quiet = console.warn;
    console.warn = () => {};  // it warns of each default that suits tests only
    try {
      this.provider = new Provider(this.url, this.#configuration({ ...key.privateKey.export({ format: 'jwk' }), kid, alg, use }));
      this.provider.registerGrantType(tokenExchange, (ctx) => this.#exchange(ctx, key.publicKey),
        ['subject_token', 'subject_token_type', 'audience', 'resource', 'scope', 'requested_token_type'], ['audience', 'resource']);
    } finally {
      console.warn = quiet;
    }
    this.handle = this.provider.callback();
  }

  #configuration(jwk) {
    return {
      jwks: { keys: [jwk] },
      cookies: { keys: ['a-key-for-the-cookies-of-a-test'] },
      clients: [{ client_id: desktop.client_id, token_endpoint_auth_method: 'none', application_type: 'native', redirect_uris: [callback], grant_types: ['authorization_code'], response_types: ['code'] },
        { client_id: machine.clientId, client_secret: machine.clientSecret, grant_types: ['client_credentials', tokenExchange], redirect_uris: [], response_types: [], scope: this.scopes }],
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
      routes: { registration: this.registration },
      ttl: { AccessToken: this.lifetime, ClientCredentials: this.lifetime, Grant: 600, Interaction: 600, Session: 600, IdToken: 600 },
      scopes: ['openid', ...this.scopes.split(' ')],
      extraTokenClaims: (_, { onBehalfOf }) => onBehalfOf && { on_behalf_of: onBehalfOf },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: true },
        introspection: { enabled: true },
        registration: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => undefined,
          useGrantedResource: () => true,
          getResourceServerInfo: (_, resource) => {
            assert.match(resource, /^http:\/\/127\.0\.0\.1/);
            return { scope: this.scopes, audience: resource, accessTokenTTL: this.lifetime, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } };
          },
        },
      },
    };
  }

  /** Token exchange (RFC 8693): a token of its own, for the resource that is asked for, with who it is for in `on_behalf_of`. */
  async #exchange(ctx, publicKey) {
    const { ClientCredentials, ResourceServer } = ctx.oidc.provider;
    const { subject_token: subject, subject_token_type: type, resource, scope } = ctx.oidc.params;
    const [header, payload, signature] = subject.split('.');
    const isGood = signature && verify('sha256', Buffer.from(`${header}.${payload}`), { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
    if (!isGood || type !== 'urn:ietf:params:oauth:token-type:access_token') throw new errors.InvalidRequest('the subject token is not good');
    const claims = JSON.parse(Buffer.from(payload, 'base64url'));
    const token = new ClientCredentials({ client: ctx.oidc.client, scope });
    token.onBehalfOf = claims.sub ?? claims.client_id;
    token.resourceServer = new ResourceServer(resource, { scope: this.scopes, audience: resource, accessTokenTTL: this.lifetime, accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } });
    ctx.oidc.entity('ClientCredentials', token);
    ctx.body = { access_token: secret(await token.save()), expires_in: token.expiration, token_type: token.tokenType, scope: token.scope, issued_token_type: type };
  }

  async comeUp() {
    this.server = createServer((request, response) => { this.requests.push(request.url); this.handle(request, response); });
    this.server.on('connection', (socket) => { this.sockets.add(socket); socket.on('close', () => this.sockets.delete(socket)); });
    await new Promise((done, fail) => this.server.once('error', fail).listen(this.port, '127.0.0.1', done));
  }
  async goDown() {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
  stop() { return this.goDown(); }

  /** A token for `resource` from the token endpoint, as the registered machine; bound to the key `holder` if there is one. */
  async token(resource, { scope = this.scopes, holder } = {}) {
    const answer = await fetch(`${this.url}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${machine.clientId}:${machine.clientSecret}`).toString('base64')}`,
        ...(holder ? { dpop: proof(holder, 'POST', `${this.url}/token`) } : {}),
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope }),
    });
    const body = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(body));
    assert.equal(body.access_token.split('.').length, 3, 'a JWT');
    assert.equal(body.token_type, holder ? 'DPoP' : 'Bearer');
    return secret(body.access_token);
  }
}

/** What a browser does with the address of the authorization endpoint: logs in, consents, and ends at `redirect?code=...`. */
export async function logIn(address, redirect, login = 'alice') {
  const cookies = new Map();
  let url = new URL(address), form;
  for (let steps = 0; steps < 12; steps++) {
    const answer = await fetch(url, { method: form ? 'POST' : 'GET', body: form, redirect: 'manual', headers: { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    form = undefined;
    const location = answer.headers.get('location');
    if (location) {
      url = new URL(location, url);
      if (url.href.startsWith(redirect)) return url;
      continue;
    }
    const page = await answer.text();
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    assert.ok(prompt && action, `no form to fill in: ${answer.status} ${page.slice(0, 800)}`);
    url = new URL(action, url);
    form = new URLSearchParams(prompt === 'login' ? { prompt, login, password: 'any' } : { prompt });
  }
  return assert.fail('it sends the browser in circles');
}

/** What an MCP client keeps about itself, in memory, with a user who logs in at once. */
export class UserAgent {
  constructor({ login = 'alice', client } = {}) {
    Object.assign(this, { login, client });
    this.redirectUrl = callback;
    this.clientMetadata = { client_name: 'e2e', redirect_uris: [this.redirectUrl], grant_types: ['authorization_code'], response_types: ['code'],
      token_endpoint_auth_method: 'none', application_type: 'native' };
    this.asked = [];
  }
  clientInformation() { return this.client; }
  saveClientInformation(client) { this.client = client; }
  tokens() { return this.saved; }
  saveTokens(tokens) { this.saved = tokens; secret(tokens.access_token); }
  saveCodeVerifier(verifier) { this.verifier = verifier; }
  codeVerifier() { return this.verifier; }
  invalidateCredentials(what) { if (what === 'all' || what === 'tokens') this.saved = undefined; }
  async redirectToAuthorization(address) {
    this.asked.push(address);
    const back = await logIn(address, this.redirectUrl, this.login);
    assert.equal(back.searchParams.get('error'), null, back.href);
    this.code = back.searchParams.get('code');
    this.answer = back.searchParams;
  }
}
