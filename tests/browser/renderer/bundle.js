/** Bundles what the tests of the renderer look at, as the page's own script is bundled. */
import { join } from "node:path";
import * as esbuild from "esbuild";
import { here, options } from "../../../static/options.js";

const source = join(here, "src");
await esbuild.build({
  ...options,
  entryPoints: [join(here, "../tests/browser/renderer/parts.js"), join(source, "app.css"), join(source, "maths.css")],
  outdir: process.argv[2],
});
