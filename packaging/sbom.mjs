// Puts what cargo-cyclonedx and npm say a binary is made of into one list, the same for everybody who makes it.
// Takes the two files, prints CycloneDX.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** Needed to build only, as npm sees it, and yet in the binary: their files are copied into the web app. */
const COPIED = new Set(["@mediapipe/selfie_segmentation", "swagger-ui-dist"]);

const [crates, packages] = process.argv.slice(2).map((path) => JSON.parse(readFileSync(path, "utf8")));

/** Where the sources stood when the list was made is nobody's business, and differs. */
const withoutFolder = (ref) => ref.replace(/^path\+file:\/\/[^#]*#/, "pkg:cargo/");

function isShipped(component) {
  const property = component.properties?.find(({ name }) => name === "cdx:npm:package:development");
  return (
    property?.value !== "true" || COPIED.has([component.group, component.name].filter(Boolean).join("/"))
  );
}

const meetbox = crates.metadata.component;
const root = withoutFolder(meetbox["bom-ref"]);
const web = packages.metadata.component;
const shipped = packages.components
  .filter(isShipped)
  .map((component) => ({ ...component, scope: "required" }));
const known = new Set([...shipped, web].map((component) => component["bom-ref"]));

const components = [...crates.components, { ...web, name: "meetbox-web" }, ...shipped];
const dependencies = [
  ...crates.dependencies.map(({ ref, dependsOn = [] }) => ({
    ref: withoutFolder(ref),
    dependsOn: [...dependsOn.map(withoutFolder), ...(withoutFolder(ref) === root ? [web["bom-ref"]] : [])],
  })),
  ...packages.dependencies
    .filter(({ ref }) => known.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((name) => known.has(name)) })),
];
const by = (key) => (a, b) => (a[key] < b[key] ? -1 : 1);
const list = {
  bomFormat: "CycloneDX",
  specVersion: "1.5",
  version: 1,
  metadata: {
    // Of the commit, as everything in a release.
    timestamp: new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString(),
    tools: [...crates.metadata.tools, ...packages.metadata.tools],
    component: {
      type: "application",
      "bom-ref": root,
      name: meetbox.name,
      version: meetbox.version,
      description: meetbox.description,
      licenses: meetbox.licenses,
      purl: `pkg:cargo/${meetbox.name}@${meetbox.version}`,
    },
    properties: crates.metadata.properties,
  },
  components: components.sort(by("bom-ref")),
  dependencies: dependencies.map((of) => ({ ...of, dependsOn: of.dependsOn.sort() })).sort(by("ref")),
};
// A number that both tools draw by lot is made of the content instead.
const hash = createHash("sha256").update(JSON.stringify(list)).digest("hex");
const uuid = [
  hash.slice(0, 8),
  hash.slice(8, 12),
  `8${hash.slice(13, 16)}`,
  `8${hash.slice(17, 20)}`,
  hash.slice(20, 32),
];
console.log(JSON.stringify({ ...list, serialNumber: `urn:uuid:${uuid.join("-")}` }, null, 1));
