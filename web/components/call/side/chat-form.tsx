// Where a message is written: Enter sends it, Shift and Enter begins another line.
"use client";

import { useConnectionState, useLocalParticipantPermissions } from "@livekit/components-react";
import { ConnectionState } from "livekit-client";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { SendMark } from "@/components/call/side/marks";
import { useSaid, useTalking } from "@/components/call/side/talking";
import { LONGEST } from "@/lib/call/side/wire";
import { useNarrow } from "@/lib/call/use-narrow";
import { counted, text } from "@/lib/messages";

/** From how few characters left on they are counted. */
const NEAR_THE_END = 200;

export function ChatForm() {
  const { store, talker } = useTalking();
  const draft = useSaid((said) => said.draft);
  const permissions = useLocalParticipantPermissions();
  const isConnected = useConnectionState() === ConnectionState.Connected;
  const field = useRef<HTMLTextAreaElement>(null);
  const left = LONGEST - draft.length;

  const narrow = useNarrow();

  useEffect(() => {
    // Somebody with a keyboard came to write; on a touch screen the keyboard would hide what there is to read.
    if (!narrow && window.matchMedia("(hover: hover)").matches) field.current?.focus();
  }, [narrow]);

  if (permissions?.canPublishData === false) return <p className="small chat-form">{text("chat.mayNot")}</p>;

  const send = () => {
    if (talker.say(draft)) store.tell({ do: "draft", draft: "" });
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // While a word is put together from several keys, Enter only ends the word.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      className="chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {!isConnected && (
        <p className="small" role="status">
          {text("chat.later")}
        </p>
      )}
      <div className="chat-field">
        <textarea
          ref={field}
          rows={1}
          value={draft}
          maxLength={LONGEST}
          aria-label={text("chat.message")}
          aria-describedby="chat-left"
          placeholder={text("chat.message")}
          dir="auto"
          enterKeyHint="send"
          onChange={(event) => store.tell({ do: "draft", draft: event.target.value })}
          onKeyDown={onKeyDown}
        />
        <button
          className="button primary square"
          type="submit"
          aria-label={text("chat.send")}
          disabled={draft.trim() === ""}
        >
          <SendMark />
        </button>
      </div>
      <p id="chat-left" className="small">
        {left <= NEAR_THE_END && counted("chat.left", left)}
      </p>
    </form>
  );
}
