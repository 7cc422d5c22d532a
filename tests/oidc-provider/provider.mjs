// A certified OpenID Connect provider on loopback, which signs everybody in as whom the tests say, without asking.
//
//   node provider.mjs PORT CLIENT_ID CLIENT_SECRET REDIRECT_URI
//
// POST /control takes a JSON object with any of
//   person      the claims of whoever signs in next; `sub` is among them
//   claims_in   "userinfo" (as the standard has it) or "id_token" (as many providers do)
//   algorithm   what ID tokens are signed with
//   tamper      claims that the next ID tokens have in place of the right ones; {} for none
//   foreign_key true: the next ID tokens are signed with a key of the right name that is not the provider's
//   delay       milliseconds by which it answers later
//   deny        true: whoever signs in next is refused
//   rotate      true: a new key signs, and the old one is gone
// GET /control tells how often the provider was asked for its description and for its keys.
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";

import { SignJWT, decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from "jose";
import Provider from "oidc-provider";

const [port, clientId, clientSecret, redirectUri] = process.argv.slice(2);
if (!redirectUri) {
  console.error("error: four arguments are needed\n\nhint: node provider.mjs 4000 meetbox SECRET http://127.0.0.1:3001/oidc/callback");
  process.exit(1);
}

const issuer = `http://127.0.0.1:${port}`;
const world = { person: { sub: "nobody" }, claims_in: "userinfo", algorithm: "RS256", tamper: {} };
const asked = { description: 0, keys: 0 };
let keys = 0;
let key;
let provider;

// What the provider remembers. One store for all that are opened after each other: whoever is on the way finds what the
// one before has written.
const stored = new Map();

class Store {
  constructor(kind) {
    this.kind = kind;
  }
  async upsert(id, payload) {
    stored.set(`${this.kind} ${id}`, payload);
  }
  async find(id) {
    return stored.get(`${this.kind} ${id}`);
  }
  async findByUid(uid) {
    return [...stored.values()].find((payload) => payload.kind === this.kind && payload.uid === uid);
  }
  async consume(id) {
    (await this.find(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    stored.delete(`${this.kind} ${id}`);
  }
  async revokeByGrantId(grantId) {
    for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
  }
}

async function newKey(algorithm, kid) {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: "sig" };
}

async function signsAnew() {
  keys += 1;
  // What is signed with the secret of the client needs no key, and a provider must have one.
  key = await newKey(world.algorithm === "HS256" ? "RS256" : world.algorithm, `key-${keys}`);
}

function open() {
  provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        id_token_signed_response_alg: world.algorithm,
      },
    ],
    adapter: Store,
    jwks: { keys: [key] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256", "EdDSA", "HS256"] },
    cookies: { keys: ["the tests need no better one"] },
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "given_name", "family_name"],
      groups: ["groups", "realm_access"],
    },
    conformIdTokenClaims: world.claims_in === "userinfo",
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...world.person, sub }) }),
    async loadExistingGrant(ctx) {
      const { client, session } = ctx.oidc;
      // Another one would make codes worthless that are on the way in another tab.
      const given = session.grantIdFor(client.clientId);
      if (given) return ctx.oidc.provider.Grant.find(given);
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    const tampered = Object.keys(world.tamper).length > 0 || world.foreign_key;
    if (tampered && ctx.path === "/token" && ctx.body?.id_token) {
      ctx.body.id_token = await signedAnew(ctx.body.id_token);
    }
  });
}

async function signedAnew(token) {
  const { alg, kid } = decodeProtectedHeader(token);
  const signer = world.foreign_key ? await newKey(world.algorithm, kid) : key;
  return new SignJWT({ ...decodeJwt(token), ...world.tamper })
    .setProtectedHeader({ alg, kid })
    .sign(await importJWK(signer, alg));
}

async function control(request, response) {
  if (request.method === "POST") {
    const chunks = await request.toArray();
    const { rotate, ...changes } = JSON.parse(Buffer.concat(chunks).toString());
    Object.assign(world, changes);
    if (rotate || changes.algorithm) await signsAnew();
    open();
  }
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(asked));
}

async function interact(request, response) {
  const result = world.deny
    ? { error: "access_denied", error_description: "the tests say no" }
    : { login: { accountId: world.person.sub } };
  await provider.interactionFinished(request, response, result);
}

async function answer(request, response) {
  const { pathname } = new URL(request.url, issuer);
  if (pathname === "/control") return control(request, response);
  if (world.delay) await setTimeout(world.delay);
  if (pathname.startsWith("/interaction/")) return interact(request, response);
  if (pathname === "/.well-known/openid-configuration") asked.description += 1;
  if (pathname === "/jwks") asked.keys += 1;
  return provider.callback()(request, response);
}

await signsAnew();
open();
createServer((request, response) => {
  answer(request, response).catch((err) => {
    console.error(err);
    response.writeHead(500).end();
  });
}).listen(Number(port), "127.0.0.1");
