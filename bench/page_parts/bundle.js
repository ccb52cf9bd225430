/** Bundles the page's script with the usual way to show markdown in place of ours, and the usual time for it: each frame. */
import { join } from "node:path";
import * as esbuild from "esbuild";
import { here, options } from "../../static/options.js";

const parts = join(here, "../bench/page_parts");
const instead = {
  name: "instead",
  setup(build) {
    build.onResolve({ filter: /^\.\/prose\.js$/ }, () => ({ path: join(parts, "naive.js") }));
    build.onResolve({ filter: /^\.\/pace\.js$/ }, () => ({ path: join(parts, "frames.js") }));
  },
};
await esbuild.build({ ...options, plugins: [instead], splitting: false, entryPoints: [join(here, "src/app.js")], outdir: process.argv[2] });
