// The face of the package: every operation and type of the API, and the client they travel with.
export * from "./generated/index.js";
export { client } from "./generated/client.gen.js";
export { createClient, createConfig, type Client, type Config } from "./generated/client/index.js";
