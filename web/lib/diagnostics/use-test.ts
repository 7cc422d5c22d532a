// A connection test in a page: begun, watched and stopped.
import { createConnectionTest } from "@meetbox/client";
import { useEffect, useRef, useState } from "react";
import { outcome, type Failure } from "../api";
import { givenUp, nothingYet, withNews, type News, type Results } from "./checks";
import { ableBrowser, securePage, tryDevices } from "./this-device";

/** A test that hangs is ended: nobody looks longer at a page that does nothing. */
const LONGEST = 45_000;

export type Phase = "before" | "running" | "over";

export interface ConnectionTestState {
  phase: Phase;
  results: Results;
  /** Why the server did not let it begin. */
  failure?: Failure;
  /** Of the media server, once it is known. */
  host: string;
  /** While it is over. */
  endedAt?: Date;
}

const hostOf = (url: string) => new URL(url).host;

export function useConnectionTest() {
  const [state, setState] = useState<ConnectionTestState>(() => ({
    phase: "before",
    results: nothingYet(),
    host: window.location.host,
  }));
  const stopping = useRef<AbortController>(undefined);
  useEffect(() => () => stopping.current?.abort(), []);

  const tell = (news: News) => setState((before) => ({ ...before, results: withNews(before.results, news) }));
  const end = (why: "notReached" | "cancelled", failure?: Failure) =>
    setState((before) => ({
      ...before,
      phase: "over",
      results: givenUp(before.results, why),
      failure,
      endedAt: new Date(),
    }));

  const start = async () => {
    const stop = new AbortController();
    stopping.current = stop;
    // What was found out about the devices holds on: nobody is asked for them again.
    setState(({ results: { states, skipped, measured }, host }) => {
      const fresh = nothingYet();
      return {
        phase: "running",
        host,
        results: {
          states: { ...fresh.states, devices: states.devices },
          skipped: skipped.devices ? fresh.skipped : {},
          measured: { devices: measured.devices },
        },
      };
    });
    const timer = setTimeout(() => stop.abort(), LONGEST);
    try {
      const failure = await testAll(tell, (host) => setState((before) => ({ ...before, host })), stop.signal);
      if (stopping.current === stop) end(stop.signal.aborted ? "cancelled" : "notReached", failure);
    } catch (error) {
      if (!stop.signal.aborted) console.warn("the connection test broke off:", error);
      if (stopping.current === stop) end("cancelled");
    } finally {
      clearTimeout(timer);
    }
  };

  const devices = async () => {
    tell({ check: "devices", state: "runs" });
    tell(await tryDevices());
  };
  return { state, start, stop: () => stopping.current?.abort(), devices };
}

/** Answers why the server did not let the test begin. */
async function testAll(
  tell: (news: News) => void,
  found: (host: string) => void,
  stop: AbortSignal,
): Promise<Failure | undefined> {
  tell(securePage());
  const browser = ableBrowser();
  tell(browser);
  if (browser.state === "failed") return undefined;

  const [answer, { runTest }] = await Promise.all([outcome(createConnectionTest()), import("./run")]);
  stop.throwIfAborted();
  if (!answer.ok) return answer.failure;
  found(hostOf(answer.value.url));
  await runTest({ test: answer.value, tell, stop });
  return undefined;
}
