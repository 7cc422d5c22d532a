// What stands beside the pictures in a call, for the frame and the bar to put in place.
export { SideButtons } from "@/components/call/side/buttons";
export { GestureButtons } from "@/components/call/side/gestures";
export { HandMark } from "@/components/call/side/hand-mark";
export { SidePanel } from "@/components/call/side/panel";
export { Reactions } from "@/components/call/side/reactions";
export { Talk, useTalk, type TalkControls } from "@/components/call/side/talking";
