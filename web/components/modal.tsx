// A dialog over the page. The browser keeps the focus in it; whoever opened it gets the focus back.
"use client";

import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { CloseIcon } from "@/components/icons";
import { text } from "@/lib/messages";

interface ModalProps {
  title: string;
  /** Asked for by the Escape key and the button in the corner. */
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
}

export function Modal({ title, onClose, children, wide }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const [opener] = useState(() => document.activeElement);

  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, [opener]);

  return (
    <dialog
      ref={dialog}
      className={wide ? "modal wide" : "modal"}
      aria-labelledby={heading}
      onCancel={(event) => {
        // A file field inside asks to be cancelled, too.
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose();
      }}
      onClose={onClose}
    >
      <div className="modal-body">
        <h2 id={heading}>{title}</h2>
        {children}
        {/* Last, so that the focus begins at what the dialog is about. */}
        <button className="icon-button close" type="button" onClick={onClose} aria-label={text("app.close")}>
          <CloseIcon />
        </button>
      </div>
    </dialog>
  );
}
