// The audit log in sentences, browsers by their names, moments in fields, lists in pages.
import type { AuditEntry } from "@meetbox/client";
import { describe, expect, it } from "vitest";
import { ACTIONS, actionName, detailsOf, sentenceOf } from "@/lib/audit-words";
import { dayStart, fromField, toField } from "@/lib/moments";
import { pagesOf } from "@/lib/use-loaded";
import { knownAs } from "@/lib/user-agent";

const entry = (part: Partial<AuditEntry>): AuditEntry => ({
  id: "1",
  at: "2026-11-25T10:00:00Z",
  actor_kind: "account",
  actor_name: "Ada",
  action: "meeting.deleted",
  subject_kind: "meeting",
  subject_id: "2",
  subject_name: "blue-heron",
  address: "127.0.0.1",
  details: {},
  ...part,
});

describe("the audit log", () => {
  it("says who did what", () => {
    expect(sentenceOf(entry({}))).toBe("Ada deleted the meeting blue-heron");
    expect(sentenceOf(entry({ actor_kind: "operator", actor_name: "" }))).toBe(
      "The operator deleted the meeting blue-heron",
    );
  });

  it("names by its id what has no name", () => {
    expect(sentenceOf(entry({ action: "participant.muted", subject_name: "" }))).toBe("Ada muted 2");
  });

  it("tells an action that it does not know by the API's name", () => {
    expect(sentenceOf(entry({ action: "moon.painted" }))).toBe("Ada: moon.painted (blue-heron)");
    expect(sentenceOf(entry({ action: "constructor" }))).toBe("Ada: constructor (blue-heron)");
  });

  it("adds what more is said, and calls each action by a name of its own", () => {
    expect(detailsOf(entry({ details: { role: "admin", count: 2 } }))).toBe("role: admin, count: 2");
    expect(new Set(ACTIONS.map(actionName)).size).toBe(ACTIONS.length);
  });
});

describe("what browsers call themselves", () => {
  it("is told by the names that people know", () => {
    const mozilla = "Mozilla/5.0 (X11; Linux x86_64)";
    expect(
      knownAs(`${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0 Safari/537.36`),
    ).toBe("Chrome, Linux");
    expect(
      knownAs(
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
      ),
    ).toBe("Edge, Windows");
    expect(
      knownAs(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1",
      ),
    ).toBe("Safari, iOS");
    expect(
      knownAs("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"),
    ).toBe("Firefox, macOS");
  });

  it("is a program's own first word, or nothing", () => {
    expect(knownAs("curl/8.14.1")).toBe("curl");
    expect(knownAs("")).toBe("");
  });
});

describe("moments in fields", () => {
  it("survive the way there and back", () => {
    expect(fromField(toField("2026-11-25T10:05:00.000Z"))).toBe("2026-11-25T10:05:00.000Z");
    expect(fromField("")).toBeUndefined();
    expect(fromField("soon")).toBeUndefined();
  });

  it("begin days at midnight on the clock of whoever looks, also across months", () => {
    expect(dayStart("2026-11-30", 1)).toBe(new Date(2026, 11, 1).toISOString());
    expect(dayStart("never")).toBeUndefined();
  });
});

describe("a list in pages", () => {
  const pages = [{ items: [1, 2], next_cursor: "a" }, { items: [3], next_cursor: "b" }, { items: [4] }];
  const page = (cursor: string | undefined) =>
    Promise.resolve({
      ok: true as const,
      value: pages[cursor === "b" ? 2 : cursor === "a" ? 1 : 0] ?? { items: [] },
    });

  it("is as long as it was asked for, and says whether there is more", async () => {
    expect(await pagesOf(page, 2)).toEqual({ ok: true, value: { items: [1, 2, 3], more: true } });
    expect(await pagesOf(page, 9)).toEqual({ ok: true, value: { items: [1, 2, 3, 4], more: false } });
  });

  it("is a failure when one page fails", async () => {
    const failure = { message: "away" };
    expect(await pagesOf(() => Promise.resolve({ ok: false as const, failure }), 2)).toEqual({
      ok: false,
      failure,
    });
  });
});
