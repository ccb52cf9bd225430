/** How the page's script and styles are bundled: here, and where tests and measurements look at parts of them. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
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

/**
 * The styles of formulas in two halves. A face that a page hears of late has all that stands there laid out anew; so all
 * pages know the faces, of which none is fetched before it is used, and the rules come with the first formula.
 *
 * @type {import("esbuild").Plugin}
 */
const formulas = {
  name: "formulas",
  setup(build) {
    const styles = createRequire(import.meta.url).resolve("katex/dist/katex.min.css");
    const face = /@font-face\{[^}]*\}/g;
    build.onResolve({ filter: /^katex\/(faces|rules)$/ }, ({ path }) => ({ path: styles, suffix: `?${path}` }));
    build.onLoad({ filter: /katex\.min\.css$/ }, async ({ path, suffix }) => {
      const css = await readFile(path, "utf8");
      // Every browser that we serve reads woff2.
      const faces = (css.match(face) ?? []).join("").replaceAll(/,url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)/g, "");
      return { contents: suffix.endsWith("faces") ? faces : css.replaceAll(face, ""), loader: "css" };
    });
  },
};

/** @type {BuildOptions} */
export const options = {
  absWorkingDir: here,
  entryPoints: ["src/app.js", "src/app.css", "src/admin.css", "src/maths.css"],
  outdir: join(here, "dist"),
  bundle: true,
  plugins: [smaller, formulas],
  format: "esm",
  splitting: true,
  entryNames: "[name]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  loader: { ".woff2": "file" },
  target: ["chrome123", "firefox121", "safari17.5"],
  minify: true,
  logLevel: "warning",
};
