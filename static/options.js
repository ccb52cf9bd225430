/** How the page's script and styles are bundled: here, and where tests and measurements look at parts of them. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {import("esbuild").BuildOptions} BuildOptions */

export const here = dirname(fileURLToPath(import.meta.url));

/** What the parser brings along and we have smaller. @type {import("esbuild").Plugin} */
const smaller = {
  name: "smaller",
  setup(build) {
    const ours = /** @type {Record<string, string>} */ ({ entities: "entities.js", "linkify-it": "no-linkify.js" });
    build.onResolve({ filter: /^(entities|linkify-it)$/ }, ({ path }) => ({ path: join(here, "src", ours[path]) }));
  },
};

/** @type {BuildOptions} */
export const options = {
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/app.css", "src/admin.css", "src/maths.css"],
  outdir: join(here, "dist"),
  bundle: true,
  plugins: [smaller],
  format: "esm",
  splitting: true,
  entryNames: "[name]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  // Every browser we serve reads woff2.
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
  target: ["chrome123", "firefox121", "safari17.5"],
  minify: true,
  logLevel: "warning",
};
