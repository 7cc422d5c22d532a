// The least that a token server on Express does: read JSON, mint a token with LiveKit's SDK, answer JSON.
import express from "express";
import { AccessToken } from "livekit-server-sdk";

const { LIVEKIT_API_KEY: key, LIVEKIT_API_SECRET: secret } = process.env;
const app = express();
app.use(express.json());

app.get("/health", (_request, response) => {
  response.json({ status: "healthy", services: {} });
});

app.post("/token", async (request, response) => {
  const { room_name: room, name } = request.body;
  const identity = crypto.randomUUID();
  const token = new AccessToken(key, secret, { identity, name, ttl: "10m" });
  token.addGrant({ roomJoin: true, room });
  response.json({ token: await token.toJwt(), url: "ws://localhost:7880", identity, room_name: room });
});

app.listen(Number(process.argv[2]), "127.0.0.1");
