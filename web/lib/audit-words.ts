// The audit log in sentences: who did what, as people would say it.
import type { AuditEntry } from "@meetbox/client";
import { text, type MessageKey } from "./messages";

const sentences: Record<string, MessageKey> = {
  "account.created": "audit.account.created",
  "account.disabled": "audit.account.disabled",
  "account.enabled": "audit.account.enabled",
  "account.linked": "audit.account.linked",
  "account.password_changed": "audit.account.passwordChanged",
  "account.password_reset": "audit.account.passwordReset",
  "account.renamed": "audit.account.renamed",
  "account.role_changed": "audit.account.roleChanged",
  "api_key.created": "audit.key.created",
  "api_key.revoked": "audit.key.revoked",
  "invitation.created": "audit.invitation.created",
  "invitation.revoked": "audit.invitation.revoked",
  "lobby.admitted": "audit.lobby.admitted",
  "lobby.denied": "audit.lobby.denied",
  "meeting.changed": "audit.meeting.changed",
  "meeting.created": "audit.meeting.created",
  "meeting.deleted": "audit.meeting.deleted",
  "meeting.ended": "audit.meeting.ended",
  "meeting.locked": "audit.meeting.locked",
  "meeting.unlocked": "audit.meeting.unlocked",
  "participant.muted": "audit.participant.muted",
  "participant.removed": "audit.participant.removed",
  "participant.role_changed": "audit.participant.roleChanged",
  "recording.deleted": "audit.recording.deleted",
  "recording.expired": "audit.recording.expired",
  "recording.held": "audit.recording.held",
  "recording.released": "audit.recording.released",
  "recording.started": "audit.recording.started",
  "recording.stopped": "audit.recording.stopped",
  "session.created": "audit.session.created",
  "session.ended": "audit.session.ended",
  "session.refused": "audit.session.refused",
  "session.renewed": "audit.session.renewed",
};

/** Every action that there is a sentence for. */
export const ACTIONS: readonly string[] = Object.keys(sentences);

/** What an action is called where it is chosen: its sentence without the names. */
export function actionName(action: string): string {
  const key = sentences[action];
  if (!key) return action;
  return text(key, { who: "…", what: "…" });
}

/** Who did it. */
export function actorOf({ actor_kind, actor_name }: AuditEntry): string {
  switch (actor_kind) {
    case "account":
      return actor_name || text("audit.actor.account");
    case "key":
      return text("audit.actor.key", { name: actor_name });
    case "guest":
      return actor_name ? text("audit.actor.guestNamed", { name: actor_name }) : text("audit.actor.guest");
    case "operator":
      return text(actor_name === "settings" ? "audit.actor.settings" : "audit.actor.operator");
    case "nobody":
      return text("audit.actor.nobody");
  }
}

/** What happened, as a sentence; an action that is not known here is told by its name. */
export function sentenceOf(entry: AuditEntry): string {
  const key = Object.hasOwn(sentences, entry.action) ? sentences[entry.action] : undefined;
  const values = { who: actorOf(entry), what: entry.subject_name || entry.subject_id };
  return key ? text(key, values) : text("audit.unknown", { ...values, action: entry.action });
}

/** What more is said about it, in the API's own words. */
export function detailsOf({ details }: AuditEntry): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
