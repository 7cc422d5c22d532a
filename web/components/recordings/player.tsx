// Plays a recording, with seeking; where the browser cannot, it says so.
"use client";

import type { Recording } from "@meetbox/client";
import { useState } from "react";
import { text } from "@/lib/messages";
import { mediaOf } from "@/lib/recordings";

const PLAYLIST = "application/vnd.apple.mpegurl";

/** Whether the browser plays segments by itself; no other one is asked. */
const playsSegments = () => document.createElement("video").canPlayType(PLAYLIST) !== "";

export function Player({ recording }: { recording: Recording }) {
  const [broken, setBroken] = useState(false);
  const { format, room_name } = recording;
  const source = mediaOf(recording);
  const common = {
    className: "player",
    controls: true,
    preload: "metadata",
    src: source,
    "aria-label": text("recordings.playerOf", { name: room_name }),
    onError: () => setBroken(true),
  };

  if (broken || (format === "hls" && !playsSegments()))
    return (
      <p className="note" role="status">
        {text(format === "hls" ? "recordings.segmentsHere" : "recordings.doesNotPlay")}
      </p>
    );
  if (format === "ogg") return <audio {...common} />;
  return <video {...common} playsInline />;
}
