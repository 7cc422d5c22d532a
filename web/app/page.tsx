// `/`: name a meeting and go there.
import { Home } from "@/components/home";
import { Page } from "@/components/page";

export default function HomePage() {
  return (
    <Page>
      <Home />
    </Page>
  );
}
