/** Bundles the page's script with the usual way to show markdown in place of ours. */
import { join } from "node:path";
import * as esbuild from "esbuild";
import { here, options } from "../../static/options.js";

const naive = join(here, "../bench/page_parts/naive.js");
const instead = {
  name: "instead",
  setup(build) {
    build.onResolve({ filter: /^\.\/prose\.js$/ }, () => ({ path: naive }));
  },
};
await esbuild.build({ ...options, plugins: [instead], splitting: false, entryPoints: [join(here, "src/app.js")], outdir: process.argv[2] });
