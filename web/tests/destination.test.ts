// Where a typed name or a pasted link leads: to a meeting here, or nowhere.
import { describe, expect, it } from "vitest";
import { destinationOf } from "@/lib/room-name";

const HERE = "https://meet.example.org";
const to = (typed: string) => destinationOf(typed, HERE);

describe("where somebody goes who typed or pasted something", () => {
  it("is the meeting of that name, tidied up", () => {
    expect(to("blue-heron")).toEqual({ path: "/m/blue-heron" });
    expect(to("  Blue Heron! ")).toEqual({ path: "/m/blue-heron" });
  });

  it("is the meeting that a link names, however it was copied", () => {
    for (const link of [
      "https://meet.example.org/m/blue-heron",
      "http://meet.example.org/m/blue-heron/",
      "meet.example.org/m/blue-heron",
      "/m/blue-heron",
      "https://meet.example.org/m/blue-heron?utm_source=mail",
    ])
      expect(to(link), link).toEqual({ path: "/m/blue-heron" });
  });

  it("keeps an invitation's secret behind the #", () => {
    const link = `${HERE}/m/blue-heron#invitation=meetbox_invitation_abc`;
    expect(to(link)).toEqual({ path: "/m/blue-heron#invitation=meetbox_invitation_abc" });
  });

  it("is nowhere for other sites, other pages, and what only looks like an address", () => {
    for (const link of [
      "https://evil.example/m/blue-heron",
      "https://meet.example.org.evil.example/m/blue-heron",
      "//evil.example/m/blue-heron",
      "https://meet.example.org/app/settings",
      "https://[",
      "javascript:alert(1)//m/x",
    ])
      expect(to(link), link).toEqual({ fault: "elsewhere" });
  });

  it("says what is wrong with a name", () => {
    expect(to("ab")).toEqual({ fault: "tooShort" });
    expect(to(`${HERE}/m/no--good`)).toEqual({ path: "/m/no-good" });
  });
});
