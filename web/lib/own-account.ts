// One's own account: what can be changed about it, where it is signed in, and the keys of its programs.
import {
  changeAccount,
  changePassword,
  createApiKey,
  deleteSession,
  listApiKeys,
  listSessions,
  revokeApiKey,
  type Account,
  type ApiKeyRequest,
  type NewApiKey,
  type Scope,
  type SessionList,
} from "@meetbox/client";
import { outcome, type Outcome } from "./api";
import { patiently } from "./patience";

export const SHORTEST_PASSWORD = 10;

export const rename = (name: string): Promise<Outcome<Account>> => outcome(changeAccount({ body: { name } }));

export const newPassword = (current_password: string, new_password: string): Promise<Outcome<unknown>> =>
  patiently(() => outcome(changePassword({ body: { current_password, new_password } })));

export const sessions = (): Promise<Outcome<SessionList>> => outcome(listSessions());

export const endSession = (id: string): Promise<Outcome<unknown>> =>
  outcome(deleteSession({ path: { session_id: id } }));

/** Ends every session but the one that asks; the first that cannot be ended is told. */
export async function endOtherSessions(): Promise<Outcome<unknown>> {
  const all = await sessions();
  if (!all.ok) return all;
  const others = all.value.items.filter(({ current }) => !current);
  const answers = await Promise.all(others.map(({ id }) => endSession(id)));
  return answers.find(({ ok }) => !ok) ?? { ok: true, value: undefined };
}

export const SCOPES: readonly Scope[] = [
  "meetings:read",
  "meetings:write",
  "tokens:create",
  "recordings:read",
  "recordings:write",
  "admin",
];

export const keys = (cursor: string | undefined) => outcome(listApiKeys({ query: { cursor } }));

export const makeKey = (wish: ApiKeyRequest): Promise<Outcome<NewApiKey>> =>
  outcome(createApiKey({ body: wish }));

export const takeKeyBack = (id: string): Promise<Outcome<unknown>> =>
  outcome(revokeApiKey({ path: { api_key_id: id } }));
