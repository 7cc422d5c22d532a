// Says from where the page may load scripts after it is there: from us alone, whatever address it is led to.
//
// The content security policy asks for it (Trusted Types); a browser that does not know them has the policy's sources still.

/** Next and MediaPipe load their parts by setting an address, which the browser has judged here. */
const POLICY = `window.trustedTypes&&trustedTypes.createPolicy("default",{createScriptURL:function(u){var a=new URL(u,location.href);if(a.origin===location.origin&&/^\\/(_next|app)\\//.test(a.pathname))return u;throw new TypeError("no script comes from "+a)}})`;

export function TrustedScripts() {
  return <script dangerouslySetInnerHTML={{ __html: POLICY }} />;
}
