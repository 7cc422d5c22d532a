// The API's codes in words of our own, where it matters what somebody can do next.
import type { Failure } from "./api";
import { text, type MessageKey } from "./messages";

const words: Record<string, MessageKey> = {
  "sign-in-wrong": "problem.signInWrong",
  "sign-in-delayed": "problem.signInDelayed",
  "rate-limited": "problem.rateLimited",
  busy: "problem.busy",
  "setup-link-spent": "problem.setupLinkSpent",
  "set-up-already": "problem.setUpAlready",
  "passcode-needed": "problem.passcodeNeeded",
  "passcode-wrong": "problem.passcodeWrong",
  "passcode-delayed": "problem.passcodeDelayed",
  "account-needed": "problem.accountNeeded",
  "invitation-needed": "problem.invitationNeeded",
  "invitation-invalid": "problem.invitationInvalid",
  "meeting-locked": "problem.meetingLocked",
  "lobby-denied": "problem.lobbyDenied",
  "removed-from-meeting": "problem.removed",
  "meeting-not-live": "problem.meetingNotLive",
  "nobody-there": "problem.nobodyThere",
  "owner-stays": "problem.ownerStays",
  "room-name-taken": "problem.roomNameTaken",
  "recordings-exist": "problem.recordingsExist",
  "changed-meanwhile": "problem.changedMeanwhile",
  "expires-in-past": "problem.expiresInPast",
  "email-taken": "problem.emailTaken",
  "email-malformed": "problem.emailMalformed",
  "last-admin": "problem.lastAdmin",
  "password-wrong": "problem.passwordWrong",
  "recording-on-hold": "problem.recordingOnHold",
  "recording-not-over": "problem.recordingNotOver",
  "recording-not-found": "problem.recordingNotFound",
  "recording-being-deleted": "problem.recordingBeingDeleted",
  "not-recorded": "problem.notRecorded",
  "no-recorder": "record.noRecorder",
  "no-recording-slot": "record.full",
  "storage-not-configured": "record.nowhere",
  "too-many-keys": "problem.tooManyKeys",
};

/** Whether it is clear what happened, so that nobody needs to look into a log. */
export function isFamiliar(failure: Failure): boolean {
  return failure.code !== undefined && Object.hasOwn(words, failure.code);
}

/** What to tell people about a failure. */
export function inWords(failure: Failure): string {
  const { code, retryAfter, message } = failure;
  const key = code !== undefined && Object.hasOwn(words, code) ? words[code] : undefined;
  if (!key) return message;
  const sentence = text(key, retryAfter === undefined ? {} : { seconds: retryAfter });
  // How long to wait stands in the API's own sentence, too.
  return sentence.includes("{seconds}") ? message : sentence;
}

const signInProblems: Record<string, MessageKey> = {
  "oidc-expired": "oidc.expired",
  "oidc-denied": "oidc.denied",
  "oidc-email-missing": "oidc.emailMissing",
  "oidc-email-not-verified": "oidc.emailNotVerified",
  "oidc-domain-not-allowed": "oidc.domainNotAllowed",
  "oidc-account-disabled": "oidc.accountDisabled",
  "oidc-address-taken": "oidc.addressTaken",
  "oidc-setup-needed": "oidc.setupNeeded",
  "oidc-untrusted": "oidc.untrusted",
  "oidc-unavailable": "oidc.unavailable",
};

/** What to tell somebody whom another place sent back to the sign-in page with a problem. */
export function signInProblem(code: string): string {
  const key = Object.hasOwn(signInProblems, code) ? signInProblems[code] : undefined;
  return text(key ?? "oidc.unknown");
}
