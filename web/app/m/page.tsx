// `/m/{name}`: one exported page serves every meeting; the name is read from the address in the browser.
import { Meeting } from "@/components/meeting";

export default function MeetingPage() {
  return <Meeting />;
}
