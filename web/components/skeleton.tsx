// Stands where a list is going to be, as tall as a few of its rows, so that nothing jumps when they come.
import { text } from "@/lib/messages";

export function Skeleton({ rows = 3 }: { rows?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{text("app.loading")}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} aria-hidden="true" />
      ))}
    </div>
  );
}
