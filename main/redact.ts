/** Keeps credentials out of logs and of what crosses to the window. */
const SECRETS: [RegExp, string][] = [
  [/\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi, '$1 …'],
  [/\b(token|password|secret|client-key-data|client-certificate-data|authorization|access[_-]?key|id[_-]?token|refresh[_-]?token)(["']?\s*[:=]\s*["']?)[^\s"',;&]{4,}/gi, '$1$2…'],
  [/\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*/g, '…'],
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(-----END [A-Z ]+-----|$)/g, '…'],
];

/** @returns the text without what looks like a credential */
export function redact(text: string): string {
  return SECRETS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}
