// The least that a token server on Express does: know who is signed in and whose meeting it is, read JSON, mint a token
// with LiveKit's SDK, answer JSON. As in Meetbox, only the hash of a session's token is kept; a Map stands for the store.
import { createHash } from "node:crypto";
import express from "express";
import { AccessToken } from "livekit-server-sdk";

const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret, SESSION: session } = process.env;
const hash = (token) => createHash("sha256").update(token).digest("base64url");
const account = crypto.randomUUID();
const sessions = new Map([[hash(session), { account, expiresAt: Date.now() + 86_400_000 }]]);
const meetings = new Map([["blue-heron", { host: account }]]);

const app = express();
app.use(express.json());

app.get("/health", (_request, response) => {
  response.json({ status: "healthy", services: {} });
});

app.post("/token", async (request, response) => {
  const token = request.get("authorization")?.replace(/^Bearer /i, "");
  const holder = token && sessions.get(hash(token));
  if (!holder || holder.expiresAt < Date.now()) {
    response.status(401).json({ code: "credential-unknown" });
    return;
  }
  const { room_name: room, name } = request.body;
  if (meetings.get(room)?.host !== holder.account) {
    response.status(404).json({ code: "meeting-not-found" });
    return;
  }
  const identity = `a_${holder.account}`;
  const pass = new AccessToken(key, secret, { identity, name, ttl: "10m", attributes: { "meetbox.role": "host" } });
  pass.addGrant({ roomJoin: true, room });
  const url = "ws://localhost:7880";
  response.json({ token: await pass.toJwt(), url, identity, role: "host", room_name: room });
});

app.listen(Number(process.argv[2]), "127.0.0.1");
