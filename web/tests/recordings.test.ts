// What recordings say about themselves, and how the address of their page asks for them.
import type { Recording } from "@meetbox/client";
import { describe, expect, it } from "vitest";
import { changedQuery } from "@/lib/query";
import { canStop, filterIn, hasFile, isFiltered, isRunning, lengthOf, uploadedShare } from "@/lib/recordings";

const recording = (part: Partial<Recording>): Recording => ({
  id: "1",
  meeting_id: "2",
  room_name: "blue-heron",
  status: "complete",
  layout: "grid",
  format: "mp4",
  automatic: false,
  storage_path: "",
  requested_at: "2026-11-25T10:00:00Z",
  on_hold: false,
  ...part,
});

describe("the filter in an address", () => {
  it("is read as it was written, and the rest is passed over", () => {
    const query = new URLSearchParams(
      "meeting=Blue-Heron&status=failed&from=2026-11-01&to=soon&order=newest",
    );
    expect(filterIn(query)).toEqual({
      meeting: "blue-heron",
      status: "failed",
      from: "2026-11-01",
      to: "",
      order: "",
    });
    expect(filterIn(new URLSearchParams("status=lost&order=oldest"))).toMatchObject({
      status: "",
      order: "oldest",
    });
  });

  it("counts as one only when it leaves something out", () => {
    expect(isFiltered(filterIn(new URLSearchParams("order=oldest")))).toBe(false);
    expect(isFiltered(filterIn(new URLSearchParams("status=failed")))).toBe(true);
  });

  it("keeps what else stands in the address", () => {
    expect(changedQuery("?status=failed&order=oldest", { status: undefined })).toBe("?order=oldest");
    expect(changedQuery("?order=oldest", { order: "" })).toBe("");
    expect(changedQuery("", { id: "a b" })).toBe("?id=a+b");
  });
});

describe("where a recording stands", () => {
  it("says how much of it has come to storage, once that is known", () => {
    expect(uploadedShare(recording({ status: "uploading", uploaded: 25, size: 100 }))).toBe(0.25);
    expect(uploadedShare(recording({ status: "uploading", uploaded: 200, size: 100 }))).toBe(1);
    expect(uploadedShare(recording({ status: "uploading", uploaded: 25 }))).toBeUndefined();
    expect(uploadedShare(recording({ uploaded: 25, size: 100 }))).toBeUndefined();
  });

  it("says for how long it has recorded, or recorded", () => {
    const now = new Date("2026-11-25T10:01:00Z").getTime();
    expect(lengthOf(recording({ status: "active", started_at: "2026-11-25T10:00:00Z" }), now)).toBe(60);
    expect(lengthOf(recording({ duration: 12 }), now)).toBe(12);
    expect(lengthOf(recording({ status: "starting" }), now)).toBeUndefined();
  });

  it("decides what can be done with it", () => {
    const of = (status: Recording["status"]) => recording({ status });
    expect([isRunning(of("stopping")), canStop(of("stopping"))]).toEqual([true, false]);
    expect([isRunning(of("uploading")), hasFile(of("uploading"))]).toEqual([false, false]);
    expect([hasFile(of("partial")), hasFile(of("limit_reached")), hasFile(of("failed"))]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
