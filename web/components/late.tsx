// A part that is loaded when it is needed, and may not come: the page goes on without it.
"use client";

import { Component, type ReactNode } from "react";
import { text } from "@/lib/messages";
import { toast } from "@/lib/toasts";

interface LateProps {
  children: ReactNode;
  /** What stands in its place when it does not come. */
  instead?: ReactNode;
  onMissing?: () => void;
}

/** The server may be away, or have another version by now; without this, React takes the whole call down. */
export class Late extends Component<LateProps, { missing: boolean }> {
  state = { missing: false };

  static getDerivedStateFromError = () => ({ missing: true });

  componentDidCatch() {
    toast(text("app.notLoaded"));
    this.props.onMissing?.();
  }

  render() {
    return this.state.missing ? this.props.instead : this.props.children;
  }
}
