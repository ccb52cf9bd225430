/** Colours for code, by highlight.js: its scopes as plain values, never as HTML. Loaded when the first code is whole. */
import hljs from "highlight.js/lib/core";
import { learn } from "./languages.js";

/** The kinds we have colours for, by the first word of a scope. */
const KINDS = /** @type {Record<string, string>} */ ({
  comment: "comment",
  quote: "comment",
  doctag: "comment",
  keyword: "keyword",
  literal: "keyword",
  meta: "keyword",
  "meta-keyword": "keyword",
  "selector-tag": "keyword",
  string: "string",
  regexp: "string",
  "meta-string": "string",
  char: "string",
  link: "string",
  code: "string",
  number: "number",
  symbol: "number",
  bullet: "number",
  built_in: "name",
  title: "name",
  function: "name",
  section: "name",
  name: "name",
  attr: "name",
  attribute: "name",
  property: "name",
  "selector-id": "name",
  "selector-class": "name",
  type: "type",
  class: "type",
  tag: "",
  variable: "type",
  "template-variable": "type",
  addition: "added",
  deletion: "removed",
});

/** Stands between pieces, and in no code. */
const CUT = "\u0001";
/** Characters that are read at a time: some grammars take time by the square of what they read. */
const PIECE = 500;
/** Code that is longer stays without colours, or to paint it would take too long. */
const MOST = 40_000;
/** A longer line, which cannot be cut, leaves all of the code without colours. */
const LONGEST = 1_000;
/** Milliseconds after the first piece, with which a language is made, until the rest stays without them. */
const PATIENCE = 60;
let patient = 0;
let begun = 0;
let until = 0;

/**
 * @typedef {string | {scope?: string, children: Scope[]}} Scope
 * @param {string} text @param {string} language as it was written
 * @returns {[string, string][] | null} kinds and texts, in order; nothing for a language we do not know
 */
export function colours(text, language, patience = PATIENCE) {
  const name = learn(hljs, language);
  if (text.length > MOST) return null;
  const pieces = cut(text);
  if (!name || text.includes(CUT) || pieces.some(({ length }) => length > LONGEST)) return null;
  [patient, begun] = [patience, 0];
  const result = hljs.highlight(pieces.map((piece) => CUT + piece).join(""), { language: inPieces(name), ignoreIllegals: true });
  const root = /** @type {any} */ (result)._emitter?.rootNode;
  if (result.illegal || result.errorRaised || !root) return null;
  /** @type {[string, string][]} */
  const parts = [];
  collect(root, "", parts);
  return parts.map(([, piece]) => piece).join("") === text ? parts : null;
}

/** In whole lines, as many as make up a piece. @param {string} text */
function cut(text) {
  const pieces = [];
  for (let at = 0; at < text.length; at += pieces[pieces.length - 1].length) {
    const end = text.length - at <= PIECE ? text.length : text.lastIndexOf("\n", at + PIECE - 1) + 1;
    pieces.push(text.slice(at, end > at ? end : text.indexOf("\n", at) + 1 || text.length));
  }
  return pieces;
}

/** A language whose texts are pieces of this one, each read on from where the one before ended. @param {string} language */
function inPieces(language) {
  const name = `pieces of ${language}`;
  /** @param {unknown} _ @param {{ignoreMatch: () => void}} piece */
  const begin = (_, piece) => {
    const now = performance.now();
    if (begun++ === 1) until = now + patient;
    if (begun > 1 && now > until) piece.ignoreMatch();
  };
  const piece = { begin: CUT, end: `(?=${CUT})`, excludeBegin: true, subLanguage: language, "on:begin": begin };
  if (!hljs.getLanguage(name)) hljs.registerLanguage(name, () => ({ name, contains: [piece] }));
  return name;
}

/** @param {Scope} scope @param {string} kind @param {[string, string][]} parts */
function collect(scope, kind, parts) {
  if (typeof scope === "string") {
    const text = scope.replaceAll(CUT, "");
    if (text) parts.push([kind, text]);
    return;
  }
  const own = scope.scope?.split(".")[0];
  const inner = own === undefined ? kind : (KINDS[own] ?? kind);
  for (const child of scope.children) collect(child, inner, parts);
}
