// The chat: what was written since one came, and a field for more.
"use client";

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { ChatForm } from "@/components/call/side/chat-form";
import { useSaid, useTalking } from "@/components/call/side/talking";
import { linkify } from "@/lib/call/side/linkify";
import type { Message } from "@/lib/call/side/talk-state";
import { time } from "@/lib/format";
import { text } from "@/lib/messages";

/** Messages of one person within this time stand under one name, in milliseconds. */
const IN_ONE_GO = 3 * 60 * 1000;
/** How close to the end still counts as being there, in pixels. */
const NEAR = 48;

export function Chat() {
  const messages = useSaid((said) => said.messages);
  const { list, hasMore, toEnd, onScroll } = useEnd(messages);

  return (
    <div className="chat">
      <div
        className="chat-log"
        ref={list}
        role="log"
        aria-label={text("chat.messages")}
        tabIndex={0}
        onScroll={onScroll}
      >
        {messages.length === 0 ? (
          <p className="small chat-empty">{text("chat.empty")}</p>
        ) : (
          <ul>
            {messages.map((message, index) => (
              <Entry key={`${message.from} ${message.id}`} message={message} before={messages[index - 1]} />
            ))}
          </ul>
        )}
      </div>
      {hasMore && (
        <button className="button chat-more" type="button" onClick={toEnd}>
          {text("chat.toEnd")}
        </button>
      )}
      <ChatForm />
    </div>
  );
}

/** Follows the end of the list, unless somebody has gone back to read. */
function useEnd(messages: readonly Message[]) {
  const list = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [hasMore, setHasMore] = useState(false);
  const last = messages.at(-1);

  const toEnd = () => {
    const log = list.current;
    if (log) log.scrollTop = log.scrollHeight;
  };
  const onScroll = () => {
    const log = list.current;
    if (!log) return;
    follows.current = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (follows.current) setHasMore(false);
  };
  useLayoutEffect(() => {
    if (follows.current || last?.own) toEnd();
  }, [last]);
  useEffect(() => {
    if (!follows.current && last && !last.own) setHasMore(true);
  }, [last]);

  return { list, hasMore, toEnd, onScroll };
}

function Entry({ message, before }: { message: Message; before: Message | undefined }) {
  const { own, at, name, guest, text: words, standing } = message;
  const { talker } = useTalking();
  const goesOn =
    before !== undefined &&
    before.from === message.from &&
    before.name === name &&
    at - before.at < IN_ONE_GO;

  return (
    <li className="chat-entry" data-own={own || undefined} data-goes-on={goesOn || undefined}>
      <p className={goesOn ? "visually-hidden" : "chat-by"}>
        <bdi className="name">{own ? text("chat.you") : name}</bdi>{" "}
        {guest && <span className="small">{text("people.guestMark")}</span>}{" "}
        <time dateTime={new Date(at).toISOString()}>{time(new Date(at))}</time>
      </p>
      <p className="chat-words" dir="auto" title={time(new Date(at))}>
        {linkify(words).map((part, index) =>
          typeof part === "string" ? (
            part
          ) : (
            <bdi key={index}>
              <a href={part.href} target="_blank" rel="noopener noreferrer">
                {part.label}
              </a>
              {part.leadsTo && ` (${part.leadsTo})`}
            </bdi>
          ),
        )}
      </p>
      {standing === "sending" && <p className="small">{text("chat.sending")}</p>}
      {standing === "failed" && (
        <p className="chat-failed">
          {text("chat.failed")}{" "}
          <button className="button quiet" type="button" onClick={() => talker.retry(message)}>
            {text("chat.retry")}
          </button>
        </p>
      )}
    </li>
  );
}
