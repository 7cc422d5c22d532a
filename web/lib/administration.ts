// What only administrators see and do: accounts, the audit log, how the house is.
import {
  changeAccountById,
  createAccount,
  getHealth,
  listAccounts,
  listAuditLog,
  type Account,
  type AccountChange,
  type AccountRequest,
  type Health,
  type ListAuditLogData,
} from "@meetbox/client";
import { failureOf, outcome, type Outcome } from "./api";

export const accounts = (cursor: string | undefined) => outcome(listAccounts({ query: { cursor } }));

export const makeAccount = (wish: AccountRequest): Promise<Outcome<Account>> =>
  outcome(createAccount({ body: wish }));

export const changeOther = (id: string, body: AccountChange): Promise<Outcome<Account>> =>
  outcome(changeAccountById({ path: { account_id: id }, body }));

export const auditLog = (query: ListAuditLogData["query"]) => outcome(listAuditLog({ query }));

/** How the parts are; also when meetings do not work, which the API answers as a failure. */
export async function health(): Promise<Outcome<Health>> {
  try {
    const { data, error, response } = await getHealth();
    const report = data ?? error;
    if (report && "services" in report) return { ok: true, value: report };
    return { ok: false, failure: failureOf(error, response?.status) };
  } catch {
    return { ok: false, failure: failureOf(undefined, undefined) };
  }
}
