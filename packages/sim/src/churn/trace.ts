/**
 * A churn trace: who was there when. As text, one line each:
 *
 *     dht-trace 1
 *     # a comment
 *     duration 216000
 *     nodes 17000
 *     sessions 54321
 *     <gap> <node> <length>
 *
 * Times are whole seconds. A session's line has, in base 36, the seconds since the start of the session before it (the first one's
 * since the beginning), the number of the node from 0, and how long it lasts; one that outlasts the trace may say so. A node has
 * one session at a time.
 */
export interface Trace {
  readonly durationMs: number;
  /** Different nodes; each comes back to its disk and its id. */
  readonly nodes: number;
  /** In the order of their starts. */
  readonly sessions: readonly Session[];
}

export interface Session {
  readonly node: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** A part of a trace. */
export interface TraceWindow {
  readonly trace: Trace;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The text is no trace; the message says where. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

const second = 1000;
const minute = 60 * second;
const magic = 'dht-trace 1';
const base = 36;
const numberPattern = /^[0-9a-z]{1,10}$/;
/** Windows are compared in steps of this. */
const windowStepMs = 5 * minute;

/** Throws a `TraceError`. */
export function parseTrace(text: string): Trace {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines[0] !== magic) throw new TraceError(`a trace begins with '${magic}'`);
  const [durationS, nodes, count] = (['duration', 'nodes', 'sessions'] as const).map((name, i) => headerValue(lines[i + 1], name));
  const body = lines.slice(4);
  if (body.length !== count) throw new TraceError(`${count} sessions are announced, ${body.length} are there`);
  const sessions: Session[] = [];
  let startS = 0;
  for (const [index, line] of body.entries()) {
    const [gap = -1, node = -1, length = -1] = line.split(' ').map(parseNumber);
    if (gap < 0 || length < 0 || node < 0 || node >= (nodes as number)) throw new TraceError(`session ${index + 1} is not valid: ${line}`);
    startS += gap;
    sessions.push({ node, startMs: startS * second, endMs: (startS + length) * second });
  }
  return { durationMs: (durationS as number) * second, nodes: nodes as number, sessions };
}

/** The trace as text; `comments` go below its first line. */
export function formatTrace({ durationMs, nodes, sessions }: Trace, comments: readonly string[] = []): string {
  let beforeS = 0;
  const body = sessions.map(({ node, startMs, endMs }) => {
    const startS = Math.floor(startMs / second);
    const numbers = [startS - beforeS, node, Math.floor(endMs / second) - startS];
    beforeS = startS;
    return numbers.map((value) => value.toString(base)).join(' ');
  });
  const header = [`duration ${durationMs / second}`, `nodes ${nodes}`, `sessions ${sessions.length}`];
  return `${[magic, ...comments.map((comment) => `# ${comment}`), ...header, ...body].join('\n')}\n`;
}

/** How many nodes are there at a moment. */
export function liveAt({ sessions }: Trace, timeMs: number): number {
  return sessions.reduce((sum, { startMs, endMs }) => sum + (startMs <= timeMs && timeMs < endMs ? 1 : 0), 0);
}

/** The part of this length in which the number of nodes changes most. */
export function steepestWindow(trace: Trace, lengthMs: number): TraceWindow {
  const live = Array.from({ length: Math.floor(trace.durationMs / windowStepMs) + 1 }, (_, step) => liveAt(trace, step * windowStepMs));
  let best = { fromMs: 0, change: -1 };
  for (let fromMs = 0; fromMs + lengthMs <= trace.durationMs; fromMs += windowStepMs) {
    const [from = 0, to = 0] = [live[fromMs / windowStepMs], live[Math.floor((fromMs + lengthMs) / windowStepMs)]];
    const change = Math.abs(to - from);
    if (change > best.change) best = { fromMs, change };
  }
  return { trace, fromMs: best.fromMs, toMs: Math.min(best.fromMs + lengthMs, trace.durationMs) };
}

function headerValue(line: string | undefined, name: string): number {
  const value = Number(line?.startsWith(`${name} `) ? line.slice(name.length + 1) : Number.NaN);
  if (!Number.isSafeInteger(value) || value < 0) throw new TraceError(`the header has no '${name}' and its number`);
  return value;
}

function parseNumber(text: string): number {
  return numberPattern.test(text) ? Number.parseInt(text, base) : -1;
}
