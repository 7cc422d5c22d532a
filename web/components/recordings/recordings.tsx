// Recordings: all of one's meetings, or the one that the address names.
"use client";

import { RecordingList } from "@/components/recordings/recording-list";
import { RecordingPage } from "@/components/recordings/recording-page";
import { SignedInPage } from "@/components/signed-in-page";
import { text } from "@/lib/messages";
import { useQuery } from "@/lib/query";
import "@/styles/recordings.css";

export function Recordings() {
  const id = useQuery().get("id");
  return (
    <SignedInPage title={text("nav.recordings")} place="recordings">
      {() => (id ? <RecordingPage key={id} id={id} /> : <RecordingList />)}
    </SignedInPage>
  );
}
