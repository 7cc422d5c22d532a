// The form for meetings: what it says to the API, and what it finds wrong.
import type { Meeting } from "@meetbox/client";
import { describe, expect, it } from "vitest";
import { changeOf, EMPTY_WISH, faultsOf, requestOf, wishOf } from "@/lib/meeting-wish";

const meeting: Meeting = {
  id: "1",
  room_name: "blue-heron",
  title: "Talk",
  state: "upcoming",
  access: "passcode",
  lobby: "guests",
  publish: { speaker: ["microphone", "camera"], viewer: ["screen_share"] },
  auto_record: true,
  recording_retention_days: 30,
  recording_retention_bytes: 1_500_000_000,
  created_at: "2026-11-25T10:00:00Z",
  starts_at: "2026-12-01T13:30:00Z",
  metadata: { theirs: true },
};

describe("a new meeting", () => {
  it("leaves to the server what nobody chose", () => {
    const request = requestOf(EMPTY_WISH);
    for (const name of ["room_name", "title", "starts_at", "access", "lobby", "passcode"] as const)
      expect(request[name], name).toBeUndefined();
    expect(request.publish).toEqual({
      speaker: ["microphone", "camera", "screen_share", "screen_share_audio"],
      viewer: [],
    });
  });

  it("has the name in its link tidied up, and its gigabytes in bytes", () => {
    const request = requestOf({ ...EMPTY_WISH, roomName: "Blue Heron", gigabytes: "1.5", days: "7" });
    expect(request).toMatchObject({
      room_name: "blue-heron",
      recording_retention_bytes: 1_500_000_000,
      recording_retention_days: 7,
    });
  });

  it("sends no passcode that is not asked for", () => {
    expect(requestOf({ ...EMPTY_WISH, access: "public", passcode: "left over" }).passcode).toBeUndefined();
    expect(requestOf({ ...EMPTY_WISH, access: "passcode", passcode: "open sesame" }).passcode).toBe(
      "open sesame",
    );
  });
});

describe("a meeting that is changed", () => {
  const before = wishOf(meeting);

  it("changes nothing when nothing was touched", () => {
    expect(changeOf(before, before)).toEqual({});
  });

  it("takes away what was emptied", () => {
    expect(changeOf({ ...before, title: " ", startsAt: "", days: "", gigabytes: "" }, before)).toEqual({
      title: null,
      starts_at: null,
      recording_retention_days: null,
      recording_retention_bytes: null,
    });
  });

  it("sends only what differs", () => {
    expect(changeOf({ ...before, lobby: "off", autoRecord: false }, before)).toEqual({
      lobby: "off",
      auto_record: false,
    });
    expect(changeOf({ ...before, passcode: "new one" }, before)).toEqual({ passcode: "new one" });
  });
});

describe("what is wrong with a wish", () => {
  it("is nothing when it is empty", () => {
    expect(faultsOf(EMPTY_WISH, false)).toEqual({});
  });

  it("is a passcode that is needed and absent, unless there is one already", () => {
    const wish = { ...EMPTY_WISH, access: "passcode" as const };
    expect(faultsOf(wish, false)).toEqual({ passcode: "meetingForm.passcodeWrong" });
    expect(faultsOf(wish, true)).toEqual({});
    expect(faultsOf({ ...wish, passcode: "abc" }, true)).toEqual({ passcode: "meetingForm.passcodeWrong" });
  });

  it("is a number that is none, or out of bounds", () => {
    for (const days of ["0", "-1", "1.5", "many", "36501"])
      expect(faultsOf({ ...EMPTY_WISH, days }, false), days).toEqual({ days: "meetingForm.daysWrong" });
    for (const gigabytes of ["0", "-1", "much", "Infinity"])
      expect(faultsOf({ ...EMPTY_WISH, gigabytes }, false), gigabytes).toEqual({
        gigabytes: "meetingForm.gigabytesWrong",
      });
  });
});
