/** Stands in the bundle for a library that the parser brings along and we do not use; `bare-links.js` is ours. */
export class LinkifyIt {}
