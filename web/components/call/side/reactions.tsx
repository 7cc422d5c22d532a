// What passes over the pictures: reactions with the names of who sends them, and short lines about what happened.
"use client";

import { ReactionMark } from "@/components/call/side/marks";
import { useSaid } from "@/components/call/side/talking";
import type { News } from "@/lib/call/side/talk-state";
import { counted, text } from "@/lib/messages";

/** Side by side, so that those who come together do not cover each other. */
const LANES = 5;

export function Reactions() {
  const floats = useSaid((said) => said.floats);
  const spoken = useSaid((said) => said.spoken);
  const lines = useSaid((said) => said.lines);
  const unread = useSaid((said) => said.unread);
  const latest = useSaid((said) => said.latest);

  return (
    <div className="reactions">
      <div aria-hidden="true">
        {floats.map(({ key, which, name }) => (
          <p key={key} className="float" data-reaction={which} data-lane={key % LANES}>
            <ReactionMark which={which} size={36} />
            <span>{name}</span>
          </p>
        ))}
      </div>
      <div className="told" role="status">
        {lines.map(({ key, news }) => (
          <p key={key}>{inWords(news)}</p>
        ))}
      </div>
      <p className="visually-hidden" role="status">
        {spoken && floats.length > 0 && `${spoken.name}: ${text(`reaction.${spoken.which}`)}`}
      </p>
      <p className="visually-hidden" role="status">
        {latest !== undefined && `${text("chat.latest", { name: latest })} ${counted("chat.unread", unread)}`}
      </p>
    </div>
  );
}

function inWords(news: News): string {
  switch (news.about) {
    case "joined":
    case "left": {
      const [name = "", other = "", ...more] = news.names;
      if (more.length > 0) return counted(`people.many.${news.about}`, more.length + 1, { name });
      return other
        ? text(`people.two.${news.about}`, { name, other })
        : text(`people.one.${news.about}`, { name });
    }
    case "hand":
      return text("hand.raisedBy", { name: news.name });
    case "lowered":
      return text("hand.loweredBy", { name: news.name });
    case "stopped":
      return text(`host.stopped.${news.what}`, { name: news.name });
    case "role":
      return text(`host.role.${news.role}`);
  }
}
