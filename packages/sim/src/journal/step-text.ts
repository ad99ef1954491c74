import type { CoreInput, CoreOutput } from '@dht/storage';

/** Characters of one line at most. */
const lineMax = 200;

/** A step as people read it: what the core was told, and below what it asked for. `when` goes before it. */
export function stepText(when: string, input: CoreInput, outputs: readonly CoreOutput[]): string {
  return [cut(`${when}  ${inputText(input)}`), ...outputs.map((output) => cut(`    ${outputText(output)}`))].join('\n');
}

function inputText(input: CoreInput): string {
  return input.type === 'message' ? `← ${input.from.id}  ${briefly(input.message)}` : briefly(input);
}

function outputText(output: CoreOutput): string {
  if (output.type === 'send') return `→ ${output.to.id}  ${briefly(output.message)}`;
  return output.type === 'event' ? `event ${briefly(output.event)}` : briefly(output);
}

/** The type, then the rest as JSON with ids and contacts cut down to what people compare. */
function briefly({ type, ...rest }: { readonly type: string }): string {
  const fields = JSON.stringify(rest, (_key, value: unknown) => shortened(value));
  return fields === '{}' ? type : `${type} ${fields}`;
}

function shortened(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)) return value.slice(0, 8);
  if (typeof value !== 'object' || value === null || !('id' in value && 'addressSeq' in value && 'incarnation' in value)) return value;
  return `${String(value.id)}/${String(value.incarnation)}`;
}

function cut(text: string): string {
  return text.length <= lineMax ? text : `${text.slice(0, lineMax)}…`;
}
